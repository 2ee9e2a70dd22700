import { readFileSync } from 'node:fs';

/** Of `/proc/{pid}/stat`, counted from the field that follows the name. */
const START_FIELD = 19;

/** What a process or thread of this PID namespace is doing. A zombie is gone: it holds nothing any more. */
export function processState(id: number): 'running' | 'stopped' | 'gone' {
  if (!exists(id)) return 'gone';
  if (process.platform !== 'linux') return 'running';
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
    // The name of a program may contain anything; the state follows its last bracket.
    const state = stat.charAt(stat.lastIndexOf(')') + 2);
    if (state === 'Z' || state === 'X') return 'gone';
    return state === 'T' || state === 't' ? 'stopped' : 'running';
  } catch {
    return 'gone';
  }
}

/** Whether there is a process with this pid in this PID namespace. */
export function isAlive(pid: number): boolean {
  return processState(pid) !== 'gone';
}

/** Names a process for as long as it lives: its pid, and when it was started, because pids are given out again. */
export function identityOf(pid: number): string {
  return `${pid}-${startOf(pid)}`;
}

/** Whether the process that a name begins with ({@link identityOf}) is alive. */
export function isAliveAs(name: string): boolean {
  const [pid = '', start] = name.split('-');
  return isAlive(Number(pid)) && startOf(Number(pid)) === start;
}

/** In clock ticks since the machine was started; where the system does not tell, pids have to do. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '0';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? '';
  } catch {
    return '';
  }
}

function exists(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    // It is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
