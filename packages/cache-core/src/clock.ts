import type { Clock } from './contracts/clock.ts';

/** The process's monotonic clock; a change of the wall clock does not reach it. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
