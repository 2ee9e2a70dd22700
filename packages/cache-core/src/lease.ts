import type { SharedTier } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import type { Descent, HeldLease, Purpose } from './lookup.ts';
import { beginTier } from './lookup.ts';
import type { Budget } from './tier-call.ts';
import { callTier, startBudget } from './tier-call.ts';

const FIRST_PAUSE_MS = 5;
/** Asking another machine costs both of them more. */
const FIRST_FAR_PAUSE_MS = 25;
const LAST_PAUSE_MS = 50;

/** Of `leaseWaitMs`: how long a tier may take to say who holds a lease. */
const ASKING_SHARE = 0.25;

/** Whether others' loads are waited for. */
export function asksForLease<V>(engine: Engine<V>, { toLoad, beforeWaiting }: Purpose<V>): boolean {
  return toLoad && beforeWaiting !== undefined && engine.policy.leaseMs > 0;
}

/**
 * Who would wait for another's load waits a part of that time to learn whether there is one: a tier that is late because a
 * crowd asks at once must not turn the crowd into as many loads.
 */
export function leaseBudget<V>(engine: Engine<V>, { budgetMs, deadlineMs }: Budget): Budget {
  const { clock, leaseWaitMs } = engine.policy;
  const patienceMs = leaseWaitMs * ASKING_SHARE;
  return { budgetMs: Math.max(budgetMs, patienceMs), deadlineMs: Math.max(deadlineMs, clock.now() + patienceMs) };
}

/**
 * Waits while another process loads: until its value is there, its lease is free (this process has it then), or
 * `leaseWaitMs` are over. The lease saves loads and nothing else; whoever is tired of waiting loads without it.
 */
export async function awaitHolder<V>(
  engine: Engine<V>,
  tier: SharedTier,
  descent: Descent<V>,
  purpose: Purpose<V>,
): Promise<void> {
  const { clock, leaseWaitMs, tierBudgetMs } = engine.policy;
  const startedMs = clock.now();
  // One limit for all tiers of a load.
  descent.waitUntilMs ??= startedMs + leaseWaitMs;
  const report = (outcome: 'filled' | 'freed' | 'timeout'): void =>
    engine.emit?.({
      type: 'lease-wait',
      tier: tier.name,
      keyHash: hashOfRef(descent.ref),
      outcome,
      durationMs: clock.now() - startedMs,
    });
  const firstMs = tier.journal === undefined ? FIRST_FAR_PAUSE_MS : FIRST_PAUSE_MS;
  for (let pauseMs = firstMs; ; pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 2)) {
    const leftMs = descent.waitUntilMs - clock.now();
    if (leftMs <= 0 || engine.closed || purpose.signal?.aborted === true) return report('timeout');
    await new Promise<void>((resolve) => clock.after(Math.min(pauseMs, leftMs), resolve));
    const elsewhere = await beginTier(engine, tier, [descent], startBudget(engine, tierBudgetMs), purpose);
    if (elsewhere.length === 0) return report(descent.found === undefined ? 'freed' : 'filled');
  }
}

/** Gives leases back, once what they were for has been written or has failed. */
export async function releaseAll<V>(engine: Engine<V>, leases: readonly HeldLease[]): Promise<void> {
  const budget = startBudget(engine, engine.policy.writeBudgetMs);
  await Promise.all(
    leases.map(({ tier, lease }) =>
      callTier(engine, { tier, operation: 'release', budget, call: () => lease.release(), use: Boolean }),
    ),
  );
}
