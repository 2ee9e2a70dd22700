/** A longer one would be none. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Calls `run` once, without keeping the process alive. @returns a function that cancels it. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.min(MAX_DELAY_MS, ms));
  timer.unref();
  return () => clearTimeout(timer);
}

const FOR_EVER_MS = 2 ** 30;

/** Keeps the process alive while something is awaited, and only then: sockets of this package never do. */
export class KeepAlive {
  readonly #timer = setInterval(() => {}, FOR_EVER_MS).unref();
  #awaited = 0;

  enter(): void {
    if (this.#awaited++ === 0) this.#timer.ref();
  }

  leave(): void {
    if (--this.#awaited === 0) this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
