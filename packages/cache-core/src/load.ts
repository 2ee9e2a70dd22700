import type { LoadContext, Loader, LoadOptions } from './contracts/cache.ts';
import type { RefusedWrite } from './contracts/events.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import type { Fence } from './fence.ts';
import { releaseAll } from './lease.ts';
import type { Descent } from './lookup.ts';
import { descend, startDescent, storedFrom } from './lookup.ts';
import { checkEntryOptions } from './policy.ts';
import { prepare } from './prepare.ts';
import { randomFraction } from './random.ts';
import type { Fallback, Flight } from './single-flight.ts';
import type { Stored } from './write-back.ts';
import { insertHere, writeShared } from './write-back.ts';

/** A loader and how its value is to be kept. */
export interface LoadRequest<V> {
  readonly loader: Loader<V>;
  readonly options: LoadOptions;
  /** What this process holds for the key and will replace. */
  readonly held: Fallback<V> | undefined;
  /** Fresh values older than this do not count; see {@link Purpose}. */
  readonly maxAgeMs?: number | undefined;
}

/** The whole life of a flight: look below, get the right to write, run the loader, write back. Rejects only with the loader's error. */
export async function load<V>(engine: Engine<V>, flight: Flight<V>, request: LoadRequest<V>): Promise<V | undefined> {
  const fence = engine.raiseFence();
  const descent = startDescent<V>(flight.key, flight.ref);
  if (engine.hasShared) {
    const signal = flight.abort.signal;
    const beforeWaiting = (): void => offerStale(engine, descent, flight, fence, request);
    await descend(engine, [descent], fence, { toLoad: true, maxAgeMs: request.maxAgeMs, beforeWaiting, signal });
  }
  return finish(engine, descent, flight, fence, request);
}

/** The second half of {@link load}: what remains when the tiers have been asked. */
export async function finish<V>(
  engine: Engine<V>,
  descent: Descent<V>,
  flight: Flight<V>,
  fence: Fence,
  request: LoadRequest<V>,
): Promise<V | undefined> {
  const { found, leases } = descent;
  if (found !== undefined) {
    void engine.background(releaseAll(engine, leases));
    request.options.onOutcome?.({ from: 'tier', tier: found.tier.name });
    return found.value;
  }
  offerStale(engine, descent, flight, fence, request);
  let written: Promise<void> | undefined;
  try {
    const { value, stored } = await runLoader(engine, flight, fence, request);
    if (stored !== undefined) written = writeBack(engine, descent, stored);
    return value;
  } finally {
    // Who waits for the lease must find the value when it is free.
    if (leases.length > 0)
      void engine.background((written ?? Promise.resolve()).then(() => releaseAll(engine, leases)));
  }
}

/** Lets the callers have what is there, when their soft timeout is over or the load fails. */
function offerStale<V>(
  engine: Engine<V>,
  descent: Descent<V>,
  flight: Flight<V>,
  fence: Fence,
  { held }: LoadRequest<V>,
): void {
  const { stale } = descent;
  if (held !== undefined && (!held.lastGood || stale?.freshness !== 'stale')) return flight.offer(held);
  if (stale === undefined) return;
  // Kept here, so that the next caller need not look below to be served it.
  const objection = fence.admits(descent.ref) ? undefined : 'invalidated';
  insertHere(engine, descent.key, descent.ref, storedFrom(engine, stale), objection);
  const { value, loadCostMs } = stale;
  const originMs = engine.policy.clock.now() - stale.ageMs;
  flight.offer({ value, originMs, loadCostMs, lastGood: stale.freshness === 'last-good' });
}

