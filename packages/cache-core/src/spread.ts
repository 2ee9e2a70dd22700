import type { Invalidation } from './contracts/invalidation.ts';
import type { Engine } from './engine.ts';
import { callTier, startBudget } from './tier-call.ts';

/** The bus among the names of those who have not acknowledged. */
export const BUS = 'bus';

/**
 * Makes an invalidation hold everywhere: down the tiers, nearest first, so that this machine is right before the others hear
 * of it; then up again, because to a tier everything below it is the source, and a reader may have come between; then out to
 * the other machines:
 *
 *   1. the nearer tier is invalidated   2. a reader misses there, gets new stamps, and reads the old value from the farther
 *   tier   3. the farther tier is invalidated   4. the reader promotes the old value, under stamps that hold
 *
 * @param keys the logical keys, where they are known.
 * @returns the names of the tiers that have not acknowledged, and {@link BUS} if it has not.
 */
export async function spread<V>(
  engine: Engine<V>,
  invalidation: Invalidation,
  keys?: readonly string[],
): Promise<readonly string[]> {
  const { tiers, bus, writeBudgetMs, clock } = engine.policy;
  const missing = new Set<string>();
  engine.invalidateHere(invalidation, keys);
  for (const tier of [...tiers, ...tiers.slice(0, -1).toReversed()]) {
    const done = await callTier(engine, {
      tier,
      operation: 'invalidate',
      budget: startBudget(engine, writeBudgetMs),
      call: () => tier.invalidate(invalidation),
      use: () => true,
    });
    if (done !== true) missing.add(tier.name);
  }
  if (tiers.length > 0) engine.invalidateHere(invalidation, keys);
  if (bus !== undefined && missing.size === 0) {
    // Other machines must not reload before the tiers they share are right: an unfinished invalidation is not published.
    try {
      await bus.publish({ ...invalidation, origin: engine.hearing.origin });
    } catch (error) {
      engine.emit?.({ type: 'bus-error', operation: 'publish', error });
      missing.add(BUS);
    }
  }
  engine.hearing.catchUp(clock.now());
  return [...missing];
}
