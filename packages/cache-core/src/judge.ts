import type { FrameFault } from './contracts/events.ts';
import type { EntryRef } from './contracts/invalidation.ts';
import type { SharedTier, Stamp, Stamps, StoredFrame } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import { decodeFrame } from './frame.ts';

/** A usable value from a shared tier. */
export interface Found<V> {
  readonly value: V;
  /** Since its load began, in milliseconds; never negative, whatever the clocks say. */
  readonly ageMs: number;
  readonly ttlMs: number;
  readonly loadCostMs: number;
  readonly tier: SharedTier;
  readonly payload: Uint8Array;
}

/** Stamps of which none is missing: the right to write a frame. */
export interface CompleteStamps {
  readonly key: Stamp;
  readonly namespace: Stamp;
  readonly tags: readonly Stamp[];
}

/** Decides whether stored bytes may be served: whole, ours, for this key, under stamps that still hold, and fresh. */
export function judge<V>(
  engine: Engine<V>,
  tier: SharedTier,
  ref: EntryRef,
  stored: StoredFrame,
): Found<V> | undefined {
  if (stored.bytes === undefined) return undefined;
  const { codec } = engine.policy;
  const frame = decodeFrame(ref, codec.id, stored.bytes);
  if (typeof frame === 'string') return reject(engine, tier, ref, frame);
  if (!stampsHold(frame.stamps, stored.stamps)) return reject(engine, tier, ref, 'stamps');
  const ageMs = Math.max(0, tier.now() - frame.originMs);
  if (ageMs >= frame.ttlMs) return reject(engine, tier, ref, 'expired');
  try {
    const value = codec.decode(frame.payload);
    return { value, ageMs, ttlMs: frame.ttlMs, loadCostMs: frame.loadCostMs, tier, payload: frame.payload };
  } catch {
    // Whatever a codec throws means the same: these bytes are not a value of this cache.
    return reject(engine, tier, ref, 'payload');
  }
}

/** The stamps as a right to write, if none is missing. */
export function completeStamps(stamps: Stamps): CompleteStamps | undefined {
  const { key, namespace } = stamps;
  const tags = stamps.tags.filter((tag) => tag !== undefined);
  if (key === undefined || namespace === undefined || tags.length !== stamps.tags.length) return undefined;
  return { key, namespace, tags };
}

/** Absent is a miss: an evicted or expired stamp can only cost a load, never revive an entry. */
function stampsHold(carried: Stamps, current: Stamps): boolean {
  const now = completeStamps(current);
  return (
    now !== undefined &&
    carried.key === now.key &&
    carried.namespace === now.namespace &&
    now.tags.every((tag, index) => tag === carried.tags[index])
  );
}

function reject<V>(engine: Engine<V>, tier: SharedTier, ref: EntryRef, fault: FrameFault): undefined {
  // Expiry and invalidation are how frames are meant to end; only the rest speaks of damage.
  if (fault !== 'expired' && fault !== 'stamps') engine.stats.frameFaults++;
  engine.onEvent?.({ type: 'frame-fault', tier: tier.name, keyHash: hashOfRef(ref), fault });
  return undefined;
}
