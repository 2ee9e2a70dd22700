import type { Clock } from '@warmline/cache-core';

const MINUTE_MS = 60_000;

/** Lets so many pass in any minute and no more; the others wait, in the order in which they came. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  /** When the last ones pass or passed, at most `perMinute` of them. */
  readonly #passesMs: number[] = [];

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Resolves when the next may pass, or nobody wants to any more. */
  async pass(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.now();
    const oldestMs = this.#passesMs.length < this.#perMinute ? undefined : this.#passesMs.shift();
    const atMs = oldestMs === undefined ? nowMs : Math.max(nowMs, oldestMs + MINUTE_MS);
    // Taken at once: who comes while this one waits passes after it.
    this.#passesMs.push(atMs);
    if (atMs > nowMs && !signal.aborted) await this.#wait(atMs - nowMs, signal);
  }

  async #wait(forMs: number, signal: AbortSignal): Promise<void> {
    const over = Promise.withResolvers<void>();
    const end = (): void => over.resolve();
    const cancel = this.#clock.after(forMs, end);
    signal.addEventListener('abort', end, { once: true });
    // A clock's timers keep no process alive, and a program that does nothing but warm would end here.
    const { port1: alive } = new MessageChannel();
    alive.ref();
    await over.promise;
    alive.close();
    signal.removeEventListener('abort', end);
    cancel();
  }
}
