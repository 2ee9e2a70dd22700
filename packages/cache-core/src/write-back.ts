import type { RefusedWrite } from './contracts/events.ts';
import type { EntryRef } from './contracts/invalidation.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import { encodeFrame } from './frame.ts';
import type { CompleteStamps } from './judge.ts';
import type { Freshness } from './process-tier.ts';
import { sealPayload } from './sealing.ts';
import { PROCESS_TIER } from './stats.ts';
import type { Budget } from './tier-call.ts';
import { callTier, startBudget } from './tier-call.ts';

/** The right to write one entry into one tier: the stamps that were there before its source was read. */
export interface Grant {
  readonly tier: SharedTier;
  readonly stamps: CompleteStamps;
}

/** A value on its way into the tiers. */
export interface Stored<V> {
  /** `undefined`: a negative entry. */
  readonly value: V | undefined;
  readonly freshness: Freshness;
  /** The encoded value; needed for shared tiers only, and not for negative entries. */
  readonly payload: Uint8Array | undefined;
  readonly valueBytes: number;
  /** When it was read from its source, in the time of this process's clock. */
  readonly originMs: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadCostMs: number;
  readonly pin: boolean;
}

/** Stamps outlive the frames written under them by this much, whatever the tier rounds. */
const STAMP_MARGIN_MS = 60_000;
/** As long as a frame can tell. */
const MAX_TTL_MS = 2 ** 32 - 1;
const NO_BYTES = new Uint8Array();

/** How long the stamps of an entry must exist that is usable for this long. */
export function stampTtlMs(hardTtlMs: number): number {
  return wholeTtl(hardTtlMs) + STAMP_MARGIN_MS;
}

/** Tiers keep whole milliseconds, and nothing for ever. */
function wholeTtl(ttlMs: number): number {
  return Math.max(1, Math.ceil(Math.min(MAX_TTL_MS, ttlMs)));
}

/**
 * Puts a value into the process tier, unless something speaks against it.
 * @returns why it is not there, if it is not.
 */
export function insertHere<V>(
  engine: Engine<V>,
  key: string,
  ref: EntryRef,
  stored: Stored<V>,
  objection: RefusedWrite | undefined,
): RefusedWrite | undefined {
  const refusal = engine.closed ? 'closed' : objection;
  if (refusal !== undefined) return refuse(engine, ref, refusal);
  const { clock, processTtl, tiers, bus } = engine.policy;
  const now = clock.now();
  const { originMs } = stored;
  const softEndMs = originMs + stored.ttlMs;
  const lastGood = stored.freshness === 'last-good';
  const freshUntilMs = lastGood ? originMs : Math.min(now + processTtl, softEndMs);
  const goneAtMs = softEndMs + stored.graceMs;
  // What ends here before its time is fresh below, so it is not served stale.
  const endsEarly = tiers.length > 0 && now + processTtl < softEndMs;
  const outcome = engine.process.set(
    key,
    {
      value: stored.value,
      originMs,
      freshUntilMs,
      staleUntilMs: lastGood || endsEarly ? freshUntilMs : goneAtMs,
      goneAtMs,
      loadCostMs: stored.loadCostMs,
      ref: tiers.length > 0 || bus !== undefined || ref.tags.length > 0 ? ref : undefined,
      valueBytes: stored.valueBytes,
    },
    stored.pin,
    now,
  );
  if (outcome === 'too-large') return refuse(engine, ref, 'too-large');
  if (outcome === 'unpinned') {
    engine.emit?.({ type: 'pin-refused', tier: PROCESS_TIER, keyHash: hashOfRef(ref), bytes: stored.valueBytes });
  }
  return undefined;
}

/** Writes a value into shared tiers. A tier that fails is an event; its stamps make any half-done write harmless. */
export async function writeShared<V>(
  engine: Engine<V>,
  ref: EntryRef,
  grants: readonly Grant[],
  stored: Stored<V>,
): Promise<void> {
  const budget = startBudget(engine, engine.policy.writeBudgetMs);
  await Promise.all(grants.map((grant) => writeTier(engine, ref, grant, stored, budget)));
}

async function writeTier<V>(
  engine: Engine<V>,
  ref: EntryRef,
  { tier, stamps }: Grant,
  stored: Stored<V>,
  budget: Budget,
): Promise<void> {
  const { policy } = engine;
  const { graceMs, loadCostMs, pin } = stored;
  const ageMs = policy.clock.now() - stored.originMs;
  // The tier's own bound counts from the write, as `processTtl` does: what is old already may still be promoted.
  const ttlMs = Math.min(stored.ttlMs, ageMs + (policy.tierTtl.get(tier) ?? Number.POSITIVE_INFINITY));
  const hardMs = ttlMs + graceMs;
  // Over before it could be read; unless it was meant to be, and only makes something else go.
  if (hardMs <= ageMs && stored.ttlMs > 0) return;
  const negative = stored.value === undefined;
  const nowMs = timeOf(engine, tier);
  if (nowMs === undefined) return;
  let frame: Uint8Array;
  try {
    const content = { originMs: nowMs - ageMs, ttlMs, graceMs, stamps, negative, payload: stored.payload ?? NO_BYTES };
    const payload = sealPayload(policy, ref, content);
    frame = encodeFrame(ref, policy.format, { ...content, loadCostMs, payload });
  } catch {
    // Too many tags, or a seal that failed: it stays in this process.
    engine.refused(ref, 'unencodable');
    return;
  }
  await callTier(engine, {
    tier,
    operation: 'write',
    budget,
    bytes: frame.byteLength,
    call: async () => {
      // `begin` asked for stamps that outlive the cache's own times; an entry that is kept longer asks for more.
      if (hardMs > policy.ttl + policy.grace) await tier.begin(ref, { leaseMs: 0, stampTtlMs: stampTtlMs(hardMs) });
      await tier.write(ref, frame, { ttlMs: wholeTtl(hardMs - ageMs), pin });
    },
    use: Boolean,
  });
}

function timeOf<V>(engine: Engine<V>, tier: SharedTier): number | undefined {
  try {
    return tier.now();
  } catch (error) {
    engine.tierFailed(tier, 'write', error);
    return undefined;
  }
}

function refuse<V>(engine: Engine<V>, ref: EntryRef, reason: RefusedWrite): RefusedWrite {
  engine.refused(ref, reason);
  return reason;
}
