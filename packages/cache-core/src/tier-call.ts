import type { Clock } from './contracts/clock.ts';
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

/** One call of a shared tier. */
export interface TierCall<T, R> {
  readonly tier: SharedTier;
  readonly operation: TierOperation;
  readonly budget: Budget;
  /** Bytes that are written. @default unknown, as in a read */
  readonly bytes?: number;
  readonly call: () => Promise<T>;
  /** Takes what the caller wants of the answer. */
  readonly use: (answer: T) => R;
  /** Gives back what an answer holds that nobody waits for. @default nothing to give back */
  readonly discard?: (answer: T) => void;
}

/** A timer that fires this much late shows that this process was busy: the answer may be waiting in its own queue. */
const STALL_MS = 5;

/**
 * Calls a shared tier so that it can neither fail nor delay the caller: an error is an event and reads as `undefined`, and
 * so does an answer that is not there within the budget. A late answer is dropped. `use` runs under the same protection:
 * a tier may answer anything. Reads and writes of a tier that is not available, or whose breaker is open, are left out.
 */
export async function callTier<V, T, R>(engine: Engine<V>, call: TierCall<T, R>): Promise<R | undefined> {
  const { operation } = call;
  // Invalidations and releases are owed to others, whatever the state of the tier.
  if (operation === 'invalidate' || operation === 'release') return tryCall(engine, call, () => {});
  const { breakers, policy } = engine;
  if (call.tier.isAvailable === false) {
    // Its failures of before say nothing about how it will be when it is back.
    breakers.forget(call.tier);
    return undefined;
  }
  const line = breakers.lineOf(call.tier, operation, call.bytes);
  const admission = breakers.admit(line, policy.clock.now());
  if (admission === 'skip') return undefined;
  const isProbe = admission === 'probe';
  const report = (ok: boolean): void => breakers.report(line, ok, isProbe, policy.clock.now());
  if (!isProbe) return tryCall(engine, call, report);
  void engine.background(tryCall(engine, { ...call, use: (answer) => call.discard?.(answer) }, report, true));
  return undefined;
}

async function tryCall<V, T, R>(
  engine: Engine<V>,
  { tier, operation, budget, call, use, discard }: TierCall<T, R>,
  report: (ok: boolean) => void,
  isProbe = false,
): Promise<R | undefined> {
  const startedMs = engine.policy.clock.now();
  const timer = startTimer(engine.policy.clock, budget.deadlineMs);
  try {
    const answer = call();
    const first = await Promise.race([answer.then((value) => ({ value })), timer.late]);
    if ('value' in first) {
      const taken = use(first.value);
      report(true);
      return taken;
    }
    if (discard !== undefined) answer.then(discard).catch(() => {});
    // Nor is a tier to blame for what others have left it of the budget.
    const isFair = budget.deadlineMs - startedMs >= budget.budgetMs / 2;
    if (isProbe || (isFair && !first.stalled)) report(false);
    engine.stats.tierErrors++;
    const { budgetMs } = budget;
    const stalled = first.stalled ? { stalled: true } : {};
    engine.emit?.({ type: 'tier-timeout', tier: tier.name, operation, budgetMs, ...stalled });
  } catch (error) {
    report(false);
    engine.tierFailed(tier, operation, error);
  } finally {
    timer.cancel();
  }
  return undefined;
}

/** Tells when a budget is used up. If that is noticed late, the event loop gets one round more to deliver an answer that is there. */
function startTimer(clock: Clock, deadlineMs: number): { late: Promise<{ stalled: boolean }>; cancel: () => void } {
  const { promise: late, resolve } = Promise.withResolvers<{ stalled: boolean }>();
  let cancel = clock.after(Math.max(0, deadlineMs - clock.now()), () => {
    if (clock.now() - deadlineMs <= STALL_MS) resolve({ stalled: false });
    else cancel = clock.after(1, () => resolve({ stalled: true }));
  });
  return { late, cancel: () => cancel() };
}
