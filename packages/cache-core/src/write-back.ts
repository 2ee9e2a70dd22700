import type { EntryRef } from './contracts/invalidation.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import { encodeFrame } from './frame.ts';
import type { CompleteStamps } from './judge.ts';
import { PROCESS_TIER } from './stats.ts';
import { callTier, startBudget } from './tier-call.ts';

/** The right to write one entry into one tier: the stamps that were there before its source was read. */
export interface Grant {
  readonly tier: SharedTier;
  readonly stamps: CompleteStamps;
}

/** A value on its way into the tiers. */
export interface Stored<V> {
  readonly value: V;
  /** The encoded value; needed for shared tiers only. */
  readonly payload: Uint8Array | undefined;
  readonly valueBytes: number;
  readonly ageMs: number;
  readonly ttlMs: number;
  readonly loadCostMs: number;
  readonly pin: boolean;
}

/** Stamps outlive the frames written under them by this much, whatever the tier rounds. */
const STAMP_MARGIN_MS = 60_000;

/** How long the stamps of an entry with this time to live must exist. */
export function stampTtlMs(ttlMs: number): number {
  return ttlMs + STAMP_MARGIN_MS;
}

/** Puts a value into the process tier, unless it has been invalidated since it was read. */
export function insertHere<V>(
  engine: Engine<V>,
  key: string,
  ref: EntryRef,
  stored: Stored<V>,
  isCurrent: boolean,
): boolean {
  if (engine.closed) return refuse(engine, ref, 'closed');
  if (!isCurrent) return refuse(engine, ref, 'invalidated');
  const now = engine.policy.clock.now();
  const outcome = engine.process.set(
    key,
    {
      value: stored.value,
      originMs: now - stored.ageMs,
      freshUntilMs: now + Math.min(engine.policy.processTtl, stored.ttlMs - stored.ageMs),
      ref: engine.policy.tiers.length > 0 ? ref : undefined,
      valueBytes: stored.valueBytes,
    },
    stored.pin,
  );
  if (outcome === 'too-large') return refuse(engine, ref, 'too-large');
  if (outcome === 'unpinned') {
    engine.onEvent?.({ type: 'pin-refused', tier: PROCESS_TIER, keyHash: hashOfRef(ref), bytes: stored.valueBytes });
  }
  return true;
}

/** Writes a value into shared tiers. A tier that fails is an event; its stamps make any half-done write harmless. */
export async function writeShared<V>(
  engine: Engine<V>,
  ref: EntryRef,
  grants: readonly Grant[],
  stored: Stored<V>,
): Promise<void> {
  const { payload } = stored;
  const remainingMs = stored.ttlMs - stored.ageMs;
  if (payload === undefined || remainingMs <= 0) return;
  const write = async ({ tier, stamps }: Grant): Promise<void> => {
    // `begin` asked for stamps that outlive the cache's own `ttl`; an entry that is kept longer asks for more.
    if (stored.ttlMs > engine.policy.ttl) await tier.begin(ref, { leaseMs: 0, stampTtlMs: stampTtlMs(stored.ttlMs) });
    const frame = encodeFrame(ref, engine.policy.codec.id, {
      originMs: tier.now() - stored.ageMs,
      ttlMs: stored.ttlMs,
      graceMs: 0,
      loadCostMs: stored.loadCostMs,
      stamps,
      payload,
    });
    await tier.write(ref, frame, { ttlMs: remainingMs, pin: stored.pin });
  };
  const budget = startBudget(engine, engine.policy.writeBudgetMs);
  await Promise.all(grants.map((grant) => callTier(engine, grant.tier, 'write', budget, () => write(grant), Boolean)));
}

function refuse<V>(engine: Engine<V>, ref: EntryRef, reason: 'closed' | 'invalidated' | 'too-large'): false {
  engine.refused(ref, reason);
  return false;
}
