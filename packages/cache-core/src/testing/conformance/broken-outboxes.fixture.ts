import type { SharedOutbox } from '../../contracts/shared-outbox.ts';
import type { SharedTier } from '../../contracts/shared-tier.ts';
import type { MemorySharedTier } from '../../memory-shared-tier.ts';
import { wrapTier } from '../../tier.fixture.ts';
import type { BrokenTier } from './tier-defects.fixture.ts';

const KNOWN = 'the outbox > what is owed is known on every connection until it is settled, as it was';

/** Tiers whose outbox has a defect. */
export const BROKEN_OUTBOXES: readonly BrokenTier[] = [
  ['it keeps no outbox', KNOWN, (tier) => wrapTier(tier, { outbox: undefined })],
  ['it forgets at once', KNOWN, (tier) => withOutbox(tier, { owe: async () => 'debt' })],
  ['nothing is ever settled', KNOWN, (tier) => withOutbox(tier, { settle: async () => {} })],
  ['who writes at the same moment overwrites', 'the outbox > what changes at the same moment is all kept', (tier) => {
    let writing = false;
    return withOutbox(tier, {
      owe: async (invalidation) => {
        if (writing) return 'lost';
        writing = true;
        await Promise.resolve();
        writing = false;
        return tier.outbox.owe(invalidation);
      },
    });
  }],
  ['what is owed is listed anew each time', 'the outbox > is the same array while nothing changes', (tier) =>
    withOutbox(tier, { owed: () => [...tier.outbox.owed()] })],
]; // prettier-ignore

function withOutbox(tier: MemorySharedTier, change: Partial<SharedOutbox>): SharedTier {
  const { outbox } = tier;
  const own: SharedOutbox = {
    owe: (invalidation) => outbox.owe(invalidation),
    settle: (debt) => outbox.settle(debt),
    owed: () => outbox.owed(),
  };
  return wrapTier(tier, { outbox: { ...own, ...change } });
}
