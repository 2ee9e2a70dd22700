import type { Loader, LoadOptions } from './contracts/cache.ts';
import type { StaleReason } from './contracts/events.ts';
import type { Engine } from './engine.ts';
import { CacheError } from './errors.ts';
import type { LoadRequest } from './load.ts';
import { load } from './load.ts';
import { tellOutcome } from './listener.ts';
import { checkEntryOptions, checkPatience } from './policy.ts';
import type { ProcessEntry } from './process-tier.ts';
import { randomFraction } from './random.ts';
import { PROCESS_TIER } from './stats.ts';
import type { Fallback, Flight } from './flight.ts';

/** Part of the ttl by which a value must be younger than the one it replaces early. */
const YOUNGER_BY = 0.1;

/** Brings a flight's value: {@link load}, or a batch that loads many together. */
export type LoadRunner<V> = (engine: Engine<V>, flight: Flight<V>, request: LoadRequest<V>) => Promise<V | undefined>;

interface StartOptions<V> {
  readonly held: Fallback<V> | undefined;
  readonly run: LoadRunner<V>;
  readonly notBeforeMs?: number;
  /** A caller waits for it. @default false */
  readonly awaited?: boolean;
}

/**
 * `getOrLoad` where the process tier holds nothing fresh. A stale value is served at once if the caller will not wait
 * (`softTimeoutMs` 0) or the loader has just failed; else the caller joins the load of this key, or starts it.
 */
export function obtain<V>(
  engine: Engine<V>,
  key: string,
  loader: Loader<V>,
  options: LoadOptions,
  entry: ProcessEntry<V> | undefined,
  run: LoadRunner<V> = load,
): Promise<V | undefined> {
  try {
    return choose(engine, key, loader, options, entry, run);
  } catch (error) {
    // Bad options, and whatever the caller's own functions throw: who is given a promise looks for errors there.
    return Promise.reject(error);
  }
}

function choose<V>(
  engine: Engine<V>,
  key: string,
  loader: Loader<V>,
  options: LoadOptions,
  entry: ProcessEntry<V> | undefined,
  run: LoadRunner<V>,
): Promise<V | undefined> {
  const { signal, deadlineMs } = options;
  if (signal?.aborted === true) return Promise.reject(signal.reason);
  checkEntryOptions(options);
  checkPatience(options);
  const nowMs = engine.policy.clock.now();
  const running = engine.flights.find(key);
  const held = entry === undefined ? usable(running?.fallback, nowMs) : fallbackFrom(engine, entry);
  const softTimeoutMs = options.softTimeoutMs ?? engine.policy.softTimeoutMs;
  const isResting = engine.backOff.find(key, nowMs) !== undefined;
  const isStale = held !== undefined && nowMs < held.staleUntilMs;
  if (held !== undefined && (isResting || (isStale && softTimeoutMs === 0))) {
    // While the loader rests the tiers are still asked: another process may have been luckier.
    if (running === undefined && (!isResting || engine.hasShared)) {
      startLoad(engine, key, loader, quiet(options), { held, run });
    }
    tellOutcome(options, { from: 'tier', tier: PROCESS_TIER });
    return serve(engine, key, held, isResting ? 'back-off' : 'revalidating');
  }
  if (running !== undefined) {
    engine.stats.shared++;
    tellOutcome(options, { from: 'flight' });
    engine.emit?.({ type: 'shared', keyHash: engine.hashOf(key) });
    // Its other callers have been given the stale value; so is this one, unless that has aged beyond use.
    if (running.served && isStale && softTimeoutMs < Number.POSITIVE_INFINITY)
      return serve(engine, key, held, 'revalidating');
  }
  const flight = running ?? startLoad(engine, key, loader, options, { held, run, awaited: true });
  const result = running?.served === true ? freshOr(engine, flight, held) : flight.answer;
  const atDeadline = (): V | undefined => {
    const fallback = flight.fallback ?? held;
    if (fallback === undefined || engine.policy.clock.now() >= fallback.staleUntilMs)
      throw new CacheError('ERR_CACHE_DEADLINE', `no value within the deadline of ${deadlineMs} ms`);
    engine.servedStale(key, fallback, 'deadline');
    return fallback.value;
  };
  return engine.flights.wait(flight, result, { signal, deadlineMs, atDeadline });
}

