import { setTimeout as sleep } from 'node:timers/promises';
import { createCache } from '@warmline/cache-core';
import type { HostTier } from '@warmline/cache-lmdb';
import type { Family } from '../processes/family.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Progress } from '../progress.ts';
import type { Trial, Verdict } from './judge.ts';
import { ALLOWED_MS, judge } from './judge.ts';
import type { PollerCalls, Versioned, VersionSeen } from './poller-child.ts';
import { INVALIDATIONS_CACHE } from './poller-child.ts';

const KEY = 'key';
/** A version that a reader has not seen by then is given up. */
const PATIENCE_MS = 1_000;
/** After so many of them the run is over, and its checks fail. */
const MAX_GIVEN_UP = 5;
/** Beyond what is allowed, so that each reader reads at least once when it must see nothing old. */
const WATCH_MS = 4;
const PHASES_MS = 5;

/** What became of versions that were deleted while other processes held them. */
export interface Invalidations {
  readonly trials: number;
  readonly givenUp: number;
  readonly verdicts: readonly Verdict[];
  readonly deleteMs: readonly number[];
  readonly lagMs: readonly number[];
}

/** @see measureInvalidations */
export interface InvalidationsOptions {
  readonly tier: HostTier;
  readonly directory: string;
  readonly trials: number;
  readonly readers: number;
  readonly ignoresJournal: boolean;
  readonly family: Family;
  readonly progress: Progress;
}

/** This process sets and deletes, version by version; the readers, each in its own process, look every millisecond. */
export async function measureInvalidations(options: InvalidationsOptions): Promise<Invalidations> {
  const { tier, directory, readers: count, ignoresJournal, family, progress } = options;
  const seen: number[] = Array.from({ length: count }, () => 0);
  const start = (_: unknown, index: number): ReturnType<typeof family.start<PollerCalls>> =>
    family.start<PollerCalls>('polling reader', {
      from: import.meta.url,
      file: 'poller-child',
      onNote: (note) => (seen[index] = (note as VersionSeen).version),
    });
  const readers = await Promise.all(Array.from({ length: count }, start));
  await Promise.all(readers.map((reader) => reader.ask('open', { directory, ignoresJournal })));
  const polls = readers.map((reader) => reader.ask('poll', { key: KEY }));
  const cache = createCache<Versioned>({ name: INVALIDATIONS_CACHE, tiers: [tier] });
  const [trials, deleteMs] = [[] as Trial[], [] as number[]];
  let givenUp = 0;
  for (let version = 1; version <= options.trials && givenUp < MAX_GIVEN_UP; version++) {
    progress.update(`tiers · invalidations · ${version} of ${options.trials}`);
    const setMs = monotonicMs();
    await cache.set(KEY, { version });
    if (!(await until(() => seen.every((each) => each === version)))) givenUp++;
    await sleep(Math.random() * PHASES_MS);
    const calledMs = monotonicMs();
    await cache.delete(KEY);
    const deletedMs = monotonicMs();
    deleteMs.push(deletedMs - calledMs);
    trials.push({ version, setMs, deletedMs });
    if (!(await until(() => seen.every((each) => each === 0)))) givenUp++;
    await sleep(Math.max(0, deletedMs + ALLOWED_MS + WATCH_MS - monotonicMs()));
  }
  await Promise.all(readers.map((reader) => reader.ask('stop', {})));
  const polled = await Promise.all(polls);
  await Promise.all(readers.map((reader) => reader.close()));
  await cache.close();
  return {
    trials: trials.length,
    givenUp,
    verdicts: polled.map(({ reads }) => judge(trials, reads)),
    deleteMs,
    lagMs: polled.map(({ lagMs }) => lagMs),
  };
}

async function until(isSo: () => boolean): Promise<boolean> {
  const untilMs = monotonicMs() + PATIENCE_MS;
  while (!isSo()) {
    if (monotonicMs() > untilMs) return false;
    await sleep(1);
  }
  return true;
}
