import type { Clock } from './clock.ts';
import { PoolError } from './pool-options.ts';

/** Somebody who waits for a connection to `target`. */
export interface Waiter<C, T> {
  readonly target: T;
  readonly since: number;
  resolve(connection: C): void;
  reject(error: unknown): void;
}

/** First come, first served. Whoever leaves, by success, failure, timeout or abort, leaves exactly once. */
export class WaiterLine<C, T> implements Iterable<Waiter<C, T>> {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter<C, T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiters.size;
  }

  [Symbol.iterator](): Iterator<Waiter<C, T>> {
    return this.#waiters.values();
  }

  join(target: T, timeoutMs: number | undefined, signal: AbortSignal | undefined): Promise<C> {
    const { promise, resolve, reject } = Promise.withResolvers<C>();
    const leave = (): void => {
      this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', abort);
      cancelTimeout?.();
    };
    const waiter: Waiter<C, T> = {
      target,
      since: this.#clock.now(),
      resolve: (connection) => {
        leave();
        resolve(connection);
      },
      reject: (error) => {
        leave();
        reject(error);
      },
    };
    const abort = (): void => waiter.reject(signal?.reason);
    const expire = (): void =>
      waiter.reject(new PoolError('ERR_POOL_TIMEOUT', `no connection within ${String(timeoutMs)} ms`));
    signal?.addEventListener('abort', abort, { once: true });
    const cancelTimeout = timeoutMs === undefined ? undefined : this.#clock.after(timeoutMs, expire, true);
    this.#waiters.add(waiter);
    return promise;
  }

  /** Tells a waiter, if still in line. A failed connect may belong to one who got another connection meanwhile. */
  reject(waiter: Waiter<C, T>, error: unknown): void {
    if (this.#waiters.has(waiter)) waiter.reject(error);
  }

  rejectAll(error: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(error);
  }
}
