import { readFileSync } from 'node:fs';

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

function exists(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    // It is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
