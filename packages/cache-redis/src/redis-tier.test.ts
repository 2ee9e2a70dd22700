import { randomUUID } from 'node:crypto';
import { sharedTierConformance } from '@warmline/cache-core/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { RedisConnection } from './connection.ts';
import { connectRedis } from './connection.ts';
import { RedisTier } from './redis-tier.ts';
import { RedisServer } from './testing/index.ts';

describe('one server', () => {
  let server: RedisServer | undefined;
  beforeAll(async () => {
    server = await RedisServer.start();
  }, 60_000);
  afterAll(() => server?.[Symbol.asyncDispose]());

  sharedTierConformance(
    { describe, test },
    async () => {
      const prefix = `t${randomUUID().slice(0, 8)}`;
      const connections: RedisConnection[] = [];
      const open = async (): Promise<RedisTier> => {
        const connection = connectRedis({ url: server?.url ?? '' });
        connections.push(connection);
        await connection.tried;
        return new RedisTier(connection, { prefix });
      };
      const tier = await open();
      await tier.read([]);
      return {
        tier,
        another: async () => {
          const other = await open();
          await other.read([]);
          return other;
        },
        close: async () => {
          for (const connection of connections) await connection.close();
        },
      };
    },
    { requires: ['softening'] },
  );
});
