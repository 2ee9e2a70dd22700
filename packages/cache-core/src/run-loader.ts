import type { LoadContext } from './contracts/cache.ts';
import type { Engine } from './engine.ts';
import { hashOfRef } from './engine.ts';
import type { LoadRequest } from './load.ts';
import { tellOutcome } from './listener.ts';
import { checkEntryOptions } from './policy.ts';
import type { Flight } from './flight.ts';

/** What a loader brought, and what it said about keeping it. */
export interface Loaded<V> {
  readonly value: V | undefined;
  /** Clock time. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly kept: { readonly ttl?: number; readonly grace?: number };
  readonly mayStore: boolean;
  /** Tells the end of the load, once it is known. */
  readonly report: (outcome: 'stored' | 'not-stored') => void;
}

/**
 * Runs the loader of a flight, unless it failed a short time ago and its key rests; then that error is thrown again.
 * Rejects only with the loader's own error.
 */
export async function runLoader<V>(
  engine: Engine<V>,
  flight: Flight<V>,
  { loader, options, held }: LoadRequest<V>,
  isCurrent: () => boolean,
): Promise<Loaded<V>> {
  // Everybody has left while the tiers were asked.
  if (flight.waiting === 0) flight.abort.signal.throwIfAborted();
  const { stats, backOff } = engine;
  const { clock } = engine.policy;
  const keyHash = hashOfRef(flight.ref);
  const fallback = flight.fallback ?? held;
  const reason = flight.background || flight.served ? 'refresh' : 'miss';
  if (reason === 'miss') {
    stats.misses++;
    engine.emit?.({ type: 'miss', keyHash });
  }
  const resting = backOff.find(flight.key, clock.now());
  if (resting !== undefined) {
    flight.resting = true;
    if (fallback === undefined) stats.backOffErrors++;
    throw resting.error;
  }
  let kept: Loaded<V>['kept'] = {};
  let mayStore = true;
  const context: LoadContext<V> = {
    key: flight.key,
    reason,
    stale: fallback?.value,
    signal: flight.abort.signal,
    isCurrent,
    keep: (times) => {
      checkEntryOptions(times);
      kept = { ...kept, ...times };
    },
    doNotStore: () => {
      mayStore = false;
    },
  };
  stats.loads++;
  if (reason === 'refresh') stats.refreshes++;
  tellOutcome(options, { from: 'loader' });
  const startedMs = clock.now();
  const report = (outcome: 'stored' | 'not-stored' | 'failed', more: { error?: unknown } = {}): void =>
    engine.emit?.({ type: 'load', keyHash, outcome, durationMs: clock.now() - startedMs, reason, ...more });
  const failed = (error: unknown): void => {
    if (flight.failed) return;
    stats.loadErrors++;
    rest(engine, flight, error);
    flight.failed = true;
    report('failed', { error });
  };
  flight.startLoader((error) => {
    engine.flights.outlast(flight);
    if (error !== undefined) failed(error);
  });
  try {
    const value = await loader(context);
    const durationMs = clock.now() - startedMs;
    backOff.forget(flight.key);
    stats.loadTimeMs.add(durationMs);
    return { value, startedMs, durationMs, kept, mayStore, report };
  } catch (error) {
    // One load is one failure: its hard timeout has been told already.
    failed(error);
    throw error;
  }
}

/** A load that was told to stop, or has been overtaken, says nothing to those who came after it. */
function rest<V>(engine: Engine<V>, flight: Flight<V>, error: unknown): void {
  if (flight.overtakenBy !== undefined || flight.abort.signal.aborted) return;
  const delayMs = engine.backOff.failed(flight.key, flight.ref, error, engine.policy.clock.now());
  if (delayMs > 0) engine.emit?.({ type: 'back-off', keyHash: hashOfRef(flight.ref), delayMs });
}
