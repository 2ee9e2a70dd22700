import type { EntryRef } from './contracts/invalidation.ts';
import type { Begun, Lease, SharedTier } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import type { Fence } from './fence.ts';
import type { Found } from './judge.ts';
import { completeStamps, judge } from './judge.ts';
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
  found: Found<V> | undefined;
  /** Tiers passed on the way, with the right to write what is found or loaded below them. */
  readonly grants: Grant[];
  readonly leases: HeldLease[];
}

/**
 * Walks down the shared tiers until every key is found or the tiers end: one trip per tier for all keys.
 * To a tier everything below it is the source, so `begin` (with `toLoad`) gets the right to write before the next tier is
 * read: a promotion is fenced by the same stamps as a load. What is found is promoted into the tiers above.
 */
export async function descend<V>(
  engine: Engine<V>,
  keys: readonly string[],
  fence: Fence,
  toLoad: boolean,
): Promise<Descent<V>[]> {
  const descents = keys.map((key): Descent<V> => ({
    key,
    ref: engine.keyspace.refOf(key),
    found: undefined,
    grants: [],
    leases: [],
  }));
  const { tiers, tierBudgetMs } = engine.policy;
  const budget = startBudget(engine, tierBudgetMs);
  let missing = descents;
  for (const [level, tier] of tiers.entries()) {
    if (missing.length === 0) break;
    await readTier(engine, tier, missing, budget);
    missing = missing.filter((descent) => descent.found === undefined);
    if (toLoad || level < tiers.length - 1)
      await Promise.all(missing.map((descent) => beginTier(engine, tier, descent, budget)));
    missing = missing.filter((descent) => descent.found === undefined);
  }
  for (const descent of descents) if (descent.found !== undefined) promote(engine, descent, descent.found, fence);
  return descents;
}

async function readTier<V>(
  engine: Engine<V>,
  tier: SharedTier,
  missing: readonly Descent<V>[],
  budget: Budget,
): Promise<void> {
  const refs = missing.map((descent) => descent.ref);
  const read = () => tier.read(refs);
  await callTier(engine, tier, 'read', budget, read, (frames) => {
    missing.forEach((descent, index) => {
      const stored = frames[index];
      if (stored !== undefined) descent.found = judge(engine, tier, descent.ref, stored);
    });
  });
}

/** Gets the right to write to a tier. No stamps in time: the value will be loaded, but not written to this tier. */
async function beginTier<V>(engine: Engine<V>, tier: SharedTier, descent: Descent<V>, budget: Budget): Promise<void> {
  await begin(engine, tier, descent.ref, budget, (begun) => {
    if (typeof begun.lease === 'object') descent.leases.push({ tier, lease: begun.lease });
    descent.found = judge(engine, tier, descent.ref, begun);
    const stamps = completeStamps(begun.stamps);
    if (descent.found === undefined && stamps !== undefined) descent.grants.push({ tier, stamps });
  });
}

/** The right to write to every shared tier that answers, whatever the tiers hold now. */
export async function grantAll<V>(engine: Engine<V>, ref: EntryRef): Promise<Grant[]> {
  const budget = startBudget(engine, engine.policy.writeBudgetMs);
  const grants = await Promise.all(
    engine.policy.tiers.map((tier) =>
      begin(engine, tier, ref, budget, (begun): Grant | undefined => {
        const stamps = completeStamps(begun.stamps);
        return stamps && { tier, stamps };
      }),
    ),
  );
  return grants.filter((grant) => grant !== undefined);
}

function begin<V, R>(
  engine: Engine<V>,
  tier: SharedTier,
  ref: EntryRef,
  budget: Budget,
  use: (begun: Begun) => R,
): Promise<R | undefined> {
  const options = { leaseMs: 0, stampTtlMs: stampTtlMs(engine.policy.ttl) };
  return callTier(engine, tier, 'begin', budget, () => tier.begin(ref, options), use);
}

function promote<V>(engine: Engine<V>, descent: Descent<V>, found: Found<V>, fence: Fence): void {
  engine.stats.tierHit(found.tier.name);
  engine.onEvent?.({ type: 'hit', tier: found.tier.name, keyHash: hashOfRef(descent.ref), ageMs: found.ageMs });
  const { codec } = engine.policy;
  const stored: Stored<V> = {
    ...found,
    valueBytes: codec.sizeOf?.(found.value) ?? found.payload.byteLength,
    pin: false,
  };
  insertHere(engine, descent.key, descent.ref, stored, fence.admits(descent.ref));
  void engine.background(writeShared(engine, descent.ref, descent.grants, stored));
}
