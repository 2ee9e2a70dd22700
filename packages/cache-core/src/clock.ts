import type { Clock } from './contracts/clock.ts';

/** The longest delay of Node's timers: a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The process's monotonic clock; a change of the wall clock does not reach it. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    // 25 days and more are as good as never for anything that waits in a process.
    if (delayMs > MAX_DELAY_MS) return () => {};
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
