import type { Cache, CacheOptions, EntryRef, SharedTier } from '@warmline/cache-core';
import { createCache } from '@warmline/cache-core';
import { createCacheWithout } from '@warmline/cache-core/testing';

/**
 * Faults that the scenario's checks must notice. `stale`: the process under test does not carry out what it was told to delete.
 * `no-stamps`: shared tiers void nothing. `old-snapshot`: the history of a server is not looked at. `no-bus`: nobody hears of
 * other machines. `fail`: a loader's error reaches a caller. `leak`: what was written to a hung server is kept. `no-outage`: the
 * server is left as it was.
 */
export const OUTAGE_SABOTAGES = ['stale', 'no-stamps', 'old-snapshot', 'no-bus', 'fail', 'leak', 'no-outage'] as const;
export type OutageSabotage = (typeof OUTAGE_SABOTAGES)[number];

/** @returns the sabotage if it is one of this scenario. */
export function outageSabotage(name: string | undefined): OutageSabotage | undefined {
  return OUTAGE_SABOTAGES.find((sabotage) => sabotage === name);
}

/** A cache as it should be, or without what the sabotage takes from it. */
export function createSabotaged<V>(sabotage: OutageSabotage | undefined, options: CacheOptions<V>): Cache<V> {
  if (sabotage === 'no-stamps') return createCacheWithout('stamps', options);
  if (sabotage !== 'no-bus') return createCache(options);
  const { bus: _, ...deaf } = options;
  return createCache(deaf);
}

/** The cluster tier, told that all entries are immutable: then it does not ask which history of the server they are from. */
export function withoutHistory(tier: SharedTier): SharedTier {
  const asImmutable = (entry: EntryRef): EntryRef => ({ ...entry, immutable: true });
  return {
    name: tier.name,
    get isAvailable() {
      return tier.isAvailable ?? true;
    },
    now: () => tier.now(),
    read: (entries) => tier.read(entries.map(asImmutable)),
    begin: (entry, options) => tier.begin(asImmutable(entry), options),
    write: (entry, frame, options) => tier.write(asImmutable(entry), frame, options),
    invalidate: (invalidation) => tier.invalidate(invalidation),
    close: () => tier.close(),
  };
}
