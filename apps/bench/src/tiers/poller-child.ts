import { setTimeout as sleep } from 'node:timers/promises';
import { createCache } from '@warmline/cache-core';
import type { Cache } from '@warmline/cache-core';
import { LoopLag } from '../hot-path/event-loop.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import { openTier } from '../processes/open-tier.ts';
import { serve, tell } from '../processes/serve.ts';
import { withoutJournal } from './sabotage.ts';

/** What all versions of the value look like; they only grow. */
export interface Versioned {
  readonly version: number;
}

/** Told at the first read that finds another version than the one before, or none: 0. */
export interface VersionSeen {
  readonly version: number;
}

/** All reads of a process, in order: version, begin and end of each, one behind another. */
export interface Polled {
  readonly reads: Float64Array;
  readonly lagMs: number;
}

/** What this process can be asked. */
export interface PollerCalls {
  open(input: { readonly directory: string; readonly ignoresJournal: boolean }): void;
  /** Reads the key every millisecond, until it is stopped. */
  poll(input: { readonly key: string }): Promise<Polled>;
  stop(input: object): void;
}

export const INVALIDATIONS_CACHE = 'invalidations';
const EVERY_MS = 1;

let cache: Cache<Versioned> | undefined;
let stopped = false;

serve<PollerCalls>({
  open: ({ directory, ignoresJournal }) => {
    const tier = openTier(directory);
    cache = createCache<Versioned>({
      name: INVALIDATIONS_CACHE,
      tiers: [ignoresJournal ? withoutJournal(tier) : tier],
    });
  },
  poll: async ({ key }) => {
    const reads: number[] = [];
    const lag = new LoopLag();
    let last = 0;
    await lag.during(async () => {
      while (!stopped) {
        const startedMs = monotonicMs();
        const version = (await cache?.get(key))?.version ?? 0;
        reads.push(version, startedMs, monotonicMs());
        if (version !== last) tell({ version } satisfies VersionSeen);
        last = version;
        await sleep(EVERY_MS);
      }
    });
    return { reads: Float64Array.from(reads), lagMs: lag.distribution().max };
  },
  stop: () => {
    stopped = true;
  },
});
