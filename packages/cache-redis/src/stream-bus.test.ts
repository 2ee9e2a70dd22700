import { randomUUID } from 'node:crypto';
import { busConformance } from '@warmline/cache-core/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { RedisConnection } from './connection.ts';
import { connectRedis } from './connection.ts';
import { StreamBus } from './stream-bus.ts';
import { RedisServer } from './testing/index.ts';

describe('one server', () => {
  let server: RedisServer | undefined;
  beforeAll(async () => {
    server = await RedisServer.start();
  }, 60_000);
  afterAll(() => server?.[Symbol.asyncDispose]());

  busConformance({ describe, test }, async () => {
    const prefix = `t${randomUUID().slice(0, 8)}`;
    const connections: RedisConnection[] = [];
    const open = async (): Promise<StreamBus> => {
      const connection = connectRedis({ url: server?.url ?? '', onEvent: () => {} });
      connections.push(connection);
      await connection.tried;
      return new StreamBus(connection, { prefix });
    };
    return {
      bus: await open(),
      another: open,
      gap: async () => void (await server?.command('XTRIM', `${prefix}:bus`, 'MAXLEN', 0)),
      refuse: async () => {
        await server?.fill();
      },
      close: async () => {
        await server?.unfill();
        for (const connection of connections) await connection.close();
      },
    };
  });
});
