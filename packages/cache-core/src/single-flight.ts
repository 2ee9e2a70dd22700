import type { Clock } from './contracts/clock.ts';
import { BoundedMap } from './bounded-map.ts';
import type { FlightPlan, OnFallback } from './flight.ts';
import { Flight } from './flight.ts';

/** Loads that took too long are remembered up to this number, so that a late result can still be told from an overtaken one. */
const MAX_LATE = 1000;

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

  /** A load has been stored: one that is late and began before may not overwrite it. */
  stored(flight: Flight<V>): void {
    const late = this.#late.get(flight.key);
    if (late !== undefined && late !== flight) this.#overtake(late, 'load');
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
    for (const flight of [...this.#running, ...this.#late.values()]) {
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
