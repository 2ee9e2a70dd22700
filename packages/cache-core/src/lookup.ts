import type { EntryRef } from './contracts/invalidation.ts';
import type { Begun, BeginOptions, Lease, SharedTier } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import type { Fence } from './fence.ts';
import type { Found } from './judge.ts';
import { completeStamps, judge } from './judge.ts';
import { asksForLease, awaitHolder, leaseBudget, releaseAll } from './lease.ts';
import { sizeOf } from './prepare.ts';
import type { Budget } from './tier-call.ts';
import { callTier, startBudget } from './tier-call.ts';
import type { Grant, Stored } from './write-back.ts';
import { insertHere, stampTtlMs, writeShared } from './write-back.ts';

/** A lease and the tier that gave it. */
export interface HeldLease {
  readonly tier: SharedTier;
  readonly lease: Lease;
}

/** One key on its way down the tiers. */
export interface Descent<V> {
  readonly key: string;
  readonly ref: EntryRef;
  /** A fresh value. */
  found: Found<V> | undefined;
  /** The best that is not fresh any more. */
  stale: Found<V> | undefined;
  /** Tiers passed on the way, with the right to write what is found or loaded below them. */
  readonly grants: Grant[];
  readonly leases: HeldLease[];
  /** Clock time at which this load has waited long enough for others; known from the first wait on. */
  waitUntilMs: number | undefined;
}

/** Why the tiers are asked. */
export interface Purpose<V> {
  /** A loader runs if nothing fresh is found: the last tier is asked for the right to write, too, and for its lease. */
  readonly toLoad: boolean;
  /** Fresh values that were read from their source before this clock time do not count. @default any counts */
  readonly notBeforeMs?: number | undefined;
  /** How long the tiers may take altogether, in milliseconds. @default the cache's `tierBudgetMs` */
  readonly budgetMs?: number | undefined;
  /** Called before another process's load is waited for. Without it nobody waits. */
  readonly beforeWaiting?: (descent: Descent<V>) => void;
  /** Ends the wait for another process. */
  readonly signal?: AbortSignal;
}

/** A key that has not been looked for in any tier. */
export function startDescent<V>(key: string, ref: EntryRef): Descent<V> {
  return { key, ref, found: undefined, stale: undefined, grants: [], leases: [], waitUntilMs: undefined };
}

/**
 * Walks down the shared tiers until every key is found or the tiers end: one trip per tier for all keys.
 * To a tier everything below it is the source, so `begin` gets the right to write before the next tier is read: a promotion
 * is fenced by the same stamps as a load. What is found is promoted into the tiers above.
 */
export async function descend<V>(
  engine: Engine<V>,
  descents: readonly Descent<V>[],
  fence: Fence,
  purpose: Purpose<V>,
): Promise<void> {
  const { tiers } = engine.policy;
  const { budgetMs = engine.policy.tierBudgetMs } = purpose;
  let budget = startBudget(engine, budgetMs);
  // What is named by an invalidation that has not arrived everywhere is looked for nowhere.
  let missing = descents.filter(({ ref }) => !engine.outbox.owes(ref));
  for (const [level, tier] of tiers.entries()) {
    // Nor is what the machine still owes to a tier looked for in it.
    missing = missing.filter(({ ref }) => !engine.isOwedBehind(tier, ref));
    if (missing.length === 0) break;
    await readTier(engine, tier, missing, budget, purpose);
    missing = missing.filter(isMissing);
    if (!purpose.toLoad && level === tiers.length - 1) break;
    const elsewhere = await beginTier(engine, tier, missing, budget, purpose);
    // The tiers below are not to blame for how long a lease was asked for.
    if (asksForLease(engine, purpose)) budget = startBudget(engine, budgetMs);
    for (const descent of elsewhere) {
      if (purpose.beforeWaiting === undefined) continue;
      purpose.beforeWaiting(descent);
      await awaitHolder(engine, tier, descent, purpose);
      // The budget bounds silence; this wait was for somebody who is seen to work.
      budget = startBudget(engine, budgetMs);
    }
    missing = missing.filter(isMissing);
  }
  for (const descent of descents) if (descent.found !== undefined) promote(engine, descent, descent.found, fence);
}

/** Takes what a tier holds, if it is any good: fresh values are found, the youngest other one is remembered. */
function consider<V>(descent: Descent<V>, found: Found<V> | undefined, { notBeforeMs }: Purpose<V>): void {
  if (found === undefined) return;
  if (found.freshness === 'fresh') {
    if (notBeforeMs === undefined || found.originMs >= notBeforeMs) descent.found = found;
    return;
  }
  // "There is none" is not worth serving late.
  if (found.value !== undefined && (descent.stale === undefined || isBetter(found, descent.stale)))
    descent.stale = found;
}

function isBetter<V>(one: Found<V>, other: Found<V>): boolean {
  return one.freshness === other.freshness ? one.originMs > other.originMs : one.freshness === 'stale';
}

async function readTier<V>(
  engine: Engine<V>,
  tier: SharedTier,
  missing: readonly Descent<V>[],
  budget: Budget,
  purpose: Purpose<V>,
): Promise<void> {
  const refs = missing.map((descent) => descent.ref);
  await callTier(engine, {
    tier,
    operation: 'read',
    budget,
    call: () => tier.read(refs),
    use: (frames) =>
      missing.forEach((descent, index) => {
        const stored = frames[index];
        if (stored !== undefined) consider(descent, judge(engine, tier, descent.ref, stored), purpose);
      }),
  });
}

