import type { Clock } from '@warmline/cache-core';

/** Runs work that is told to stop after a time, or when `signal` says so. */
export async function limited<T>(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const cancel = clock.after(limitMs, () => {
    late.abort(new DOMException(`not answered within ${limitMs} ms`, 'TimeoutError'));
  });
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    cancel();
  }
}
