import type { SharedTier } from '@warmline/cache-core';
import type { ConnectOptions, RedisListener } from '@warmline/cache-redis';
import { connectRedis, RedisTier, StreamBus } from '@warmline/cache-redis';

/** What a process has of the cache that machines share. */
export interface Cluster {
  readonly tier: SharedTier;
  readonly bus: StreamBus;
  close(): Promise<void>;
}

/** Connects in the background; until there is a connection everything works without. @throws TypeError for a bad URL. */
export function openCluster(redis: string | ConnectOptions, onEvent: RedisListener | undefined): Cluster {
  const options = typeof redis === 'string' ? { url: redis } : redis;
  const connection = connectRedis({ ...options, ...(onEvent && { onEvent }) });
  return {
    tier: new RedisTier(connection),
    bus: new StreamBus(connection),
    close: () => connection.close(),
  };
}