/**
 * Gets the right to write to a tier. No stamps in time: the value will be loaded, but not written to this tier.
 * @returns the descents that another process is loading.
 */
export async function beginTier<V>(
  engine: Engine<V>,
  tier: SharedTier,
  missing: readonly Descent<V>[],
  budget: Budget,
  purpose: Purpose<V>,
): Promise<readonly Descent<V>[]> {
  if (missing.length === 0) return [];
  const refs = missing.map((descent) => descent.ref);
  const options = beginOptions(engine, purpose.toLoad);
  const elsewhere = await callTier(engine, {
    tier,
    operation: 'begin',
    budget: asksForLease(engine, purpose) ? leaseBudget(engine, budget) : budget,
    call: () => beginAll(tier, refs, options),
    use: (begun) => missing.filter((descent, index) => take(engine, tier, descent, begun[index], purpose)),
    discard: (begun) => void engine.background(releaseAll(engine, leasesOf(tier, begun))),
  });
  return elsewhere ?? [];
}

/** One trip where the tier can, else one call a key, of which some may fail. @throws when all do. */
async function beginAll(
  tier: SharedTier,
  refs: readonly EntryRef[],
  options: BeginOptions,
): Promise<readonly (Begun | undefined)[]> {
  if (refs.length > 1 && tier.beginMany !== undefined) return tier.beginMany(refs, options);
  const begun = await Promise.allSettled(refs.map(async (ref) => tier.begin(ref, options)));
  const [first] = begun;
  if (first?.status === 'rejected' && begun.every(({ status }) => status === 'rejected')) throw first.reason;
  return begun.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
}

function leasesOf(tier: SharedTier, begun: readonly (Begun | undefined)[]): HeldLease[] {
  return begun.flatMap((one) => (typeof one?.lease === 'object' ? [{ tier, lease: one.lease }] : []));
}

/** The right to write to every shared tier that answers, whatever the tiers hold now. */
export async function grantAll<V>(engine: Engine<V>, ref: EntryRef): Promise<Grant[]> {
  const budget = startBudget(engine, engine.policy.writeBudgetMs);
  const grants = await Promise.all(
    engine.policy.tiers.map((tier) =>
      callTier(engine, {
        tier,
        operation: 'begin',
        budget,
        call: () => tier.begin(ref, beginOptions(engine, false)),
        use: (begun): Grant | undefined => {
          const stamps = completeStamps(begun.stamps);
          return stamps && { tier, stamps };
        },
      }),
    ),
  );
  return grants.filter((grant) => grant !== undefined);
}

function beginOptions<V>({ policy }: Engine<V>, toLoad: boolean): BeginOptions {
  return { leaseMs: toLoad ? policy.leaseMs : 0, stampTtlMs: stampTtlMs(policy.ttl + policy.grace) };
}

/** @returns whether another process is loading. */
function take<V>(
  engine: Engine<V>,
  tier: SharedTier,
  descent: Descent<V>,
  begun: Begun | undefined,
  purpose: Purpose<V>,
): boolean {
  if (begun === undefined) return false;
  if (typeof begun.lease === 'object') descent.leases.push({ tier, lease: begun.lease });
  consider(descent, judge(engine, tier, descent.ref, begun), purpose);
  if (descent.found !== undefined) return false;
  const stamps = completeStamps(begun.stamps);
  const known = descent.grants.findIndex((grant) => grant.tier === tier);
  if (known !== -1) descent.grants.splice(known, 1);
  if (stamps !== undefined) descent.grants.push({ tier, stamps });
  return begun.lease === 'elsewhere';
}

function isMissing<V>(descent: Descent<V>): boolean {
  return descent.found === undefined;
}

function promote<V>(engine: Engine<V>, descent: Descent<V>, found: Found<V>, fence: Fence): void {
  const { stats } = engine;
  stats.tierHit(found.tier.name);
  stats.savedMs += found.loadCostMs;
  const ageMs = engine.policy.clock.now() - found.originMs;
  stats.hitAgeMs.add(ageMs);
  const negative = found.value === undefined;
  if (negative) stats.negativeHits++;
  engine.emit?.({
    type: 'hit',
    tier: found.tier.name,
    keyHash: hashOfRef(descent.ref),
    ageMs,
    ...(negative ? { negative } : {}),
  });
  const stored = storedFrom(engine, found);
  const admitted = found.value === undefined || engine.lag.admits(descent.key, found.value);
  const objection = fence.admits(descent.ref) ? (admitted ? undefined : 'older-version') : 'invalidated';
  insertHere(engine, descent.key, descent.ref, stored, objection);
  // A reader who was overtaken holds stamps from before the invalidation in the tiers above: what it writes is not valid.
  const above = descent.grants.filter(({ tier }) => tier !== found.tier);
  void engine.background(writeShared(engine, descent.ref, above, stored));
}

/** What was found below as it is kept above. */
export function storedFrom<V>(engine: Engine<V>, found: Found<V>): Stored<V> {
  const bytes = found.payload?.byteLength ?? 0;
  const valueBytes = found.value === undefined ? 0 : (sizeOf(engine, found.value, found.payload) ?? bytes);
  return { ...found, valueBytes, pin: false };
}
