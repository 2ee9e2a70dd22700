import type { Clock } from './contracts/clock.ts';
import type { EntryRef } from './contracts/invalidation.ts';
import { BoundedMap } from './bounded-map.ts';
import { CacheError } from './errors.ts';

/** A value that may be served in place of one that is late or could not be loaded. */
export interface Fallback<V> {
  readonly value: V | undefined;
  /** Clock time at which it was read from its source. */
  readonly originMs: number;
  readonly loadCostMs: number;
  /** Last good: only for a loader that fails, not for one that takes its time. */
  readonly lastGood: boolean;
}

/** Told when callers of a flight are served its fallback; `error` is why, `undefined` when the soft timeout is over. */
export type OnFallback<V> = (fallback: Fallback<V>, error: unknown, flight: Flight<V>) => void;

/** How a flight runs and what its callers are told. */
export interface FlightPlan<V> {
  readonly key: string;
  readonly ref: EntryRef;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  /** Nobody waits for it, so nobody's leaving ends it. */
  readonly background: boolean;
  readonly run: (flight: Flight<V>) => Promise<V | undefined>;
}

/** Loads that took too long are remembered up to this number, so that a late result can still be told from an overtaken one. */
const MAX_LATE = 1000;
/** A load that no caller has limited blocks its key this long at most. */
const KEY_BLOCKED_MS = 60_000;

/** One load under way. */
export class Flight<V> {
  readonly key: string;
  readonly ref: EntryRef;
  readonly background: boolean;
  /** What callers get: the loaded value, or the fallback when that is due. */
  readonly answer: Promise<V | undefined>;
  /** The loaded value and nothing else. */
  readonly fresh: Promise<V | undefined>;
  readonly abort = new AbortController();
  /** What has overtaken it: nobody may join any more, and its result is not stored. */
  overtakenBy: 'invalidation' | 'load' | undefined;
  /** Callers who need the result. */
  waiting: number;
  fallback: Fallback<V> | undefined;
  /** Whether callers have been given the fallback. */
  served = false;
  /** Its loader was not asked, because it failed a short time ago. */
  resting = false;
  #answered = false;
  readonly #answer = Promise.withResolvers<V | undefined>();
  readonly #fresh = Promise.withResolvers<V | undefined>();
  readonly #plan: FlightPlan<V>;
  readonly #clock: Clock;
  readonly #onFallback: OnFallback<V>;
  #cancelSoft: (() => void) | undefined;
  #cancelHard: (() => void) | undefined;

  constructor(plan: FlightPlan<V>, clock: Clock, onFallback: OnFallback<V>) {
    this.key = plan.key;
    this.ref = plan.ref;
    this.background = plan.background;
    this.waiting = plan.background ? 1 : 0;
    this.#plan = plan;
    this.#clock = clock;
    this.#onFallback = onFallback;
    this.answer = this.#answer.promise;
    this.fresh = this.#fresh.promise;
    // A refresh that fails while nobody waits is an event, not an unhandled rejection.
    this.answer.catch(ignore);
    this.fresh.catch(ignore);
  }

  /** A stale value has been found: it is served when the soft timeout is over, or when the load fails. */
  offer(fallback: Fallback<V>): void {
    if (this.#answered) return;
    this.fallback = fallback;
    const { softTimeoutMs } = this.#plan;
    if (fallback.lastGood || softTimeoutMs === Number.POSITIVE_INFINITY || this.#cancelSoft !== undefined) return;
    if (softTimeoutMs === 0) this.#fallBack(undefined);
    else this.#cancelSoft = this.#clock.after(softTimeoutMs, () => this.#fallBack(undefined));
  }

  /**
   * The loader starts now: from here its hard timeout counts. `onTimeout` is called when it is over, with the error that the
   * callers get; without one when nobody has limited their wait, and only the key is to be free again.
   */
  startLoader(onTimeout: (error: CacheError | undefined) => void): void {
    const { hardTimeoutMs } = this.#plan;
    const unlimited = hardTimeoutMs === Number.POSITIVE_INFINITY;
    this.#cancelHard = this.#clock.after(unlimited ? KEY_BLOCKED_MS : hardTimeoutMs, () => {
      const message = `the loader has not answered within ${hardTimeoutMs} ms`;
      const error = unlimited ? undefined : new CacheError('ERR_CACHE_LOAD_TIMEOUT', message);
      onTimeout(error);
      if (error !== undefined) this.reject(error);
    });
  }

  resolve(value: V | undefined): void {
    this.#end();
    this.#fresh.resolve(value);
    this.#answer.resolve(value);
    this.#answered = true;
  }

