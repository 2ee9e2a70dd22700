import KeyvRedis from '@keyv/redis';
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { Cacheable } from 'cacheable';
import { Redis } from 'ioredis';
import { bytesCodec, createCache } from '@warmline/cache-core';
import { decodeFrame } from '@warmline/cache-core/testing';
import { connectRedis, RedisTier } from '@warmline/cache-redis';
import { CACHE_NAME, refOf } from '../stock.ts';

export const CLUSTER_WAYS = [
  'ioredis_get_buffer',
  'tier_read',
  'tier_read_decoded',
  'cache_get',
  'bentocache_get',
  'cacheable_get',
] as const;

/** A way to a value in Redis. Names are those of the metrics. */
export type ClusterWayName = (typeof CLUSTER_WAYS)[number];

/** Nothing of it is in the process when it is asked. */
export interface ClusterWay {
  readonly name: ClusterWayName;
  readonly put: (key: string, value: Buffer) => Promise<unknown>;
  readonly get: (key: string) => Promise<Uint8Array | undefined>;
  readonly close: () => Promise<unknown>;
}

/** Names of the peers' own values, and of those that plain ioredis reads. */
const named = (key: string): string => `bench:${key}`;
const HOUR_MS = 3_600_000;

/** All ways to the same Redis, each with a connection of its own. */
export async function openWays(url: string): Promise<readonly ClusterWay[]> {
  return [plain(url), ...(await ours(url)), bentocache(url), cacheable(url)];
}

function plain(url: string): ClusterWay {
  const client = new Redis(url);
  return {
    name: 'ioredis_get_buffer',
    put: (key, value) => client.set(named(key), value),
    get: async (key) => (await client.getBuffer(named(key))) ?? undefined,
    close: () => client.quit(),
  };
}

async function ours(url: string): Promise<ClusterWay[]> {
  const connection = connectRedis({ url });
  await connection.tried;
  const tier = new RedisTier(connection);
  // Its process tier holds nothing, so that every `get` goes to Redis.
  const cache = createCache<Uint8Array>({
    name: CACHE_NAME,
    tiers: [tier],
    codec: bytesCodec,
    maxBytes: 1,
    tierBudgetMs: 5_000,
  });
  const put = (key: string, value: Buffer): Promise<void> => cache.set(key, value);
  return [
    {
      name: 'tier_read',
      put,
      get: async (key) => (await tier.read([refOf(key)]))[0]?.bytes,
      close: async () => {
        await cache.close();
        await connection.close();
      },
    },
    {
      name: 'tier_read_decoded',
      put,
      get: async (key) => {
        const ref = refOf(key);
        const bytes = (await tier.read([ref]))[0]?.bytes;
        const frame = bytes && decodeFrame(ref, bytesCodec.id, bytes);
        return typeof frame === 'object' ? frame.payload : undefined;
      },
      close: async () => {},
    },
    { name: 'cache_get', put, get: (key) => cache.get(key), close: async () => {} },
  ];
}

/** bentocache.dev/docs/cache-drivers, "Redis": a second layer on an ioredis connection; values are JSON, so bytes are base64. */
function bentocache(url: string): ClusterWay {
  const bento = new BentoCache({
    default: 'redis',
    ttl: HOUR_MS,
    stores: { redis: bentostore().useL2Layer(redisDriver({ connection: new Redis(url) })) },
  });
  return {
    name: 'bentocache_get',
    put: (key, value) => bento.set({ key, value: value.toString('base64') }),
    get: async (key) => {
      const text = await bento.get<string>({ key });
      return text === undefined ? undefined : Buffer.from(text, 'base64');
    },
    close: () => bento.disconnectAll(),
  };
}

/** cacheable README, "Using a secondary store": Keyv on Redis behind the memory, which is emptied before each read. */
function cacheable(url: string): ClusterWay {
  const cache = new Cacheable({ secondary: new KeyvRedis(url), ttl: HOUR_MS });
  return {
    name: 'cacheable_get',
    put: (key, value) => cache.set(key, value.toString('base64')),
    get: async (key) => {
      await cache.primary.delete(key);
      const text = await cache.get<string>(key);
      return text === undefined ? undefined : Buffer.from(text, 'base64');
    },
    close: () => cache.disconnect(),
  };
}
