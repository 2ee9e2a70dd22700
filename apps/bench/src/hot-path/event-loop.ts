import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { distribution } from '../distribution.ts';
import type { Distribution } from '../scenario.ts';

const NS_PER_MS = 1e6;
/** The monitor counts from one of its ticks to the next, 1 ms apart: it needs one before the work and one after. */
const TICKS_MS = 3;

/** How long the event loop was held at worst, while it was watched. */
export class LoopLag {
  readonly #worstMs: number[] = [];

  /** Watches while `work` runs. A monitor for each time: one that is switched on again counts the pause between as lag. */
  async during<T>(work: () => T | Promise<T>): Promise<T> {
    const monitor = monitorEventLoopDelay({ resolution: 1 });
    monitor.enable();
    await sleep(TICKS_MS);
    try {
      return await work();
    } finally {
      await sleep(TICKS_MS);
      monitor.disable();
      this.#worstMs.push(monitor.max / NS_PER_MS);
    }
  }

  /** Of the worst lag of each time, in milliseconds. */
  distribution(): Distribution {
    return distribution(this.#worstMs);
  }
}
