import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RedisCluster } from './index.ts';
import { until } from './until.ts';

let cluster: RedisCluster;
let client: Cluster;

beforeAll(async () => {
  cluster = await RedisCluster.start({ nodeTimeoutMs: 1_000 });
  client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
  client.on('error', () => {});
}, 60_000);

afterAll(async () => {
  client?.disconnect();
  await cluster?.[Symbol.asyncDispose]();
});

test('three masters serve all slots, each with a replica', async () => {
  expect(cluster.url).toBe(`redis-cluster://${cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`);
  const roles = await Promise.all(cluster.nodes.map((node) => node.info('role')));
  expect(roles).toEqual(['master', 'master', 'master', 'slave', 'slave', 'slave']);
  const links = await Promise.all(cluster.nodes.slice(3).map((node) => node.info('master_port')));
  expect(links).toEqual(cluster.nodes.slice(0, 3).map(({ port }) => `${port}`));
  const served = { 0: 0, 5_460: 0, 5_461: 1, 10_921: 1, 10_922: 2, 16_383: 2 };
  for (const [slot, index] of Object.entries(served)) {
    expect(await cluster.masterOf(Number(slot))).toBe(cluster.nodes[index]);
  }
});

test('a client reads and writes at the master of each key', async () => {
  for (let i = 0; i < 30; i++) {
    await client.set(`key:${i}`, i);
    const master = await cluster.masterOf(`key:${i}`);
    expect(await master.command('GET', `key:${i}`)).toBe(`${i}`);
  }
});

test('when a master is killed, its replica takes over with its data, and a client sees it', async () => {
  const master = await cluster.masterOf('key:1');
  const replica = cluster.nodes[cluster.nodes.indexOf(master) + 3];
  await master.kill();
  await until(async () => (await cluster.masterOf('key:1')) !== master, 10_000, 'fail-over');
  expect(await cluster.masterOf('key:1')).toBe(replica);
  await until(async () => (await client.get('key:1')) === '1', 10_000, 'read');
  await until(async () => (await client.set('key:1', 'new')) === 'OK', 10_000, 'write');
  await master.restart();
  await until(async () => (await master.info('master_link_status')) === 'up', 10_000, 'it follows');
  expect(await master.info('master_port')).toBe(`${replica!.port}`);
});
