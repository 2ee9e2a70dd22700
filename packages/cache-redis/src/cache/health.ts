import type { CacheFault } from './fault.ts';

/** @see RedisCache.healthCheck */
export interface RedisCacheHealth {
  readonly enabled: boolean;
  /** Whether Redis has answered just now. */
  readonly connected: boolean;
  readonly hits: number;
  readonly misses: number;
  /** Begins with `disabled`, `connected`, `falling back` (Redis has worked and is away) or `failed` (it has never worked, or refuses). */
  readonly message: string;
}

/** What a message is made of. */
export interface HealthState {
  readonly enabled: boolean;
  readonly isClosed: boolean;
  /** `undefined` when Redis has answered. */
  readonly fault: CacheFault | undefined;
  /** Why there is no connection. */
  readonly trouble: string | undefined;
  readonly hasAnswered: boolean;
  /** What Redis has said to the last write, unless it took it. */
  readonly refusal: string | undefined;
}

/** One line for operators, of codes and words of this package only: no host, key or credentials. */
export function healthMessage({ enabled, isClosed, fault, trouble, hasAnswered, refusal }: HealthState): string {
  if (isClosed) return 'failed: the cache is closed';
  if (!enabled) return 'disabled: nothing is cached';
  if (fault === undefined)
    return refusal === undefined ? 'connected' : `connected, but Redis takes no writes (${refusal})`;
  if (fault.fault === 'refused') return `failed: Redis refuses to answer (${fault.code ?? 'no reason given'})`;
  const why =
    fault.fault === 'timeout' || fault.fault === 'left-out'
      ? 'Redis does not answer in time'
      : `there is no connection to Redis (${trouble ?? fault.code ?? (hasAnswered ? 'lost' : 'no answer')})`;
  return hasAnswered
    ? `falling back: ${why}; reads are misses until it is back`
    : `failed: ${why}; it is tried again and again`;
}