  /** A load that failed: callers get the fallback if there is one. */
  reject(error: unknown): void {
    this.#end();
    this.#fresh.reject(error);
    if (this.#answered) return;
    if (this.fallback === undefined) this.#answer.reject(error);
    else this.#fallBack(error);
    this.#answered = true;
  }

  /** Tells the loader that its result is no longer needed. A loader that never settles must leave nothing behind. */
  stop(reason: unknown): void {
    this.#end();
    this.abort.abort(reason);
  }

  #fallBack(error: unknown): void {
    const { fallback } = this;
    if (this.#answered || fallback === undefined) return;
    this.#answered = true;
    this.served = true;
    this.#onFallback(fallback, error, this);
    this.#answer.resolve(fallback.value);
  }

  #end(): void {
    this.#cancelSoft?.();
    this.#cancelHard?.();
  }
}

/** One load per key: callers who come while it runs share its result, or its rejection. */
export class SingleFlight<V> {
  readonly #flights = new Map<string, Flight<V>>();
  /** Loads that took longer than their hard timeout: not joined, but stored unless a later load of their key has begun. */
  readonly #late = new BoundedMap<Flight<V>>(MAX_LATE, (flight) => {
    flight.overtakenBy = 'load';
  });
  readonly #clock: Clock;
  readonly #onFallback: OnFallback<V>;

  constructor(clock: Clock, onFallback: OnFallback<V>) {
    this.#clock = clock;
    this.#onFallback = onFallback;
  }

  /** Loads that a new caller could join. */
  get size(): number {
    return this.#flights.size;
  }

  /** The load to join. */
  find(key: string): Flight<V> | undefined {
    return this.#flights.get(key);
  }

  /** Runs `plan` at once; it can be joined until it lands, is detached, has lost all its callers, or is late. */
  start(plan: FlightPlan<V>): Flight<V> {
    const { key } = plan;
    const flight = new Flight(plan, this.#clock, this.#onFallback);
    const late = this.#late.get(key);
    if (late !== undefined) {
      late.overtakenBy = 'load';
      this.#late.delete(key);
    }
    this.#flights.set(key, flight);
    // It leaves the map first: a caller who asks again in the moment of failure starts anew.
    plan.run(flight).then(
      (value) => {
        this.#forget(flight);
        flight.resolve(value);
      },
      (error: unknown) => {
        this.#forget(flight);
        flight.reject(error);
      },
    );
    return flight;
  }

  /** A load has taken too long: the next caller starts anew, and what it still brings is stored only if nobody has. */
  outlast(flight: Flight<V>): void {
    if (this.#flights.get(flight.key) !== flight) return;
    this.#flights.delete(flight.key);
    this.#late.set(flight.key, flight);
  }

  /**
   * Waits for a flight. With a signal the wait, not the load, ends when it fires; the load is aborted when the last of its
   * callers has gone. A caller without a signal never goes.
   */
  wait(flight: Flight<V>, result: Promise<V | undefined>, signal: AbortSignal | undefined): Promise<V | undefined> {
    flight.waiting++;
    if (signal === undefined) return result;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        flight.waiting--;
        if (flight.waiting === 0) this.#abandon(flight, signal.reason);
        reject(signal.reason);
      };
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
      result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  /** Callers from now on start anew for the loads that match. */
  detach(matches: (flight: Flight<V>) => boolean): void {
    for (const flights of [this.#flights, this.#late]) {
      for (const [key, flight] of flights.entries()) {
        if (!matches(flight)) continue;
        flight.overtakenBy = 'invalidation';
        flights.delete(key);
      }
    }
  }

  /** As {@link detach} for one key. */
  detachKey(key: string): void {
    for (const flights of [this.#flights, this.#late]) {
      const flight = flights.get(key);
      if (flight === undefined) continue;
      flight.overtakenBy = 'invalidation';
      flights.delete(key);
    }
  }

  /** Tells all loaders that their result is no longer needed; those who wait still get it. */
  abortAll(reason: unknown): void {
    for (const flights of [this.#flights, this.#late]) {
      for (const flight of flights.values()) flight.stop(reason);
      flights.clear();
    }
  }

  /** Nobody waits any more. A loader that does not listen to its signal must not hold its key, nor overwrite a later one. */
  #abandon(flight: Flight<V>, reason: unknown): void {
    flight.overtakenBy = 'load';
    this.#forget(flight);
    flight.stop(reason);
  }

  #forget(flight: Flight<V>): void {
    for (const flights of [this.#flights, this.#late]) {
      if (flights.get(flight.key) === flight) flights.delete(flight.key);
    }
  }
}

function ignore(): void {}
