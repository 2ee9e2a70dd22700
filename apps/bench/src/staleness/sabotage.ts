import type { Bus, PumpTarget, SharedTier } from '@warmline/cache-core';
import type { HostTier } from '@warmline/cache-lmdb';

/** Faults that the scenario's checks must notice. */
export const STALENESS_SABOTAGES = ['no-anchor-check', 'no-dead-man', 'no-outbox'] as const;

const FOR_EVER_MS = 1e12;

/** The bus without its word that messages were lost. */
export function withoutGaps(bus: Bus): Bus {
  return {
    publish: (invalidation) => bus.publish(invalidation),
    subscribe: (onMessage, _onGap, from) => bus.subscribe(onMessage, () => {}, from),
  };
}

/** A machine that believes for ever that it hears, once it has heard. */
export function withoutDeadMan(tier: HostTier): PumpTarget {
  return {
    journal: tier.journal,
    origin: tier.origin,
    invalidate: (invalidation, position) => tier.invalidate(invalidation, position),
    position: () => tier.position(),
    stayLive: (_forMs, position) => tier.stayLive(FOR_EVER_MS, position),
  };
}

/** A machine whose debts end with the process that has them. */
export function withoutOutbox(tier: HostTier): SharedTier {
  return {
    name: tier.name,
    journal: tier.journal,
    origin: tier.origin,
    now: () => tier.now(),
    read: (entries) => tier.read(entries),
    begin: (entry, options) => tier.begin(entry, options),
    beginMany: (entries, options) => tier.beginMany(entries, options),
    write: (entry, frame, options) => tier.write(entry, frame, options),
    invalidate: (invalidation) => tier.invalidate(invalidation),
    close: () => tier.close(),
  };
}
