import { askPermit } from './ask-permit.ts';
import type { Clock } from './clock.ts';
import type { PoolEvent } from './events.ts';
import type { Permit } from './permits.ts';
import { PoolError } from './pool-options.ts';
import type { ResolvedPoolOptions } from './pool-options.ts';

/** A handshake is answered or hopeless by then. */
const HEAR_OUT_MS = 1000;

/**
 * Gives each connection of a pool a permit of its own, from before its handshake until the other side counts it no
 * longer. That is never before our own end is closed, and can be later, so that whoever got the permit next would be
 * refused (both seen with the simulator):
 * - A handshake that is cut is counted until it is answered. So one that the pool gives up is not cut but heard out, up to
 *   a second, and what it opens is closed properly; the pool does not wait for it.
 * - A connection that is cut is counted until the other side notices. `lagMs` says how long its permit stays taken.
 */
export function withPermits<C, T>(
  options: ResolvedPoolOptions<C, T>,
  emit: (event: PoolEvent) => void,
): ResolvedPoolOptions<C, T> {
  const { permits, permitWaitMs: waitMs, clock, connectCb, closeCb, lagMs } = options;
  if (permits === undefined) return options;
  const held = new Map<C, Permit>();
  return {
    ...options,
    async connectCb(timeoutMs, target, signal) {
      const permit = await askPermit({ permits, waitMs, clock }, signal, emit);
      if (permit === undefined) throw new PoolError('ERR_POOL_NO_PERMIT', 'no permit for another connection');
      const patience = delayed(signal, HEAR_OUT_MS, clock);
      try {
        const connection = await connectCb(timeoutMs + HEAR_OUT_MS, target, patience.signal);
        held.set(connection, permit);
        return connection;
      } catch (error) {
        permit.release();
        throw error;
      } finally {
        patience.end();
      }
    },
    async closeCb(connection) {
      try {
        await closeCb(connection);
        const lag = lagMs(connection);
        if (lag > 0) await new Promise<void>((resolve) => void clock.after(lag, resolve, true));
      } finally {
        held.get(connection)?.release();
        held.delete(connection);
      }
    },
  };
}

/** A signal that aborts `delayMs` after another, until it is ended. */
function delayed(signal: AbortSignal, delayMs: number, clock: Clock): { signal: AbortSignal; end: () => void } {
  const later = new AbortController();
  let cancel: (() => void) | undefined;
  const start = (): void => {
    cancel = clock.after(delayMs, () => later.abort(signal.reason));
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  const end = (): void => {
    signal.removeEventListener('abort', start);
    cancel?.();
  };
  return { signal: later.signal, end };
}
