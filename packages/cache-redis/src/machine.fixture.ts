import type { Cache, CacheEvent, CacheOptions, EntryRef } from '@warmline/cache-core';
import { createCache } from '@warmline/cache-core';
import { Redis as Redis5 } from 'ioredis-5';
import type { RedisClient } from './client.ts';
import type { ConnectOptions, RedisConnection } from './connection.ts';
import { connectRedis } from './connection.ts';
import type { RedisEvent } from './events.ts';
import { RedisTier } from './redis-tier.ts';
import { StreamBus } from './stream-bus.ts';
import { until } from './testing/until.ts';

/** Short, for tests that wait for them. */
export const TIMEOUTS = { connectTimeoutMs: 300, socketTimeoutMs: 300 } as const;
/** What a busy test machine adds to a limit. */
export const SLACK_MS = 700;

/** One machine of several that share a Redis: a connection of its own, and what it is told. */
export class Machine implements AsyncDisposable {
  readonly connection: RedisConnection;
  readonly tier: RedisTier;
  readonly bus: StreamBus;
  readonly events: RedisEvent[] = [];
  readonly cacheEvents: CacheEvent[] = [];
  readonly #caches: Cache<string>[] = [];

  private constructor(options: ConnectOptions, prefix: string) {
    this.connection = connectRedis({ ...TIMEOUTS, ...options, onEvent: (event) => this.events.push(event) });
    this.tier = new RedisTier(this.connection, { prefix });
    this.bus = new StreamBus(this.connection, { prefix });
  }

  /** Does not wait for the connection. */
  static start(options: ConnectOptions, prefix = 'warmline'): Machine {
    return new Machine(options, prefix);
  }

  /** Connected, and with the time of the server, when it resolves. */
  static async join(options: ConnectOptions, prefix?: string): Promise<Machine> {
    // Beside other tests everything may take long.
    const machine = Machine.start({ connectTimeoutMs: 3_000, socketTimeoutMs: 1_500, ...options }, prefix);
    await until(() => machine.tier.read([]), 5_000, 'it is connected');
    return machine;
  }

  /** With nothing in its process tier yet. */
  cache(options: Partial<CacheOptions<string>> = {}): Cache<string> {
    const cache = createCache<string>({
      name: 'cache',
      tiers: [this.tier],
      tierBudgetMs: 2_000,
      onEvent: (event) => this.cacheEvents.push(event),
      ...options,
    });
    this.#caches.push(cache);
    return cache;
  }

  /** What a process that has just started finds. */
  look(key: string, options?: Partial<CacheOptions<string>>): Promise<string | undefined> {
    return this.cache(options).get(key);
  }

  get told(): readonly string[] {
    return this.events.map(({ type }) => type);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#caches.map((cache) => cache.close()));
    await this.connection.close();
  }
}

/** For `ConnectOptions`: settings of a client of ioredis 5, by which the connections of the cache are then made. */
export function withIoredis5(url: string): { readonly client: RedisClient } {
  const client = new Redis5(url, { lazyConnect: true });
  return { client: client as unknown as RedisClient };
}

export const REF: EntryRef = { namespace: 't:s:c', key: 't:s:c:k', tags: [] };
