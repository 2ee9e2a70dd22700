import { createCache as createDedupe } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache as createCacheManager } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { Loader } from 'layered-loader/core';
import { LRUCache } from 'lru-cache';
import type { Contender, Load, Subject } from './subject.ts';

/** Room for all keys of a run; where a library's default is smaller or unbounded, this is said to it. */
export const PEER_ENTRIES = 10_000;
/** Long enough that no entry expires in a run: bentocache's default is 30 s, and an expired entry would be a load. */
const HOUR_MS = 3_600_000;

/** lru-cache README, "fetchMethod": `new LRUCache({ max, fetchMethod })`. No `ttl`, which would slow its `get` down. */
const lruCache: Contender = {
  name: 'lru_cache_fetch',
  peekName: 'lru_cache_get',
  open<V extends object>(load: Load<V>): Subject<V> {
    const cache = new LRUCache<string, V>({ max: PEER_ENTRIES, fetchMethod: (key) => load(key) });
    return {
      get: (key) => cache.fetch(key),
      peek: (key) => cache.get(key),
      close: async () => cache.clear(),
    };
  },
};

/**
 * layered-loader README, "Simplified loader syntax" with `inMemoryCache` alone, from the entry that README advises where
 * there is no Redis. `lru-map` is the type of its examples.
 */
const layeredLoader: Contender = {
  name: 'layered_loader',
  peekName: 'layered_loader_in_memory_only',
  open<V extends object>(load: Load<V>): Subject<V> {
    const loader = new Loader<V>({
      inMemoryCache: { cacheType: 'lru-map', ttlInMsecs: HOUR_MS, maxItems: PEER_ENTRIES },
      dataSourceGetOneFn: (key) => load(key),
      // It writes each failure of a loader to the console.
      logger: { error: () => {} },
    });
    return {
      get: async (key) => (await loader.get(key)) ?? undefined,
      peek: (key) => loader.getInMemoryOnly(key) ?? undefined,
      close: () => loader.invalidateCache(),
    };
  },
};

/** async-cache-dedupe README, "Example": `ttl` in seconds and `storage: { type: 'memory' }`, a resolver by `define`. */
const asyncCacheDedupe: Contender = {
  name: 'async_cache_dedupe',
  peekName: undefined,
  open<V extends object>(load: Load<V>): Subject<V> {
    const cache = createDedupe({
      ttl: HOUR_MS / 1000,
      storage: { type: 'memory', options: { size: PEER_ENTRIES } },
    }).define('load', (key: string) => load(key));
    return { get: (key) => cache.load(key), peek: undefined, close: () => cache.clear() };
  },
};

/** cache-manager README, "Quick start": `createCache()`, whose memory store is Keyv on a Map, and `wrap`. */
const cacheManager: Contender = {
  name: 'cache_manager',
  peekName: undefined,
  open<V extends object>(load: Load<V>): Subject<V> {
    const cache = createCacheManager();
    return { get: (key) => cache.wrap(key, () => load(key)), peek: undefined, close: () => cache.disconnect() };
  },
};

/** cacheable README, "Basic Usage" and "Get Or Set Memoization Function": `new Cacheable()` and `getOrSet`. */
const cacheable: Contender = {
  name: 'cacheable',
  peekName: undefined,
  open<V extends object>(load: Load<V>): Subject<V> {
    const cache = new Cacheable();
    return { get: (key) => cache.getOrSet(key, () => load(key)), peek: undefined, close: () => cache.disconnect() };
  },
};

/** bentocache.dev/docs, "Quick setup" and "Methods": `memoryDriver` as the first layer of the one store, and `getOrSet`. */
const bentocache: Contender = bentocacheWith('bentocache', true);

/** bentocache.dev/docs/cache-drivers#serialize-option: faster, entries are shared as they are. The stricter yardstick. */
const bentocacheUnserialized: Contender = bentocacheWith('bentocache_unserialized', false);

function bentocacheWith(name: string, serialize: boolean): Contender {
  return {
    name,
    peekName: undefined,
    open<V extends object>(load: Load<V>): Subject<V> {
      const bento = new BentoCache({
        default: 'memory',
        ttl: HOUR_MS,
        stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: PEER_ENTRIES, serialize })) },
      });
      return {
        get: (key) => bento.getOrSet({ key, factory: () => load(key) }),
        peek: undefined,
        close: () => bento.disconnectAll(),
      };
    },
  };
}

/** All libraries that Warmline is compared with. */
export const PEERS: readonly Contender[] = [
  lruCache,
  layeredLoader,
  asyncCacheDedupe,
  cacheManager,
  cacheable,
  bentocacheUnserialized,
  bentocache,
];
