import type { TierOperation } from './contracts/events.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';

/** How long calls of shared tiers may take; the calls of one lookup share one budget. */
export interface Budget {
  readonly budgetMs: number;
  /** Clock time at which it is used up. */
  readonly deadlineMs: number;
}

/** A budget that runs from now. */
export function startBudget<V>(engine: Engine<V>, budgetMs: number): Budget {
  return { budgetMs, deadlineMs: engine.policy.clock.now() + budgetMs };
}

/**
 * Calls a shared tier so that it can neither fail nor delay the caller: an error is an event and reads as `undefined`, and
 * so does an answer that is not there within the budget. A late answer is dropped. What the caller wants of the answer is
 * taken by `use`, under the same protection: a tier may answer anything.
 */
export async function callTier<V, T, R>(
  engine: Engine<V>,
  tier: SharedTier,
  operation: TierOperation,
  { budgetMs, deadlineMs }: Budget,
  call: () => Promise<T>,
  use: (answer: T) => R,
): Promise<R | undefined> {
  const { clock } = engine.policy;
  let cancel: (() => void) | undefined;
  try {
    const answer = call();
    const late = new Promise<'late'>((resolve) => {
      cancel = clock.after(Math.max(0, deadlineMs - clock.now()), () => resolve('late'));
    });
    const first = await Promise.race([answer.then((value) => ({ value })), late]);
    if (first !== 'late') return use(first.value);
    engine.stats.tierErrors++;
    engine.onEvent?.({ type: 'tier-timeout', tier: tier.name, operation, budgetMs });
  } catch (error) {
    engine.stats.tierErrors++;
    engine.onEvent?.({ type: 'tier-error', tier: tier.name, operation, error });
  } finally {
    cancel?.();
  }
  return undefined;
}
