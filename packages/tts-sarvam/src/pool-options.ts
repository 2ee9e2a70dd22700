import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import type { PoolEvent } from './events.ts';
import type { Permits } from './permits.ts';

/** Limits of a pool. */
export interface PoolLimits {
  /** Connections at most, those being opened or closed included. Sarvam counts per account, over all processes. @default 4 */
  maxConnections?: number;
  /** A connection this old is closed when it comes back or is asked for, in ms. @default 3600000 (1 h) */
  maxSessionDurationMs?: number;
  /** A connect that takes longer has failed, whatever it does later, in ms. @default 10000 */
  connectTimeoutMs?: number;
  /** An idle connection is closed after this long, in ms. @default 300000 (5 min) */
  idleTimeoutMs?: number;
  /** A connection is closed after so many uses. @default Infinity */
  maxUses?: number;
  /** An idle connection is pinged this often, in ms; Sarvam drops it after 60 s of silence. @default 25000 */
  pingIntervalMs?: number;
  /**
   * A budget shared with other pools and processes: each connection needs a permit, from before its handshake until the
   * other side counts it no longer, and an idle one is closed when its permit is wanted elsewhere. @default none
   */
  permits?: Permits;
  /** Longest wait for a permit, in ms; then there is no connection. 0 takes only what is free. @default 150 */
  permitWaitMs?: number;
  /** Hears of each connection opened, closed or failed. @default none */
  onEvent?: (event: PoolEvent) => void;
  /** Source of time, for tests. @default the system's */
  clock?: Clock;
}

/** What a pool does with its connections. `C` is the connection, `T` what one connects to. */
export interface SocketPoolOptions<C, T = void> extends PoolLimits {
  /**
   * Opens a connection. The signal aborts when the timeout is over or the pool is closed, with `permits` a second later,
   * and must settle this when it does.
   */
  readonly connectCb: (timeoutMs: number, target: T, signal: AbortSignal) => Promise<C>;
  /** Closes a connection; its slot is free when this settles. A rejection is an event, nobody else hears of it. @default nothing to close */
  readonly closeCb?: (connection: C) => Promise<void> | void;
  /** How long after `closeCb` the other side may go on counting a connection, in ms; so long its permit stays taken. @default 0 */
  readonly lagMs?: (connection: C) => number;
  /** Whether two targets can share a connection. @default Object.is */
  readonly sameTarget?: (a: T, b: T) => boolean;
  /** Asked before a connection is handed out and before each ping; a dead one is replaced. @default always */
  readonly isAlive?: (connection: C) => boolean;
  /** Keeps an idle connection alive, every `pingIntervalMs`. @default nothing */
  readonly pingCb?: (connection: C) => void;
  /** Told when a connection becomes idle or is in use again; an idle one should not keep the process alive. @default nothing */
  readonly idleCb?: (connection: C, idle: boolean) => void;
}

/** Numbers of a pool, at this moment or since it was made. */
export interface PoolStats {
  readonly open: number;
  readonly idle: number;
  readonly inUse: number;
  readonly connecting: number;
  readonly closing: number;
  readonly waiting: number;
  /** Connections opened so far. */
  readonly opened: number;
  /** Times a connection that had been idle or used was handed out. */
  readonly reused: number;
  /** Connects that failed. */
  readonly refused: number;
  /** Connections closed so far. */
  readonly evicted: number;
  /** Moving average of the time from `get` to a connection, in ms; `undefined` before the first. */
  readonly acquireMs: number | undefined;
  /** Moving average of the time of a connect, in ms; `undefined` before the first. */
  readonly connectMs: number | undefined;
}

/** Waiting for a connection ended without one. */
export class PoolError extends Error {
  readonly code: 'ERR_POOL_CLOSED' | 'ERR_POOL_CONNECT_TIMEOUT' | 'ERR_POOL_NO_PERMIT' | 'ERR_POOL_TIMEOUT';

  constructor(code: PoolError['code'], message: string) {
    super(message);
    this.name = 'PoolError';
    this.code = code;
  }
}

export type ResolvedPoolOptions<C, T> = Required<Omit<SocketPoolOptions<C, T>, 'permits'>> & {
  readonly permits: Permits | undefined;
};

/**
 * Fills in the defaults.
 * @throws TypeError naming the option and the value
 */
export function resolvePoolOptions<C, T>(options: SocketPoolOptions<C, T>): ResolvedPoolOptions<C, T> {
  const resolved: ResolvedPoolOptions<C, T> = {
    closeCb: () => {},
    lagMs: () => 0,
    sameTarget: Object.is,
    isAlive: () => true,
    pingCb: () => {},
    idleCb: () => {},
    maxConnections: 4,
    maxSessionDurationMs: 3_600_000,
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 300_000,
    maxUses: Infinity,
    pingIntervalMs: 25_000,
    permits: undefined,
    permitWaitMs: 150,
    onEvent: () => {},
    clock: systemClock,
    ...options,
  };
  if (!Number.isInteger(resolved.maxConnections) || resolved.maxConnections < 1) {
    throw new TypeError(`maxConnections must be an integer of at least 1, not ${String(resolved.maxConnections)}`);
  }
  const positive = ['maxSessionDurationMs', 'connectTimeoutMs', 'idleTimeoutMs', 'maxUses', 'pingIntervalMs'] as const;
  for (const field of positive) {
    if (!(resolved[field] > 0)) throw new TypeError(`${field} must be positive, not ${String(resolved[field])}`);
  }
  if (!(resolved.permitWaitMs >= 0)) {
    throw new TypeError(`permitWaitMs must be 0 or more, not ${String(resolved.permitWaitMs)}`);
  }
  return Object.freeze(resolved);
}
