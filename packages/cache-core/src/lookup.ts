import type { EntryRef } from './contracts/invalidation.ts';
import type { Begun, Lease, SharedTier } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import type { Fence } from './fence.ts';
import type { Found } from './judge.ts';
import { completeStamps, judge } from './judge.ts';
import { callTier } from './tier-call.ts';
import type { Grant, Stored } from './write-back.ts';
import { insertHere, writeShared } from './write-back.ts';

/** One key on its way down the tiers. */
export interface Descent<V> {
  readonly key: string;
  readonly ref: EntryRef;
  found: Found<V> | undefined;
  /** Tiers passed on the way, with the right to write what is found or loaded below them. */
  readonly grants: Grant[];
  readonly leases: Lease[];
}

const STAMP_MARGIN_MS = 60_000;

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
  const { tiers, clock, tierBudgetMs } = engine.policy;
  const deadlineMs = clock.now() + tierBudgetMs;
  let missing = descents;
  for (const [level, tier] of tiers.entries()) {
    if (missing.length === 0) break;
    await readTier(engine, tier, missing, deadlineMs);
    missing = missing.filter((descent) => descent.found === undefined);
    if (toLoad || level < tiers.length - 1)
      await Promise.all(missing.map((descent) => beginTier(engine, tier, descent, deadlineMs)));
    missing = missing.filter((descent) => descent.found === undefined);
  }
  for (const descent of descents) if (descent.found !== undefined) promote(engine, descent, descent.found, fence);
  return descents;
}

async function readTier<V>(
  engine: Engine<V>,
  tier: SharedTier,
  missing: readonly Descent<V>[],
  deadlineMs: number,
): Promise<void> {
  const refs = missing.map((descent) => descent.ref);
  const frames = await callTier(engine, tier, 'read', deadlineMs, () => tier.read(refs));
  missing.forEach((descent, index) => {
    const stored = frames?.[index];
    if (stored !== undefined) descent.found = judge(engine, tier, descent.ref, stored);
  });
}

/** Gets the right to write to a tier. No stamps in time: the value will be loaded, but not written to this tier. */
async function beginTier<V>(
  engine: Engine<V>,
  tier: SharedTier,
  descent: Descent<V>,
  deadlineMs: number,
): Promise<void> {
  const begun = await begin(engine, tier, descent.ref, deadlineMs);
  if (begun === undefined) return;
  if (typeof begun.lease === 'object') descent.leases.push(begun.lease);
  descent.found = judge(engine, tier, descent.ref, begun);
  const stamps = completeStamps(begun.stamps);
  if (descent.found === undefined && stamps !== undefined) descent.grants.push({ tier, stamps });
}

/** The right to write to every shared tier that answers, whatever the tiers hold now. */
export async function grantAll<V>(engine: Engine<V>, ref: EntryRef): Promise<Grant[]> {
  const grants = await Promise.all(
    engine.policy.tiers.map(async (tier): Promise<Grant | undefined> => {
      const begun = await begin(engine, tier, ref, Infinity);
      const stamps = begun && completeStamps(begun.stamps);
      return stamps && { tier, stamps };
    }),
  );
  return grants.filter((grant) => grant !== undefined);
}

function begin<V>(engine: Engine<V>, tier: SharedTier, ref: EntryRef, deadlineMs: number): Promise<Begun | undefined> {
  const options = { leaseMs: 0, stampTtlMs: engine.policy.ttl + STAMP_MARGIN_MS };
  return callTier(engine, tier, 'begin', deadlineMs, () => tier.begin(ref, options));
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
  insertHere(engine, descent.key, descent.ref, stored, fence);
  engine.background(writeShared(engine, descent.ref, descent.grants, stored));
}
