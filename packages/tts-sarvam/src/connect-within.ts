import type { Clock } from './clock.ts';
import { PoolError } from './pool-options.ts';

/** A connect held to its time, and how to give it up. */
export interface Connect<C> {
  readonly connection: Promise<C>;
  /** Aborts the connect; `connection` rejects with the reason. Harmless when it is over. */
  giveUp(reason: Error): void;
}

/**
 * Runs `open` with a signal, and rejects after `timeoutMs` even if `open` ignores both. What `open` brings too late goes
 * to `discard`: a connection nobody knows of would stay open for ever.
 */
export function connectWithin<C>(
  clock: Clock,
  timeoutMs: number,
  open: (signal: AbortSignal) => Promise<C>,
  discard: (connection: C) => void,
): Connect<C> {
  const { promise, resolve, reject } = Promise.withResolvers<C>();
  const abort = new AbortController();
  const giveUp = (reason: Error): void => {
    cancel();
    reject(reason);
    abort.abort(reason);
  };
  const late = new PoolError('ERR_POOL_CONNECT_TIMEOUT', `no connection after ${timeoutMs} ms`);
  const cancel = clock.after(timeoutMs, () => giveUp(late), true);
  const run = async (): Promise<void> => {
    try {
      const connection = await open(abort.signal);
      if (abort.signal.aborted) discard(connection);
      else resolve(connection);
    } catch (error) {
      reject(error);
    } finally {
      cancel();
    }
  };
  void run();
  return { connection: promise, giveUp };
}
