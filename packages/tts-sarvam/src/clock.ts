/** The only source of time. Tests inject a clock they move by hand. */
export interface Clock {
  /** Monotonic time in ms; only differences mean something. */
  now(): number;
  /**
   * Runs `run` once after `delayMs`. The timer alone does not keep the process alive unless `keepAlive` says so.
   * @returns cancels it; harmless after it ran
   */
  after(delayMs: number, run: () => void, keepAlive?: boolean): () => void;
}

/** The real time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run, keepAlive = false) {
    const timer = setTimeout(run, delayMs);
    if (!keepAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Runs `run` every `intervalMs`, until the returned function is called. Does not keep the process alive. */
export function every(clock: Clock, intervalMs: number, run: () => void): () => void {
  const again = (): (() => void) =>
    clock.after(intervalMs, () => {
      // Armed first: `run` may be what ends it.
      cancel = again();
      run();
    });
  let cancel = again();
  return () => cancel();
}

/** Ms from now until an HTTP date, at least 0; `undefined` if it is not a date. */
export function untilHttpDateMs(value: string): number | undefined {
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