async function runLoader<V>(
  engine: Engine<V>,
  flight: Flight<V>,
  fence: Fence,
  { loader, options, held }: LoadRequest<V>,
): Promise<{ value: V | undefined; stored?: Stored<V> }> {
  // Everybody has left while the tiers were asked.
  if (flight.waiting === 0) flight.abort.signal.throwIfAborted();
  const { policy, stats, backOff } = engine;
  const { clock } = policy;
  const { key, ref } = flight;
  const keyHash = hashOfRef(ref);
  const fallback = flight.fallback ?? held;
  const isRefresh = flight.background || flight.served;
  if (!isRefresh) {
    stats.misses++;
    engine.emit?.({ type: 'miss', keyHash });
  }
  const resting = backOff.find(key, clock.now());
  if (resting !== undefined) {
    flight.resting = true;
    if (fallback === undefined) stats.backOffErrors++;
    throw resting.error;
  }
  let kept: { ttl?: number; grace?: number } = {};
  let mayStore = true;
  const context: LoadContext<V> = {
    key,
    reason: isRefresh ? 'refresh' : 'miss',
    stale: fallback?.value,
    signal: flight.abort.signal,
    isCurrent: () => flight.overtakenBy === undefined && fence.admits(ref),
    keep: (times) => {
      checkEntryOptions(times);
      kept = { ...kept, ...times };
    },
    doNotStore: () => {
      mayStore = false;
    },
  };
  stats.loads++;
  if (isRefresh) stats.refreshes++;
  options.onOutcome?.({ from: 'loader' });
  const startedMs = clock.now();
  const report = (outcome: 'stored' | 'not-stored' | 'failed', more: { error?: unknown } = {}): void =>
    engine.emit?.({
      type: 'load',
      keyHash,
      outcome,
      durationMs: clock.now() - startedMs,
      reason: context.reason,
      ...more,
    });
  const failed = (error: unknown): void => {
    const delayMs = backOff.failed(key, error, clock.now());
    if (delayMs > 0) engine.emit?.({ type: 'back-off', keyHash, delayMs });
  };
  flight.startLoader((error) => {
    engine.flights.outlast(flight);
    if (error !== undefined) failed(error);
  });
  let value: V | undefined;
  try {
    value = await loader(context);
  } catch (error) {
    stats.loadErrors++;
    // A load that was told to stop says nothing about its source.
    if (!flight.abort.signal.aborted) failed(error);
    report('failed', { error });
    throw error;
  }
  backOff.forget(key);
  // Age counts from the start of the load: the source may have changed while it was being read.
  const durationMs = clock.now() - startedMs;
  stats.loadTimeMs.add(durationMs);
  const prepared = value === undefined ? undefined : prepare(engine, value);
  const ttlMs = value === undefined ? (kept.ttl ?? policy.negativeTtl) : (kept.ttl ?? options.ttl ?? policy.ttl);
  const graceMs = value === undefined ? 0 : (kept.grace ?? options.grace ?? policy.grace);
  const stored = settled(engine, flight, startedMs, {
    value: prepared?.value,
    freshness: 'fresh',
    payload: prepared?.payload,
    valueBytes: prepared?.valueBytes ?? 0,
    ageMs: durationMs,
    ttlMs: ttlMs * (1 - policy.jitter * randomFraction()),
    graceMs,
    loadCostMs: durationMs,
    pin: options.pin ?? false,
  });
  if (value === undefined && ttlMs === 0) {
    report('not-stored');
    return { value };
  }
  const unstorable = value !== undefined && prepared === undefined ? 'unencodable' : undefined;
  const objection = mayStore ? (unstorable ?? objectionTo(engine, context, flight, prepared?.value)) : 'do-not-store';
  const inserted = insertHere(engine, key, ref, stored, objection);
  report(inserted ? 'stored' : 'not-stored');
  return { value: prepared?.value ?? value, ...(inserted ? { stored } : {}) };
}

/** After an invalidation a source may answer with the old value for a while: what it says then is not kept beyond that. */
function settled<V>(engine: Engine<V>, { ref }: Flight<V>, startedMs: number, stored: Stored<V>): Stored<V> {
  const settlesAtMs = engine.lag.settlesAt(ref, startedMs);
  if (settlesAtMs === 0) return stored;
  return { ...stored, ttlMs: Math.min(stored.ttlMs, settlesAtMs - startedMs), graceMs: 0 };
}

function objectionTo<V>(
  engine: Engine<V>,
  context: LoadContext<V>,
  flight: Flight<V>,
  value: V | undefined,
): RefusedWrite | undefined {
  if (!context.isCurrent()) return flight.overtakenBy === 'load' ? 'superseded' : 'invalidated';
  if (value !== undefined && !engine.lag.admits(flight.key, value)) return 'older-version';
  return undefined;
}

/** Not awaited by the caller: nobody's turn waits for a shared tier to store. */
function writeBack<V>(engine: Engine<V>, descent: Descent<V>, stored: Stored<V>): Promise<void> {
  if (descent.grants.length < engine.policy.tiers.length) engine.refused(descent.ref, 'no-stamps');
  return engine.background(writeShared(engine, descent.ref, descent.grants, stored));
}
