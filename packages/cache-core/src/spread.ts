import type { Invalidation } from './contracts/invalidation.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import type { Debt } from './outbox.ts';
import type { Engine } from './engine.ts';
import { callTier, startBudget } from './tier-call.ts';

/** @see spread */
interface SpreadOptions {
  /** The logical keys, where they are known. */
  readonly keys?: readonly string[] | undefined;
  /** Comes after this process and before the tiers. */
  readonly before?: () => Promise<void>;
  readonly isAway?: (name: string) => boolean;
}

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
 * @returns the names of the tiers that have not acknowledged, and that of the bus if it has not.
 */
async function spread<V>(
  engine: Engine<V>,
  invalidation: Invalidation,
  { keys, before, isAway = (name) => engine.outbox.owesTo(name) }: SpreadOptions = {},
): Promise<readonly string[]> {
  const { tiers, clock } = engine.policy;
  engine.invalidateHere(invalidation, keys);
  await before?.();
  const missing = await tell(engine, invalidation, [...tiers, ...tiers.slice(0, -1).toReversed()], isAway);
  if (tiers.length > 0) engine.invalidateHere(invalidation, keys);
  // What the journals say of it now is no news.
  engine.hearing.catchUp(clock.now());
  // Other machines must not load anew before the tiers they share are right; a tier with a journal is this machine's own.
  const isShared = (name: string): boolean => tiers.some((tier) => tier.name === name && tier.journal === undefined);
  if (!missing.some(isShared)) return [...missing, ...(await publish(engine, invalidation))];
  return engine.policy.bus === undefined ? missing : [...missing, BUS];
}

/**
 * As {@link spread}; what has not arrived is owed, and is written down before anything is told, in case this process dies.
 * @returns whether something is owed.
 */
export async function invalidateEverywhere<V>(
  engine: Engine<V>,
  invalidation: Invalidation,
  keys?: readonly string[],
): Promise<boolean> {
  const debts: Debt[] = [];
  const before = async (): Promise<void> => void debts.push(...(await writeDown(engine, invalidation)));
  const missing = await spread(engine, invalidation, { keys, before });
  if (missing.length === 0) {
    for (const debt of debts) debt.settle();
    return false;
  }
  engine.outbox.add(invalidation, missing, debts);
  // Until now reads were free to look in the tiers that have not acknowledged.
  engine.invalidateHere(invalidation, keys);
  return true;
}

/**
 * Repeats an invalidation where it is missing. Only when a tier has acknowledged at last is everything told once more: while
 * it had not, a reader may have promoted the old value from it into the tiers above.
 */
export async function spreadAgain<V>(
  engine: Engine<V>,
  invalidation: Invalidation,
  missing: readonly string[],
): Promise<readonly string[]> {
  const tiers = engine.policy.tiers.filter(({ name }) => missing.includes(name));
  if (tiers.length === 0) return publish(engine, invalidation);
  const stillMissing = await tell(engine, invalidation, tiers);
  if (stillMissing.length === 0) return spread(engine, invalidation, { isAway: () => false });
  return missing.includes(BUS) ? [...stillMissing, BUS] : stillMissing;
}

/** In the machine's outbox, if it has one and there is anybody to owe to. */
async function writeDown<V>(engine: Engine<V>, invalidation: Invalidation): Promise<readonly Debt[]> {
  const { ledger } = engine;
  if (ledger === undefined) return [];
  const { tier, outbox } = ledger;
  const budget = startBudget(engine, engine.policy.writeBudgetMs);
  const call = { tier, operation: 'invalidate', budget } as const;
  const debt = await callTier(engine, { ...call, call: () => outbox.owe(invalidation), use: (name) => name });
  if (debt === undefined) return [];
  const settle = (): void =>
    void engine.background(
      callTier(engine, {
        ...call,
        budget: startBudget(engine, engine.policy.writeBudgetMs),
        call: () => outbox.settle(debt),
        use: Boolean,
      }),
    );
  return [{ settle }];
}

/** @returns the names of the tiers that have not acknowledged. */
async function tell<V>(
  engine: Engine<V>,
  invalidation: Invalidation,
  tiers: readonly SharedTier[],
  isAway: (name: string) => boolean = () => false,
): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const tier of tiers) {
    if (missing.has(tier.name)) continue;
    if (engine.isAway(tier.name)) {
      missing.add(tier.name);
      continue;
    }
    const telling = callTier(engine, {
      tier,
      operation: 'invalidate',
      budget: startBudget(engine, engine.policy.writeBudgetMs),
      call: () => tier.invalidate(invalidation),
      use: () => true,
    });
    // Nobody waits again for a tier that is known not to answer: it is told, and the outbox goes on trying.
    const away = isAway(tier.name);
    if (away) void engine.background(telling);
    if (away || (await telling) !== true) missing.add(tier.name);
  }
  return [...missing];
}

/** Last of all, and within the budget of a tier: a bus may hang as well. */
async function publish<V>(engine: Engine<V>, invalidation: Invalidation): Promise<readonly string[]> {
  const { bus, clock, writeBudgetMs } = engine.policy;
  if (bus === undefined) return [];
  if (engine.isAway(BUS)) return [BUS];
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(writeBudgetMs, () =>
    reject(new Error(`the bus has not accepted within ${writeBudgetMs} ms`)),
  );
  try {
    await Promise.race([bus.publish({ ...invalidation, origin: engine.hearing.origin }), late]);
    return [];
  } catch (error) {
    engine.emit?.({ type: 'bus-error', operation: 'publish', error });
    return [BUS];
  } finally {
    cancel();
  }
}
