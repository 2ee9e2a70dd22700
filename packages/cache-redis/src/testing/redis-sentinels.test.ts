import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RedisSentinels } from './index.ts';
import { until } from './until.ts';

let group: RedisSentinels;

beforeAll(async () => {
  group = await RedisSentinels.start({ downAfterMs: 500 });
}, 60_000);

afterAll(async () => {
  await group?.[Symbol.asyncDispose]();
});

test('three sentinels watch a master with a replica', async () => {
  expect(group.url).toBe(
    `redis-sentinel://${group.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/warmline`,
  );
  expect(await group.master()).toBe(group.servers[0]);
  expect(await group.servers[1]!.info('master_port')).toBe(`${group.servers[0]!.port}`);
  expect(group.sentinels).toHaveLength(3);
});

test('when the master is killed, the replica takes over with its data, and a client sees it', async () => {
  const [master, replica] = group.servers;
  const client = new Redis({
    sentinels: group.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    name: group.masterName,
    sentinelRetryStrategy: () => 50,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  client.on('error', () => {});
  try {
    await client.set('key', 'value');
    await until(async () => (await replica!.command('GET', 'key')) === 'value', 1_000, 'replicated');
    await master!.kill();
    await until(async () => (await group.master()) === replica, 15_000, 'fail-over');
    await until(async () => (await client.get('key')) === 'value', 5_000, 'read');
    await until(async () => (await client.set('key', 'new')) === 'OK', 5_000, 'write');
    expect(await replica!.command('GET', 'key')).toBe('new');
    await master!.restart();
    await until(async () => (await master!.command('GET', 'key')) === 'new', 15_000, 'it follows');
  } finally {
    client.disconnect();
  }
});
