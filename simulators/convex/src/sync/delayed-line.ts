import { monotonicMs, sleep } from '../clock.ts';

/** One direction of a connection: what goes in comes out in order, `delayMs` later. */
export class DelayedLine<T> {
  readonly #delayMs: number;
  readonly #deliver: (item: T) => void;
  readonly #queue: { readonly item: T; readonly due: number }[] = [];
  #isRunning = false;

  constructor(delayMs: number, deliver: (item: T) => void) {
    this.#delayMs = delayMs;
    this.#deliver = deliver;
  }

  push(item: T): void {
    if (this.#delayMs === 0) return this.#deliver(item);
    this.#queue.push({ item, due: monotonicMs() + this.#delayMs });
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await sleep(next.due - monotonicMs());
      this.#deliver(next.item);
    }
    this.#isRunning = false;
  }
}
