import { monitorEventLoopDelay } from 'node:perf_hooks';

const NS_PER_MS = 1e6;

/** How long the event loop of a process was held at worst, watched all the time. */
export class Lag {
  readonly #monitor = monitorEventLoopDelay({ resolution: 1 });

  constructor() {
    this.#monitor.enable();
  }

  /** Since the last time, in milliseconds. */
  take(): number {
    const worstMs = this.#monitor.max / NS_PER_MS;
    this.#monitor.reset();
    return worstMs;
  }
}
