import type { EntryRef } from './contracts/invalidation.ts';
import { BoundedMap } from './bounded-map.ts';
import { retryAfterMs } from './retry-after.ts';

/** Keys whose loader failed, remembered up to this number. */
const MAX_KEYS = 10_000;

/** A key whose loader is not asked before `untilMs`. */
export interface Resting {
  readonly ref: EntryRef;
  readonly untilMs: number;
  readonly error: unknown;
  readonly failures: number;
}

/**
 * Keeps a failing loader from being called by everybody who comes: after an error its key rests, twice as long after each
 * further one. An error that names its own waiting time (rate limits do) is taken at its word.
 */
export class BackOff {
  readonly #resting = new BoundedMap<Resting>(MAX_KEYS);
  readonly #firstMs: number;
  readonly #maxMs: number;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  find(key: string, nowMs: number): Resting | undefined {
    const resting = this.#resting.get(key);
    return resting !== undefined && nowMs < resting.untilMs ? resting : undefined;
  }

  /** @returns how long the key rests now, in milliseconds; 0 if it does not. */
  failed(key: string, ref: EntryRef, error: unknown, nowMs: number): number {
    const failures = (this.#resting.get(key)?.failures ?? 0) + 1;
    // Fifty doublings are beyond any limit, and 0 * Infinity is not a number.
    const ownMs = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(failures - 1, 50));
    const delayMs = Math.max(retryAfterMs(error), ownMs);
    if (delayMs > 0) this.#resting.set(key, { ref, untilMs: nowMs + delayMs, error, failures });
    return delayMs;
  }

  /** The source has answered, or what it will answer has changed. */
  forget(key: string): void {
    this.#resting.delete(key);
  }

  /** As {@link forget} for every key that matches. */
  forgetWhere(matches: (ref: EntryRef) => boolean): void {
    for (const [key, { ref }] of this.#resting.entries()) if (matches(ref)) this.#resting.delete(key);
  }
}
