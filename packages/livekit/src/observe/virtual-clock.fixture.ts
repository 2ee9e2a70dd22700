import type { Clock } from '@warmline/cache-core';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Lets promises, and the tasks they start, run to their end. LiveKit starts a stream in a task of its own. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

/** Time that passes as fast as nothing is left to do at each of its moments: minutes of calls in seconds, alike in every run. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.after(ms, resolve);
    signal?.addEventListener('abort', () => (cancel(), resolve()), { once: true });
    await promise;
  }

  /** Has time pass until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const finish = (): void => void (done = true);
    work.then(finish, finish);
    for (;;) {
      await settle();
      if (done) return work;
      const next = this.#earliest();
      if (next === undefined) throw new Error('the work waits for something that is not on the clock');
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
  }

  #earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) if (earliest === undefined || timer.atMs < earliest.atMs) earliest = timer;
    return earliest;
  }
}
