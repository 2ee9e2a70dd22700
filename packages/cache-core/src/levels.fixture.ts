import type { Cache, CacheOptions, SharedTier } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import type { Gate } from './tier.fixture.ts';
import { gate, Recorder, wrapTier } from './tier.fixture.ts';

/** One, two and three tiers: what is below the process tier, by who shares it. */
export const LEVELS: readonly (readonly string[])[] = [[], ['host'], ['host', 'cluster']];

/** The levels that some tier is shared in. */
export const SHARED_LEVELS = LEVELS.slice(1);

/** A cache and what it tells. */
export interface Opened {
  readonly cache: Cache<unknown>;
  readonly recorder: Recorder;
}

/** A cluster keeps no journal: nobody hears by it what others invalidate. */
export function withoutJournal(tier: SharedTier): SharedTier {
  return wrapTier(tier, { journal: undefined, outbox: undefined });
}

/** The tiers of one machine; every `open` is one process on it. */
export function openLevels(names: readonly string[], common: Partial<CacheOptions<unknown>> = {}) {
  const clock = new FakeClock();
  const tiers = names.map((name) => {
    const tier = new MemorySharedTier({ name, clock });
    return name === 'cluster' ? withoutJournal(tier) : tier;
  });
  const open = (more: Partial<CacheOptions<unknown>> = {}): Opened => {
    const recorder = new Recorder();
    const cache = createCache<unknown>({ name: 'n', clock, tiers, onEvent: recorder.onEvent, ...common, ...more });
    return { cache, recorder };
  };
  return { clock, tiers, open };
}

/** A load that has read its source and is held before it returns. */
export interface HeldLoad {
  readonly result: Promise<unknown>;
  readonly door: Gate;
}

/** Starts a load of `k` that has read `value` and is held at a gate. */
export async function heldLoad(cache: Cache<unknown>, value: unknown): Promise<HeldLoad> {
  const door = gate();
  const result = cache.getOrLoad('k', () => door.pass().then(() => value));
  await door.reached;
  return { result, door };
}

/** A loader whose source is down. */
export function down(): never {
  throw new Error('source down');
}

/** Whether a promise has settled when everything has run that waits for promises only. */
export async function hasSettled(work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  work.then(note, note);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}
