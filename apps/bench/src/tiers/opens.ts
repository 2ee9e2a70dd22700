import { fork } from 'node:child_process';
import { hash } from 'node:crypto';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostTier } from '@warmline/cache-lmdb';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Progress } from '../progress.ts';
import type { Done } from './bare-child.ts';
import type { Opened } from './open-child.ts';
import { frameOf, refOf } from './stock.ts';

/** From starting a process until it has done what it is for. */
export interface Opens {
  /** A script that does nothing, round by round. */
  readonly bareMs: readonly number[];
  /** One that imports the tier, opens it and reads a value. */
  readonly openMs: readonly number[];
  /** Processes that did not read what was stored. */
  readonly mismatched: number;
  readonly pids: readonly number[];
  /** Not the built output: then it takes longer, by what Node needs to strip the types. */
  readonly fromSource: boolean;
}

const KEY = '5kb 0';

/** Bare and opening processes in turn. */
export async function measureOpens(
  tier: HostTier,
  directory: string,
  rounds: number,
  progress: Progress,
): Promise<Opens> {
  const { namespace, key } = refOf(KEY);
  const stored = hash('sha256', await frameOf(tier, KEY), 'hex');
  const [bareMs, openMs, pids] = [[] as number[], [] as number[], [] as number[]];
  let mismatched = 0;
  // The first round reads the files from the disk and is not counted.
  for (let round = 0; round <= rounds; round++) {
    progress.update(`tiers · opening in fresh processes · ${round} of ${rounds}`);
    const bare = await time('bare-child', []);
    const open = await time('open-child', [directory, namespace, key]);
    if (open.done.sha256 !== stored) mismatched++;
    if (round === 0) continue;
    bareMs.push(bare.ms);
    openMs.push(open.ms);
    pids.push(bare.pid, open.pid);
  }
  return { bareMs, openMs, mismatched, pids, fromSource: extname(import.meta.url) === '.ts' };
}

async function time(
  file: string,
  args: readonly string[],
): Promise<{ readonly ms: number; readonly pid: number; readonly done: Done & Partial<Opened> }> {
  const path = fileURLToPath(new URL(`${file}${extname(import.meta.url)}`, import.meta.url));
  const startedMs = monotonicMs();
  const child = fork(path, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = new Promise<undefined>((resolve) => child.once('exit', () => resolve(undefined)));
  const done = await Promise.race([
    new Promise<Done & Partial<Opened>>((resolve) => child.once('message', resolve as never)),
    ended,
  ]);
  await ended;
  if (done === undefined) throw new Error(`${file} ended without an answer`);
  return { ms: done.doneMs - startedMs, pid: child.pid ?? 0, done };
}
