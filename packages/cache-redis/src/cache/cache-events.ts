import type { RedisEvent } from '../events.ts';
import { RedisError } from '../errors.ts';
import type { RedisCacheFault } from './fault.ts';
import { codeOf } from './fault.ts';

/** The methods of a `RedisCache` that can end in a fault. */
export type RedisCacheOperation =
  | 'get'
  | 'getJson'
  | 'set'
  | 'setJson'
  | 'delete'
  | 'exists'
  | 'expire'
  | 'ttl'
  | 'invalidatePattern'
  | 'clearUserCache'
  | 'getStats'
  | 'lock'
  | 'release';

/** What a `RedisCache` tells about itself. No text of a key or value is in it, and no credentials. */
export type RedisCacheEvent =
  /** Of the connection, unless it is shared: then its owner is told. */
  | RedisEvent
  /** A call ended as a miss, `false` or 0. */
  | {
      readonly type: 'cache-fault';
      readonly operation: RedisCacheOperation;
      readonly fault: RedisCacheFault;
      /** What Redis or the system calls it, e.g. `OOM`. */
      readonly code?: string;
      /** The first segment of the key, e.g. `user`. */
      readonly category: string;
      /** 16 hex digits, the same for the same key; only where one key was asked for. */
      readonly keyHash?: string;
    };

/** @see RedisCacheEvent */
export type RedisCacheListener = (event: RedisCacheEvent) => void;

/** A listener that cannot throw. Without one, the first fault of each kind and the loss of the connection are process warnings. */
export function listenerOf(onEvent: RedisCacheListener | undefined): RedisCacheListener {
  if (onEvent !== undefined) {
    return (event) => {
      try {
        onEvent(event);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : new Error(String(error)));
      }
    };
  }
  const told = new Set<RedisCacheFault>();
  return (event) => {
    if (event.type === 'redis-unavailable') process.emitWarning(event.error);
    if (event.type !== 'cache-fault' || told.has(event.fault)) return;
    told.add(event.fault);
    const { operation, fault, category, code = '' } = event;
    process.emitWarning(`RedisCache.${operation} of '${category}': ${fault} ${code}`.trimEnd(), 'RedisCacheWarning');
  };
}

/** The same event, whose error names its code and nothing else: errors of ioredis carry the arguments of their command. */
export function withoutSecrets(event: RedisEvent): RedisEvent {
  if (event.type !== 'redis-unavailable') return event;
  const { error } = event;
  const kind = error instanceof RedisError ? error.code : 'ERR_REDIS_UNAVAILABLE';
  const why = codeOf(error) ?? (kind === 'ERR_REDIS_TIMEOUT' ? 'no answer in time' : 'lost');
  return { type: event.type, error: new RedisError(kind, `no connection to Redis: ${why}`) };
}
