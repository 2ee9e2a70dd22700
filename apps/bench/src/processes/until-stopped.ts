import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 2;
/** Where the state of a process cannot be read, it is given this long. */
const BLIND_MS = 200;

/** Waits until a process that stops itself has stopped. */
export async function untilStopped(pid: number): Promise<void> {
  if (process.platform !== 'linux') return sleep(BLIND_MS);
  while (!isStopped(pid)) await sleep(LOOK_MS);
}

function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}
