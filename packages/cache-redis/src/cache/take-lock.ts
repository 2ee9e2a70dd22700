import { isTtl } from './cache-options.ts';
import type { CacheState } from './cache-state.ts';
import { CacheFault } from './fault.ts';
import type { KeySegment } from './key-parts.ts';
import { keys } from './keys.ts';
import type { RedisLockOptions } from './redis-lock.ts';
import { RedisLock } from './redis-lock.ts';

const DEFAULT_TTL = 30;

/** @see RedisCache.lock */
export function takeLock(
  state: CacheState,
  resource: KeySegment,
  id: KeySegment | undefined,
  options: RedisLockOptions | undefined,
): Promise<RedisLock | undefined> {
  const key = keyOf(resource, id);
  const category = 'lock';
  return state.attempt({ operation: 'lock', key, category }, undefined, (gate) => {
    const { ttl = DEFAULT_TTL } = options ?? {};
    if (key === undefined || !isTtl(ttl) || ttl === Number.POSITIVE_INFINITY) throw new CacheFault('bad-argument');
    const onFault = (fault: CacheFault): void => state.failed({ operation: 'release', key, category }, fault);
    return RedisLock.take({ gate, name: state.namespace.nameOf(key), ttlMs: Math.ceil(ttl * 1_000), onFault });
  });
}

/** `undefined` for parts that no key can be made of. */
function keyOf(resource: KeySegment, id: KeySegment | undefined): string | undefined {
  try {
    return keys.lock(resource, id);
  } catch {
    return undefined;
  }
}
