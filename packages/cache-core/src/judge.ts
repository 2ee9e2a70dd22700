import type { FrameFault } from './contracts/events.ts';
import type { EntryRef } from './contracts/invalidation.ts';
import type { SharedTier, Stamp, Stamps, StoredFrame } from './contracts/shared-tier.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import { decodeFrame } from './frame.ts';
import type { Freshness } from './process-tier.ts';
import { openPayload } from './sealing.ts';
import { compareStamps } from './stamp.ts';

/** A usable value from a shared tier. */
export interface Found<V> {
  /** `undefined`: it is known that there is none. */
  readonly value: V | undefined;
  readonly freshness: Freshness;
  /** When its load began, in the time of this process's clock: from here on the value ages, whatever is waited for. */
  readonly originMs: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly loadCostMs: number;
  readonly tier: SharedTier;
  /** As the codec wrote it; undefined for a negative entry. */
  readonly payload: Uint8Array | undefined;
}

/** Stamps of which none is missing: the right to write a frame. */
export interface CompleteStamps {
  readonly key: Stamp;
  readonly namespace: Stamp;
  readonly tags: readonly Stamp[];
}

/** Decides whether stored bytes may be served, and as what: whole, ours, for this key, under stamps that still hold, not too old. */
export function judge<V>(
  engine: Engine<V>,
  tier: SharedTier,
  ref: EntryRef,
  stored: StoredFrame,
): Found<V> | undefined {
  if (stored.bytes === undefined) return undefined;
  const { codec, format } = engine.policy;
  const frame = decodeFrame(ref, format, stored.bytes);
  if (typeof frame === 'string') return reject(engine, tier, ref, frame);
  engine.breakers.noteSize(stored.bytes.byteLength);
  const standing = standingOf(frame.stamps, stored.stamps);
  if (standing === 'different') return reject(engine, tier, ref, 'stamps');
  // Never negative, whatever the clocks say.
  const ageMs = Math.max(0, tier.now() - frame.originMs);
  if (ageMs >= frame.ttlMs + frame.graceMs) return reject(engine, tier, ref, 'expired');
  const doubted = standing === 'softened' || ageMs >= engine.hearing.doubtedFromMs;
  const freshness = doubted ? 'last-good' : ageMs < frame.ttlMs ? 'fresh' : 'stale';
  const { ttlMs, graceMs, loadCostMs } = frame;
  const originMs = engine.policy.clock.now() - ageMs;
  const found = { freshness, originMs, ttlMs, graceMs, loadCostMs, tier } as const;
  try {
    const payload = openPayload(engine.policy, ref, frame);
    if (frame.negative === true) return { ...found, value: undefined, payload: undefined };
    return { ...found, value: codec.decode(payload), payload };
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

/** Absent is different: an evicted or expired stamp can only cost a load, never revive an entry. */
function standingOf(carried: Stamps, current: Stamps): 'equal' | 'softened' | 'different' {
  const standings = [
    compareStamps(carried.key, current.key),
    compareStamps(carried.namespace, current.namespace),
    ...current.tags.map((tag, index) => compareStamps(carried.tags[index], tag)),
  ];
  if (standings.includes('different')) return 'different';
  return standings.includes('softened') ? 'softened' : 'equal';
}

function reject<V>(engine: Engine<V>, tier: SharedTier, ref: EntryRef, fault: FrameFault): undefined {
  // Expiry and invalidation are how frames are meant to end; only the rest speaks of damage.
  if (fault !== 'expired' && fault !== 'stamps') engine.stats.frameFaults++;
  engine.emit?.({ type: 'frame-fault', tier: tier.name, keyHash: hashOfRef(ref), fault });
  return undefined;
}
