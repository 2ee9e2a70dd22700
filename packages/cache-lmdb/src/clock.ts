/**
 * Monotonic time that is the same in all processes of a machine: milliseconds since it was started (`CLOCK_MONOTONIC`), in
 * which the host tier's frames, leases and proofs of life are dated. `performance.now()` counts from the start of its process.
 */
const OFFSET_MS = offsetMs();

/** The two clocks are read one after the other, and between them a busy machine may do something else: the closest pair counts. */
function offsetMs(): number {
  const pairs = Array.from({ length: 5 }, () => {
    const before = Number(process.hrtime.bigint()) / 1e6;
    const here = performance.now();
    const afterwards = Number(process.hrtime.bigint()) / 1e6;
    return { apartMs: afterwards - before, offset: (before + afterwards) / 2 - here };
  });
  return pairs.reduce((best, pair) => (pair.apartMs < best.apartMs ? pair : best)).offset;
}

/** Milliseconds since the machine was started. */
export function hostNow(): number {
  return performance.now() + OFFSET_MS;
}

/** Calls `run` every `everyMs`, without keeping the process alive. @returns a function that ends it. */
export function every(everyMs: number, run: () => void): () => void {
  const timer = setInterval(run, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Calls `run` once, without keeping the process alive. @returns a function that cancels it. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Waits, and keeps the process alive meanwhile: somebody awaits what comes after it. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

const nobodyWakesUs = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread: for an opening, which is synchronous. */
export function standStill(ms: number): void {
  Atomics.wait(nobodyWakesUs, 0, 0, ms);
}
