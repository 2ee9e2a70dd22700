/** Milliseconds since the epoch with fractions, so that ledgers of several processes can be laid side by side. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}

/** The longest delay a Node timer takes; more would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits for `ms`, or until the signal is aborted; it never rejects. `Infinity` waits for the signal alone. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (!(ms > 0) || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = ms === Infinity ? undefined : setTimeout(settle, Math.min(ms, LONGEST_TIMER_MS));
    function settle(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', settle);
      resolve();
    }
    signal.addEventListener('abort', settle);
  });
}
