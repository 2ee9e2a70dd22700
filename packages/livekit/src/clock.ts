/** Waits; keeps the process alive no longer than the work that waits for it does. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** Calls `run` every `everyMs`, without keeping the process alive. @returns a function that ends it. */
export function every(everyMs: number, run: () => void): () => void {
  const timer = setInterval(run, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
