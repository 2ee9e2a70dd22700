// convex-test replaces the global timers, which throw inside of functions; the module's own do not.
import { setTimeout } from 'node:timers';

/** Milliseconds since the epoch with fractions. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Milliseconds of the machine's monotonic clock, the same one in every process of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Waits for `ms`, never less: Node's own timers may fire almost a millisecond early. */
export async function sleep(ms: number): Promise<void> {
  const due = monotonicMs() + ms;
  for (let left = ms; left > 0; left = due - monotonicMs()) {
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(left)));
  }
}

/** Calls back after `ms` of the event loop's time; returns what cancels it. */
export function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
