import type { EntryRef } from './contracts/invalidation.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import type { Fence } from './fence.ts';
import { encodeFrame } from './frame.ts';
import type { CompleteStamps } from './judge.ts';
import { PROCESS_TIER } from './stats.ts';
import { callTier } from './tier-call.ts';

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

/** Puts a value into the process tier, unless an invalidation has come since the fence was raised. */
export function insertHere<V>(engine: Engine<V>, key: string, ref: EntryRef, stored: Stored<V>, fence: Fence): boolean {
  if (engine.closed) return refuse(engine, ref, 'closed');
  if (!fence.admits(ref)) return refuse(engine, ref, 'invalidated');
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
  if (payload === undefined) return;
  const remainingMs = stored.ttlMs - stored.ageMs;
  await Promise.all(
    grants.map(({ tier, stamps }) =>
      callTier(engine, tier, 'write', Infinity, () => {
        const frame = encodeFrame(ref, engine.policy.codec.id, {
          originMs: tier.now() - stored.ageMs,
          ttlMs: stored.ttlMs,
          graceMs: 0,
          loadCostMs: stored.loadCostMs,
          stamps,
          payload,
        });
        return tier.write(ref, frame, { ttlMs: remainingMs, pin: stored.pin });
      }),
    ),
  );
}

function refuse<V>(engine: Engine<V>, ref: EntryRef, reason: 'closed' | 'invalidated' | 'too-large'): false {
  engine.refused(ref, reason);
  return false;
}
