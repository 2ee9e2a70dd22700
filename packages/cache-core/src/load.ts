import type { LoadContext, Loader, LoadOptions } from './contracts/cache.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import { descend } from './lookup.ts';
import type { Descent } from './lookup.ts';
import type { Fence } from './fence.ts';
import { positive } from './policy.ts';
import type { Flight } from './single-flight.ts';
import { callTier, startBudget } from './tier-call.ts';
import { insertHere, writeShared } from './write-back.ts';
import type { Stored } from './write-back.ts';

/** The whole life of a flight: look below, get the right to write, run the loader, write back. Rejects only with the loader's error. */
export async function load<V>(
  engine: Engine<V>,
  key: string,
  loader: Loader<V>,
  options: LoadOptions,
  flight: Flight<V>,
): Promise<V | undefined> {
  const fence = engine.raiseFence();
  const [descent] = engine.hasShared ? await descend(engine, [key], fence, true) : [onlyHere<V>(engine, key)];
  if (descent === undefined) throw new Error('a descent for one key has one result');
  if (descent.found !== undefined) {
    options.onOutcome?.({ from: 'tier', tier: descent.found.tier.name });
    return descent.found.value;
  }
  engine.stats.misses++;
  engine.onEvent?.({ type: 'miss', keyHash: hashOfRef(descent.ref) });
  try {
    return await runLoader(engine, descent, loader, options, flight, fence);
  } finally {
    for (const { tier, lease } of descent.leases) {
      const budget = startBudget(engine, engine.policy.writeBudgetMs);
      void engine.background(callTier(engine, tier, 'begin', budget, () => lease.release(), Boolean));
    }
  }
}

function onlyHere<V>(engine: Engine<V>, key: string): Descent<V> {
  return { key, ref: engine.keyspace.refOf(key), found: undefined, grants: [], leases: [] };
}

async function runLoader<V>(
  engine: Engine<V>,
  descent: Descent<V>,
  loader: Loader<V>,
  options: LoadOptions,
  flight: Flight<V>,
  fence: Fence,
): Promise<V | undefined> {
  const { clock } = engine.policy;
  const { ref } = descent;
  let ttlMs = options.ttl ?? engine.policy.ttl;
  let store = true;
  const context: LoadContext<V> = {
    key: descent.key,
    reason: 'miss',
    stale: undefined,
    signal: flight.abort.signal,
    isCurrent: () => flight.attached && fence.admits(ref),
    keep: (kept) => {
      ttlMs = positive('ttl', kept.ttl ?? ttlMs);
    },
    doNotStore: () => {
      store = false;
    },
  };
  engine.stats.loads++;
  options.onOutcome?.({ from: 'loader' });
  const startedMs = clock.now();
  const report = (outcome: 'stored' | 'not-stored' | 'failed'): void =>
    engine.onEvent?.({ type: 'load', keyHash: hashOfRef(ref), outcome, durationMs: clock.now() - startedMs });
  let value: V | undefined;
  try {
    value = await loader(context);
  } catch (error) {
    engine.stats.loadErrors++;
    report('failed');
    throw error;
  }
  // Age counts from the start of the load: the source may have changed while it was being read.
  const durationMs = clock.now() - startedMs;
  engine.stats.loadMs += durationMs;
  const kept = value === undefined ? undefined : prepare(engine, value);
  let inserted = false;
  if (value !== undefined && !store) {
    engine.refused(ref, 'do-not-store');
  } else if (kept !== undefined) {
    const stored = { ...kept, ageMs: durationMs, ttlMs, loadCostMs: durationMs, pin: options.pin ?? false };
    inserted = insertHere(engine, descent.key, ref, stored, context.isCurrent());
    if (inserted) writeBack(engine, descent, stored);
  } else if (value !== undefined) {
    engine.refused(ref, 'unencodable');
  }
  report(inserted ? 'stored' : 'not-stored');
  return kept?.value ?? value;
}

/** Not awaited: nobody's turn waits for a shared tier to store. */
function writeBack<V>(engine: Engine<V>, descent: Descent<V>, stored: Stored<V>): void {
  if (descent.grants.length < engine.policy.tiers.length) engine.refused(descent.ref, 'no-stamps');
  void engine.background(writeShared(engine, descent.ref, descent.grants, stored));
}

/** A value as the tiers keep it. */
export interface Prepared<V> {
  readonly value: V;
  readonly payload: Uint8Array | undefined;
  readonly valueBytes: number;
}

/** Encodes once, for the size and for the tiers; `undefined` when the value cannot be encoded. */
export function prepare<V>(engine: Engine<V>, value: V): Prepared<V> | undefined {
  const { codec, tiers } = engine.policy;
  try {
    if (codec.shareable === true && codec.sizeOf !== undefined) {
      const payload = tiers.length > 0 ? codec.encode(value) : undefined;
      return { value, payload, valueBytes: codec.sizeOf(value) };
    }
    const payload = codec.encode(value);
    const own = codec.shareable === true ? value : codec.decode(payload);
    return { value: own, payload, valueBytes: codec.sizeOf?.(own) ?? payload.byteLength };
  } catch {
    // A loader's value that cannot be stored is still a value; `set` asks the codec itself for the reason.
    return undefined;
  }
}
