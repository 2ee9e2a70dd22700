/** The only source of time of a cache. Durations and instants are milliseconds. */
export interface Clock {
  /** Monotonic time in milliseconds; the origin is arbitrary but the same for the life of the clock. */
  now(): number;
  /**
   * Calls `run` once, `delayMs` from now. A pending call never keeps the process alive.
   * @returns a function that cancels the call; calling it late or twice does nothing.
   */
  after(delayMs: number, run: () => void): () => void;
}
