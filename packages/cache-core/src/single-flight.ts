/** One load under way. */
export interface Flight<V> {
  readonly result: Promise<V | undefined>;
  readonly abort: AbortController;
  /** False once an invalidation or a later load has overtaken it: nobody may join, and its result is not stored. */
  attached: boolean;
  /** Callers who need the result. */
  waiting: number;
}

/** One load per key: callers who come while it runs share its result, or its rejection. */
export class SingleFlight<V> {
  readonly #flights = new Map<string, Flight<V>>();

  /** Loads that a new caller could join. */
  get size(): number {
    return this.#flights.size;
  }

  /** The load to join. One that was told to stop is not: its error would be another caller's. */
  find(key: string): Flight<V> | undefined {
    const flight = this.#flights.get(key);
    return flight?.abort.signal.aborted === true ? undefined : flight;
  }

  /** Starts `run` at once, in place of an aborted flight if there is one; it can be joined until it lands or is detached. */
  start(key: string, run: (flight: Flight<V>) => Promise<V | undefined>): Flight<V> {
    const { promise, resolve } = Promise.withResolvers<V | undefined>();
    const flight: Flight<V> = { result: promise, abort: new AbortController(), attached: true, waiting: 0 };
    const replaced = this.#flights.get(key);
    if (replaced !== undefined) replaced.attached = false;
    this.#flights.set(key, flight);
    const landed = run(flight).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    resolve(landed);
    return flight;
  }

  /**
   * Waits for a flight. With a signal the wait, not the load, ends when it fires; the load is aborted when the last of its
   * callers has gone. A caller without a signal never goes.
   */
  wait(flight: Flight<V>, signal: AbortSignal | undefined): Promise<V | undefined> {
    flight.waiting++;
    if (signal === undefined) return flight.result;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        flight.waiting--;
        if (flight.waiting === 0) flight.abort.abort(signal.reason);
        reject(signal.reason);
      };
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
      flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  /** Callers from now on start anew for the keys that match. */
  detach(matches: (key: string) => boolean): void {
    for (const [key, flight] of this.#flights) {
      if (!matches(key)) continue;
      flight.attached = false;
      this.#flights.delete(key);
    }
  }

  /** Tells all loaders that their result is no longer needed. */
  abortAll(reason: unknown): void {
    for (const flight of this.#flights.values()) flight.abort.abort(reason);
  }
}
