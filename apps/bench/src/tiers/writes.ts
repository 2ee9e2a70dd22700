import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import { untilStopped } from '../processes/until-stopped.ts';
import type { Progress } from '../progress.ts';
import type { StoppedCalls } from './stopped-child.ts';
import type { Begun, Latencies, WriterCalls } from './writer-child.ts';

/** How a process is stopped in the middle of a write gets going again, or does not. */
export type Ending = 'SIGCONT' | 'SIGKILL';

/** The same calls with nobody in the way, and while another process is stopped in the middle of a write. */
export interface Stop {
  readonly ending: Ending;
  readonly free: Begun;
  readonly stopped: Begun;
  /** Of the writes that were begun meanwhile, those that ended afterwards, and those that failed. */
  readonly after: { readonly ended: number; readonly failed: number };
}

export interface Writes {
  readonly latencies: Latencies;
  readonly stops: readonly Stop[];
}

/** @see measureWrites */
export interface WritesOptions {
  /** Folder of the host tier, and its own directory in it. */
  readonly folder: string;
  readonly directory: string;
  readonly each: number;
  readonly rounds: number;
  readonly family: Family;
  readonly progress: Progress;
}

const FOR_MS = 300;
/** Generous: only what never ends is wrong. */
const LIMIT_MS = 10_000;

/** In a process that shares the file with others, undisturbed and disturbed in turn. */
export async function measureWrites({
  folder,
  directory,
  each,
  rounds,
  family,
  progress,
}: WritesOptions): Promise<Writes> {
  progress.update('tiers · writing');
  const writer = await family.start<WriterCalls>('writer', { from: import.meta.url, file: 'writer-child' });
  await writer.ask('open', { directory: folder });
  // Not counted: nothing has been compiled yet.
  await writer.ask('one_by_one', { each: 20 });
  const latencies = await writer.ask('one_by_one', { each });
  const stops: Stop[] = [];
  let stopped: Child<StoppedCalls> | undefined;
  for (let round = 0; round < rounds; round++) {
    progress.update(`tiers · writing while another process is stopped · ${round + 1} of ${rounds}`);
    const ending: Ending = round % 2 === 0 ? 'SIGCONT' : 'SIGKILL';
    const free = await writer.ask('begin', { forMs: FOR_MS });
    await writer.ask('settle', { limitMs: LIMIT_MS });
    stopped ??= await startStopped(family, directory);
    stops.push({ ending, free, ...(await disturb(writer, stopped, ending)) });
    if (ending === 'SIGKILL') stopped = undefined;
  }
  await writer.close();
  return { latencies, stops };
}

async function startStopped(family: Family, directory: string): Promise<Child<StoppedCalls>> {
  const child = await family.start<StoppedCalls>('stopped writer', { from: import.meta.url, file: 'stopped-child' });
  await child.ask('open', { directory });
  return child;
}

async function disturb(
  writer: Child<WriterCalls>,
  other: Child<StoppedCalls>,
  ending: Ending,
): Promise<Pick<Stop, 'stopped' | 'after'>> {
  const over = other.ask('stopWhileWriting', {}).catch(() => {});
  await untilStopped(other.pid);
  try {
    const stopped = await writer.ask('begin', { forMs: FOR_MS });
    other.kill(ending);
    const after = await writer.ask('settle', { limitMs: LIMIT_MS });
    return { stopped, after };
  } finally {
    if (ending === 'SIGCONT') other.kill('SIGCONT');
    await over;
  }
}
