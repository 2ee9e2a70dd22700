/** What a pool counts and measures. */
export class PoolMeter {
  opened = 0;
  reused = 0;
  refused = 0;
  evicted = 0;
  /** Moving averages: recent values count most; `undefined` before the first. */
  acquireMs: number | undefined;
  connectMs: number | undefined;

  noteConnect(ms: number): void {
    this.opened += 1;
    this.connectMs = average(this.connectMs, ms);
  }

  noteAcquire(ms: number, reused: boolean): void {
    if (reused) this.reused += 1;
    this.acquireMs = average(this.acquireMs, ms);
  }
}

function average(before: number | undefined, value: number): number {
  return before === undefined ? value : before + 0.2 * (value - before);
}
