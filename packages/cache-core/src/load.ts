import type { LoadOptions, Loader } from './contracts/cache.ts';
import type { RefusedWrite } from './contracts/events.ts';
import type { Engine } from './engine.ts';
import type { Fence } from './fence.ts';
import { releaseAll } from './lease.ts';
import { tellOutcome } from './listener.ts';
import type { Descent } from './lookup.ts';
import { descend, startDescent, storedFrom } from './lookup.ts';
import { prepare } from './prepare.ts';
import { randomFraction } from './random.ts';
import type { Loaded } from './run-loader.ts';
import { runLoader } from './run-loader.ts';
import type { Fallback, Flight } from './flight.ts';
import type { Stored } from './write-back.ts';
import { insertHere, writeShared } from './write-back.ts';

/** A loader and how its value is to be kept. */
export interface LoadRequest<V> {
  readonly loader: Loader<V>;
  readonly options: LoadOptions;
  /** What this process holds for the key and will replace. */
  readonly held: Fallback<V> | undefined;
  /** @see Purpose.notBeforeMs */
  readonly notBeforeMs?: number | undefined;
}

/** The whole life of a flight: look below, get the right to write, run the loader, write back. Rejects only with the loader's error. */
export async function load<V>(engine: Engine<V>, flight: Flight<V>, request: LoadRequest<V>): Promise<V | undefined> {
  const fence = engine.raiseFence();
  const descent = startDescent<V>(flight.key, flight.ref);
  releaseWhenDetached(engine, descent, flight);
  if (engine.hasShared) {
    const signal = flight.abort.signal;
    const beforeWaiting = (): void => offerStale(engine, descent, flight, fence, request);
    await descend(engine, [descent], fence, { toLoad: true, notBeforeMs: request.notBeforeMs, beforeWaiting, signal });
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
  const { found } = descent;
  // Leases that were given after it was detached are known only now.
  releaseWhenDetached(engine, descent, flight);
  let written = Promise.resolve();
  try {
    if (found !== undefined) {
      tellOutcome(request.options, { from: 'tier', tier: found.tier.name });
      return found.value;
    }
    offerStale(engine, descent, flight, fence, request);
    const isCurrent = (): boolean => flight.overtakenBy === undefined && fence.admits(flight.ref);
    const loaded = await runLoader(engine, flight, request, isCurrent);
    const { value, stored } = keep(engine, flight, request, loaded, isCurrent);
    if (stored !== undefined) written = writeBack(engine, descent, stored);
    return value;
  } finally {
    // Who waits for the lease must find the value when it is free.
    void written.then(() => release(engine, descent));
  }
}

/** Who comes after an invalidation, or after a load has lost its callers or its time, must not wait for its lease. */
export function releaseWhenDetached<V>(engine: Engine<V>, descent: Descent<V>, flight: Flight<V>): void {
  flight.whenDetached(() => release(engine, descent));
}

function release<V>(engine: Engine<V>, { leases }: Descent<V>): void {
  const held = leases.splice(0);
  if (held.length > 0) void engine.background(releaseAll(engine, held));
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
  const nowMs = engine.policy.clock.now();
  const heldIsBetter = held !== undefined && (nowMs < held.staleUntilMs || stale?.freshness !== 'stale');
  if (heldIsBetter) return flight.offer(held);
  if (stale === undefined) return;
  // Kept here, so that the next caller need not look below to be served it.
  const objection = fence.admits(descent.ref) ? undefined : 'invalidated';
  insertHere(engine, descent.key, descent.ref, storedFrom(engine, stale), objection);
  const { value, loadCostMs, originMs, ttlMs, graceMs } = stale;
  const goneAtMs = originMs + ttlMs + graceMs;
  flight.offer({
    value,
    originMs,
    loadCostMs,
    staleUntilMs: stale.freshness === 'stale' ? goneAtMs : originMs,
    goneAtMs,
  });
}

/**
 * Makes of a loaded value what the tiers keep, and puts it into the process tier unless something speaks against it.
 * @returns the value as callers get it, the same whoever asks when; and what is to be written to the shared tiers.
 */
function keep<V>(
  engine: Engine<V>,
  flight: Flight<V>,
  { options }: LoadRequest<V>,
  loaded: Loaded<V>,
  isCurrent: () => boolean,
): { value: V | undefined; stored?: Stored<V> } {
  const { policy, stats } = engine;
  const { value, kept, startedMs, durationMs, report } = loaded;
  const negative = value === undefined;
  const prepared = negative ? undefined : prepare(engine, value);
  if (prepared !== undefined) stats.valueBytes.add(prepared.valueBytes);
  const own = prepared?.value ?? value;
  const ttlMs = kept.ttl ?? (negative ? policy.negativeTtl : (options.ttl ?? policy.ttl));
  const stored = unlessUnsettled(engine, flight, startedMs, {
    value: own,
    freshness: 'fresh',
    payload: prepared?.payload,
    valueBytes: prepared?.valueBytes ?? 0,
    // Age counts from the start of the load: the source may have changed while it was being read.
    originMs: startedMs,
    ttlMs: ttlMs * (1 - policy.jitter * randomFraction()),
    graceMs: negative ? 0 : (kept.grace ?? options.grace ?? policy.grace),
    loadCostMs: durationMs,
    pin: options.pin ?? false,
  });
  const objection = objectionTo(engine, flight, loaded, prepared?.value, isCurrent);
  if (ttlMs === 0) {
    report('not-stored');
    // "There is none" is not kept, but a stale value must not outlive the news: an entry that is over already takes its place.
    if (flight.fallback === undefined || objection !== undefined) return { value };
    engine.process.delete(flight.key);
    return { value, stored };
  }
  const refusal = insertHere(engine, flight.key, flight.ref, stored, objection);
  // What is too large for this process is not too large for a tier that has more room.
  const writable = refusal === undefined || (refusal === 'too-large' && policy.tiers.length > 0);
  if (writable) engine.flights.stored(flight);
  report(writable ? 'stored' : 'not-stored');
  return { value: own, ...(writable ? { stored } : {}) };
}

/** After an invalidation a source may answer with the old value for a while: what it says then is not kept beyond that. */
function unlessUnsettled<V>(engine: Engine<V>, { ref }: Flight<V>, startedMs: number, stored: Stored<V>): Stored<V> {
  const settlesAtMs = engine.lag.settlesAt(ref, startedMs);
  if (settlesAtMs === 0) return stored;
  return { ...stored, ttlMs: Math.min(stored.ttlMs, settlesAtMs - startedMs), graceMs: 0 };
}

function objectionTo<V>(
  engine: Engine<V>,
  flight: Flight<V>,
  { value, mayStore }: Loaded<V>,
  own: V | undefined,
  isCurrent: () => boolean,
): RefusedWrite | undefined {
  if (!mayStore) return 'do-not-store';
  if (value !== undefined && own === undefined) return 'unencodable';
  if (!isCurrent()) return flight.overtakenBy === 'load' ? 'superseded' : 'invalidated';
  if (own !== undefined && !engine.lag.admits(flight.key, own)) return 'older-version';
  return undefined;
}

/** Not awaited by the caller: nobody's turn waits for a shared tier to store. */
function writeBack<V>(engine: Engine<V>, descent: Descent<V>, stored: Stored<V>): Promise<void> {
  if (descent.grants.length < engine.policy.tiers.length) engine.refused(descent.ref, 'no-stamps');
  return engine.background(writeShared(engine, descent.ref, descent.grants, stored));
}
