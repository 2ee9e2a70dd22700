import type { TierOperation } from './contracts/events.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';

/**
 * Calls a shared tier so that it can neither fail nor delay the caller: an error is an event and reads as `undefined`, and
 * so does an answer that is not there by `deadlineMs` (clock time; `Infinity` waits). A late answer is dropped.
 */
export async function callTier<V, T>(
  engine: Engine<V>,
  tier: SharedTier,
  operation: TierOperation,
  deadlineMs: number,
  call: () => Promise<T>,
): Promise<T | undefined> {
  const { clock, tierBudgetMs } = engine.policy;
  let cancel: (() => void) | undefined;
  try {
    const answer = call();
    if (deadlineMs === Infinity) return await answer;
    const late = new Promise<'late'>((resolve) => {
      cancel = clock.after(Math.max(0, deadlineMs - clock.now()), () => resolve('late'));
    });
    const first = await Promise.race([answer.then((value) => ({ value })), late]);
    if (first !== 'late') return first.value;
    engine.stats.tierErrors++;
    engine.onEvent?.({ type: 'tier-timeout', tier: tier.name, operation, budgetMs: tierBudgetMs });
  } catch (error) {
    engine.stats.tierErrors++;
    engine.onEvent?.({ type: 'tier-error', tier: tier.name, operation, error });
  } finally {
    cancel?.();
  }
  return undefined;
}
