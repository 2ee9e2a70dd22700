import { busConformance } from '@warmline/cache-core/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { RedisConnection } from './connection.ts';
import type { Deployment } from './deployments.fixture.ts';
import { DEPLOYMENTS, ownPrefix } from './deployments.fixture.ts';
import { StreamBus } from './stream-bus.ts';

describe.each(Object.entries(DEPLOYMENTS))('%s', (_, start) => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await start();
  }, 60_000);
  afterAll(() => deployment[Symbol.asyncDispose]());

  busConformance({ describe, test }, async () => {
    const prefix = ownPrefix();
    const connections: RedisConnection[] = [];
    const open = async (): Promise<StreamBus> => {
      const connection = await deployment.connect();
      connections.push(connection);
      return new StreamBus(connection, { prefix });
    };
    const server = await deployment.serverOf(`${prefix}:bus`);
    return {
      bus: await open(),
      another: open,
      ...(server && {
        gap: async () => void (await server.command('XTRIM', `${prefix}:bus`, 'MAXLEN', 0)),
        refuse: () => server.fill(),
      }),
      close: async () => {
        await server?.unfill();
        for (const connection of connections) await connection.close();
      },
    };
  });
});
