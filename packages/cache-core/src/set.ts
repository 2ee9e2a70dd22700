import type { EntryOptions } from './contracts/cache.ts';
import type { Engine } from './engine.ts';
import { grantAll } from './lookup.ts';
import { checkEntryOptions } from './policy.ts';
import { prepare } from './prepare.ts';
import { invalidateEverywhere } from './spread.ts';
import { insertHere, writeShared } from './write-back.ts';

/**
 * Stores what the application itself brings: an invalidation of what was there, then a write under new stamps.
 * @throws TypeError when the value cannot be stored as it is, or is `undefined`.
 */
export async function set<V>(engine: Engine<V>, key: string, value: V, options: EntryOptions): Promise<void> {
  if (value === undefined) throw new TypeError('undefined is absence and cannot be stored; use delete()');
  checkEntryOptions(options);
  const kept = prepare(engine, value);
  if (kept === undefined) {
    engine.policy.codec.encode(value); // Throws the codec's own reason.
    throw new TypeError(`codec ${engine.policy.codec.id} cannot read back what it wrote`);
  }
  engine.stats.sets++;
  engine.lag.overrule(key, kept.value);
  const stored = {
    ...kept,
    freshness: 'fresh',
    originMs: engine.policy.clock.now(),
    ttlMs: options.ttl ?? engine.policy.ttl,
    graceMs: options.grace ?? engine.policy.grace,
    loadCostMs: 0,
    pin: options.pin ?? false,
  } as const;
  const ref = engine.refOf(key, options.tags);
  const invalidation = { kind: 'keys', namespace: ref.namespace, keys: [ref.key] } as const;
  if (!engine.hasShared && engine.policy.bus === undefined) {
    engine.invalidateHere(invalidation, [key]);
    insertHere(engine, key, ref, stored, undefined);
    return;
  }
  const standing = engine.hearing.standing();
  await invalidateEverywhere(engine, invalidation, [key]);
  const fence = engine.raiseFence();
  const grants = await grantAll(engine, ref);
  const isCurrent = fence.admits(ref) && !engine.hearing.isOutdone(invalidation, ref, standing);
  // Reads that began since the invalidation may not put what they found in the place of this value.
  if (isCurrent) engine.hearing.note(invalidation);
  const refusal = insertHere(engine, key, ref, stored, isCurrent ? undefined : 'invalidated');
  if (refusal !== undefined && refusal !== 'too-large') return;
  // Loads that began since the invalidation have read what this value replaces.
  engine.flights.detachKey(key);
  await engine.background(writeShared(engine, ref, grants, stored));
}
