import { randomUUID } from 'node:crypto';
import type { RedisCacheEvent } from './cache-events.ts';
import type { RedisCacheOptions } from './cache-options.ts';
import { RedisCache } from './redis-cache.ts';

/** A cache under test with all that it has told. */
export interface TestCache {
  readonly cache: RedisCache;
  readonly events: RedisCacheEvent[];
  /** `get timeout`, `set refused OOM`, … */
  readonly faults: () => string[];
  /** `{prefix}:{scope}:` */
  readonly namespace: string;
}

/** A cache with a prefix of its own, so that tests share a server. */
export function testCache(options: RedisCacheOptions): TestCache {
  const events: RedisCacheEvent[] = [];
  const prefix = options.prefix ?? `t${randomUUID().slice(0, 8)}`;
  // Long, because other tests keep the machine busy.
  const cache = new RedisCache({ timeoutMs: 2_000, onEvent: (event) => events.push(event), ...options, prefix });
  const faults = (): string[] =>
    events.flatMap((event) =>
      event.type === 'cache-fault' ? [`${event.operation} ${event.fault} ${event.code ?? ''}`.trimEnd()] : [],
    );
  return { cache, events, faults, namespace: `${prefix}:${options.scope ?? 'default'}:` };
}
