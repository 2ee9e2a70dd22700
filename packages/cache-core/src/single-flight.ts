import type { Clock } from './contracts/clock.ts';
import type { EntryRef } from './contracts/invalidation.ts';
import { BoundedMap } from './bounded-map.ts';
import { CacheError } from './errors.ts';

/** A value that may be served in place of one that is late or could not be loaded. Times are of the cache's clock. */
export interface Fallback<V> {
  readonly value: V | undefined;
  /** When it was read from its source. */
  readonly originMs: number;
  readonly loadCostMs: number;
  /** Before, it may be served while the loader takes its time; after, only if the loader fails. */
  readonly staleUntilMs: number;
  /** From here it is of no use. */
  readonly goneAtMs: number;
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
  readonly abort: AbortController = new AbortController();
  /** What has overtaken it: its result is not stored. */
  overtakenBy: 'invalidation' | 'load' | undefined;
  /** Callers who need the result. */
  waiting: number;
  /** Those of them whose deadline is over. */
  late = 0;
  fallback: Fallback<V> | undefined;
  /** Whether callers have been given the fallback. */
  served = false;
  /** Its loader has failed, or has run into its hard timeout. */
  failed = false;
  /** Its loader was not asked, because it failed a short time ago. */
  resting = false;
  #answered = false;
  #detached = false;
  #onDetached: (() => void) | undefined;
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
    if (softTimeoutMs === 0) this.#fallBackIfStale();
    else if (softTimeoutMs < Number.POSITIVE_INFINITY) {
      this.#cancelSoft ??= this.#clock.after(softTimeoutMs, () => this.#fallBackIfStale());
    }
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
    this.#answered = true;
    this.#fresh.resolve(value);
    this.#answer.resolve(value);
  }

  /** A load that failed: callers get the fallback if there is one that is not too old. */
  reject(error: unknown): void {
    this.#end();
    this.#fresh.reject(error);
    if (this.#answered) return;
    const { fallback } = this;
    if (fallback !== undefined && this.#clock.now() < fallback.goneAtMs) this.#fallBack(fallback, error);
    else this.#answer.reject(error);
    this.#answered = true;
  }

  /** Tells the loader that its result is no longer needed. A loader that never settles must leave nothing behind. */
  stop(reason: unknown): void {
    this.#end();
    this.abort.abort(reason);
  }

  /** Nobody can join it any more. */
  detach(): void {
    this.#detached = true;
    this.#onDetached?.();
    this.#onDetached = undefined;
  }

  /** Runs when nobody can join any more; at once if that is so already. */
  whenDetached(run: () => void): void {
    if (this.#detached) run();
    else this.#onDetached = run;
  }

  #fallBackIfStale(): void {
    const { fallback } = this;
    if (this.#answered || fallback === undefined || this.#clock.now() >= fallback.staleUntilMs) return;
    this.#fallBack(fallback, undefined);
  }

  #fallBack(fallback: Fallback<V>, error: unknown): void {
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

/** How long one caller waits. */
export interface Waiting<V> {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
  /** What the caller gets when the deadline is over. @throws what the caller gets instead */
  readonly atDeadline: () => V | undefined;
}

/** One load per key: callers who come while it runs share its result, or its rejection. */
export class SingleFlight<V> {
  readonly #flights = new Map<string, Flight<V>>();
  /** Loads that took longer than their hard timeout: not joined, but stored unless a later load of their key has begun. */
  readonly #late = new BoundedMap<Flight<V>>(MAX_LATE, (flight) => {
    flight.overtakenBy = 'load';
  });
  /** Loads that have not ended, those that nobody can join any more included, until their key is free. */
  readonly #running = new Set<Flight<V>>();
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
    if (late !== undefined) this.#overtake(late, 'load');
    this.#flights.set(key, flight);
    this.#running.add(flight);
    // It leaves the map first: a caller who asks again in the moment of failure starts anew.
    plan.run(flight).then(
      (value) => {
        this.#land(flight);
        flight.resolve(value);
      },
      (error: unknown) => {
        this.#land(flight);
        flight.reject(error);
      },
    );
    return flight;
  }

  /** A load has taken too long: the next caller starts anew, and what it still brings is stored only if nobody has. */
  outlast(flight: Flight<V>): void {
    this.#running.delete(flight);
    if (this.#flights.get(flight.key) !== flight) return;
    this.#flights.delete(flight.key);
    this.#late.set(flight.key, flight);
    flight.detach();
  }

  /**
   * Waits for a result of a flight. When the signal fires or the deadline is over, the wait ends and not the load. The load is
   * aborted when the last of its callers has left by a signal; a caller without one, or whose deadline is over, never leaves.
   */
  wait(
    flight: Flight<V>,
    result: Promise<V | undefined>,
    { signal, deadlineMs, atDeadline }: Waiting<V>,
  ): Promise<V | undefined> {
    flight.waiting++;
    if (signal === undefined && deadlineMs === undefined) return result;
    return new Promise((resolve, reject) => {
      // Called before the caller is told anything: a caller who aborts once it has its value has not left.
      const end = (): void => {
        signal?.removeEventListener('abort', leave);
        cancel?.();
      };
      const leave = (): void => {
        end();
        flight.waiting--;
        if (flight.waiting === 0) this.#abandon(flight, signal?.reason);
        reject(signal?.reason);
      };
      const late = (): void => {
        end();
        flight.late++;
        try {
          resolve(atDeadline());
        } catch (error) {
          reject(error);
        }
      };
      const cancel = deadlineMs === undefined ? undefined : this.#clock.after(deadlineMs, late);
      signal?.addEventListener('abort', leave);
      if (signal?.aborted === true) leave();
      result.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  /** Callers from now on start anew for the loads that match. */
  detach(matches: (flight: Flight<V>) => boolean): void {
    for (const flights of [this.#flights, this.#late]) {
      for (const flight of flights.values()) if (matches(flight)) this.#overtake(flight, 'invalidation');
    }
  }

  /** As {@link detach} for one key. */
  detachKey(key: string): void {
    for (const flights of [this.#flights, this.#late]) {
      const flight = flights.get(key);
      if (flight !== undefined) this.#overtake(flight, 'invalidation');
    }
  }

  /** Tells all loaders that their result is no longer needed; those who wait still get it, within their limits. */
  abortAll(reason: unknown): void {
    for (const flight of this.#running) {
      this.#forget(flight);
      flight.abort.abort(reason);
    }
    this.#running.clear();
  }

  /** Nobody waits any more. A loader that does not listen to its signal must not hold its key, nor overwrite a later one. */
  #abandon(flight: Flight<V>, reason: unknown): void {
    this.#overtake(flight, 'load');
    this.#running.delete(flight);
    flight.stop(reason);
  }

  #overtake(flight: Flight<V>, by: 'invalidation' | 'load'): void {
    flight.overtakenBy ??= by;
    this.#forget(flight);
  }

  #forget(flight: Flight<V>): void {
    this.#remove(flight);
    flight.detach();
  }

  #land(flight: Flight<V>): void {
    this.#remove(flight);
    this.#running.delete(flight);
  }

  #remove(flight: Flight<V>): void {
    for (const flights of [this.#flights, this.#late]) {
      if (flights.get(flight.key) === flight) flights.delete(flight.key);
    }
  }
}

function ignore(): void {}
