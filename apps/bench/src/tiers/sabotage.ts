import type { SharedTier } from '@warmline/cache-core';

/** Faults that the scenario's checks must notice. */
export const TIERS_SABOTAGES = ['no-journal', 'swap'] as const;

/**
 * The tier without its list of invalidations: what a process holds by itself it goes on serving. (`createCacheWithout('journal')`
 * leaves out less, only that a read which an invalidation has overtaken is not kept.)
 */
export function withoutJournal(tier: SharedTier): SharedTier {
  return {
    name: tier.name,
    now: () => tier.now(),
    read: (entries) => tier.read(entries),
    begin: (entry, options) => tier.begin(entry, options),
    write: (entry, frame, options) => tier.write(entry, frame, options),
    invalidate: (invalidation) => tier.invalidate(invalidation),
    close: () => tier.close(),
  };
}
