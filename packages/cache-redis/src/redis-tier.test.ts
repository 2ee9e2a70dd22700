import { sharedTierConformance } from '@warmline/cache-core/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { RedisConnection } from './connection.ts';
import type { Deployment } from './deployments.fixture.ts';
import { DEPLOYMENTS, ownPrefix } from './deployments.fixture.ts';
import { RedisTier } from './redis-tier.ts';

describe.each(Object.entries(DEPLOYMENTS))('%s', (_, start) => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await start();
  }, 60_000);
  afterAll(() => deployment[Symbol.asyncDispose]());

  sharedTierConformance(
    { describe, test: test.concurrent },
    async () => {
      const prefix = ownPrefix();
      const connections: RedisConnection[] = [];
      const open = async (): Promise<RedisTier> => {
        const connection = await deployment.connect();
        connections.push(connection);
        const tier = new RedisTier(connection, { prefix });
        // Then it knows the time.
        await tier.read([]);
        return tier;
      };
      return {
        tier: await open(),
        another: open,
        close: async () => {
          for (const connection of connections) await connection.close();
        },
      };
    },
    { requires: ['softening'] },
  );
});
