import type { Clock } from './clock.ts';

/** Settles as `promise` does, or with `undefined` as soon as the signal aborts; a later rejection is then taken care of. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const stop = (): void => aborted.resolve(undefined);
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', stop));
}

/** Resolves after `delayMs`, or as soon as the signal aborts. Somebody waits for it, so it keeps the process alive. */
export async function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  const slept = Promise.withResolvers<void>();
  const cancel = clock.after(delayMs, slept.resolve, true);
  await untilAborted(slept.promise, signal);
  cancel();
}