/**
 * Whether a hit is to refresh its entry before it ends. The probability grows towards the end, the sooner the more the load
 * costs: XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015).
 */
export function isDueEarly<V>(engine: Engine<V>, entry: ProcessEntry<V>, nowMs: number): boolean {
  const { earlyRefresh } = engine.policy;
  if (earlyRefresh === 0 || entry.value === undefined) return false;
  // It ends here, not in the tiers below (`processTtl`): there is nothing to load yet.
  if (entry.staleUntilMs < entry.goneAtMs) return false;
  return nowMs - entry.loadCostMs * earlyRefresh * Math.log(1 - randomFraction()) >= entry.freshUntilMs;
}

/** A hit that is due for its early refresh: loads behind the callers' back, unless that is under way. @returns the hit's value. */
export async function refreshEarly<V>(
  engine: Engine<V>,
  key: string,
  loader: Loader<V>,
  options: LoadOptions,
  entry: ProcessEntry<V>,
): Promise<V | undefined> {
  checkEntryOptions(options);
  checkPatience(options);
  const nowMs = engine.policy.clock.now();
  if (engine.flights.find(key) === undefined && engine.backOff.find(key, nowMs) === undefined) {
    // What the tiers below hold is as fresh as what is here; only what somebody else has refreshed meanwhile is worth taking.
    const notBeforeMs = entry.originMs + YOUNGER_BY * (options.ttl ?? engine.policy.ttl);
    startLoad(engine, key, loader, quiet(options), { held: fallbackFrom(engine, entry), run: load, notBeforeMs });
  }
  return entry.value;
}

function startLoad<V>(
  engine: Engine<V>,
  key: string,
  loader: Loader<V>,
  options: LoadOptions,
  { held, run, notBeforeMs, awaited = false }: StartOptions<V>,
): Flight<V> {
  const { softTimeoutMs, hardTimeoutMs } = engine.policy;
  return engine.flights.start({
    key,
    ref: engine.refOf(key, options.tags),
    softTimeoutMs: options.softTimeoutMs ?? softTimeoutMs,
    hardTimeoutMs: options.hardTimeoutMs ?? hardTimeoutMs,
    background: !awaited,
    run: (flight) => run(engine, flight, { loader, options, held, notBeforeMs }),
  });
}

/** The options of a load that its caller does not wait for. */
function quiet(options: LoadOptions): LoadOptions {
  return { ...options, onOutcome: () => {} };
}

function fallbackFrom<V>(engine: Engine<V>, entry: ProcessEntry<V>): Fallback<V> | undefined {
  const { value, originMs, loadCostMs, goneAtMs } = entry;
  if (value === undefined) return undefined;
  const isDoubted = engine.policy.clock.now() - originMs >= engine.hearing.doubtedFromMs;
  const staleUntilMs = isDoubted ? originMs : entry.staleUntilMs;
  return { value, originMs, loadCostMs, staleUntilMs, goneAtMs };
}

function usable<V>(fallback: Fallback<V> | undefined, nowMs: number): Fallback<V> | undefined {
  return fallback !== undefined && nowMs < fallback.goneAtMs ? fallback : undefined;
}

/** What a flight brings whose callers have been served already; if it fails, what this caller could be served. */
function freshOr<V>(engine: Engine<V>, flight: Flight<V>, held: Fallback<V> | undefined): Promise<V | undefined> {
  return flight.fresh.catch((error: unknown) => {
    const fallback = usable(held, engine.policy.clock.now());
    if (fallback === undefined) throw error;
    return serve(engine, flight.key, fallback, 'error');
  });
}

function serve<V>(engine: Engine<V>, key: string, held: Fallback<V>, reason: StaleReason): Promise<V | undefined> {
  engine.servedStale(key, held, reason);
  return Promise.resolve(held.value);
}
