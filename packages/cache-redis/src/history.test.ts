import { randomUUID } from 'node:crypto';
import { symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKeyspace } from '@warmline/cache-core';
import { describe, expect, test } from 'vitest';
import type { RedisConnection } from './connection.ts';
import { historyOf } from './history.ts';
import type { History } from './history.ts';
import { Layout, slotOf } from './layout.ts';
import { Machine, withIoredis5 } from './machine.fixture.ts';
import { RedisTier } from './redis-tier.ts';
import { stampBytes } from './stored-stamps.ts';
import { FaultProxy, RedisCluster, RedisSentinels, RedisServer } from './testing/index.ts';
import { until } from './testing/until.ts';

const IMMUTABLE = { name: 'phrases', immutable: true } as const;
/** How long a server's history is believed unasked. */
const HISTORY_MS = 1_000;

/** Stores a mutable and an immutable entry. */
async function store(machine: Machine): Promise<void> {
  const isStored = async (): Promise<boolean> => {
    await machine.cache().set('k', 'old');
    await machine.cache(IMMUTABLE).set('k', 'phrase');
    return (await machine.look('k')) === 'old' && (await machine.look('k', IMMUTABLE)) === 'phrase';
  };
  await until(isStored, 5_000, 'it is stored');
}

test('a master has a history, a replica and a server that tells none have not', () => {
  const id = '0123456789abcdef0123456789abcdef01234567';
  const info = (role: string): string => `# Replication\r\nrole:${role}\r\nmaster_replid:${id}\r\n`;
  expect(historyOf(info('master'))).toEqual({ id, stamp: 0x0123456789ab0000n });
  expect(historyOf(info('slave'))).toBeUndefined();
  expect(historyOf('# Replication\r\nrole:master\r\n')).toBeUndefined();
});

/** From now on its replicas, which live and have heard everything so far, hear nothing from it. */
async function cutReplicas(master: RedisServer): Promise<void> {
  const isEven = async (): Promise<boolean> => {
    const [offset, followed] = [await master.info('master_repl_offset'), await master.info('slave0')];
    return followed?.includes(`offset=${offset},`) === true;
  };
  await until(isEven, 5_000, 'its replica has everything');
  await master.command('ACL', 'SETUSER', 'default', '-psync', '-sync');
  await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
  await until(async () => (await master.info('connected_slaves')) === '0', 2_000, 'no replica is linked');
}

/** Looks again and again for what was deleted. @returns how often it was there, and when for the last time. */
async function staleLooks(machines: readonly Machine[], forMs: number): Promise<{ count: number; lastMs: number }> {
  const startedMs = performance.now();
  let [count, lastMs] = [0, 0];
  while (performance.now() - startedMs < forMs) {
    const found = await Promise.all(machines.map((machine) => machine.look('k')));
    if (found.includes('old')) [count, lastMs] = [count + 1, performance.now() - startedMs];
    await sleep(20);
  }
  return { count, lastMs };
}

/** What is immutable has survived. */
async function findPhrase(machine: Machine): Promise<void> {
  await until(async () => (await machine.look('k', IMMUTABLE)) === 'phrase', 2_000, 'the immutable entry is found');
}

const NEVER = { count: 0, lastMs: 0 };

test('what is read while the history changes is of neither', async () => {
  let asked = 0;
  const known = (id: string): History => ({ id, stamp: BigInt(id.length) << 16n });
  for (const [before, after, isKnown] of [
    ['a', 'a', true],
    ['a', 'bb', false],
    ['a', undefined, false],
    [undefined, 'bb', false],
  ] as const) {
    asked = 0;
    const link = {
      isCluster: false,
      isUp: true,
      historyOf: () => {
        const id = asked++ === 0 ? before : after;
        return id === undefined ? undefined : known(id);
      },
      call: async (command: string) => {
        if (command === 'EVAL') return [Buffer.from('1'), Buffer.from('0')];
        const stamps = [1n, 2n, 3n].map(stampBytes);
        if (command === 'MGET') return stamps;
        return command === 'GETRANGE' ? Buffer.alloc(0) : [0, Buffer.alloc(0), ...stamps];
      },
    };
    const connection = { commands: link, bulk: link, isConnected: true };
    const tier = new RedisTier(connection as unknown as RedisConnection);
    const [stored] = await tier.read([refOf('k')]);
    expect(stored!.stamps.namespace !== undefined, `${before} ${after}`).toBe(isKnown);
    asked = 0;
    const begun = await tier.begin(refOf('k'), { leaseMs: 0, stampTtlMs: 1 });
    expect(begun.stamps.namespace !== undefined, `${before} ${after}`).toBe(isKnown);
  }
});

describe.concurrent('one server', () => {
  test.each([
    ['ioredis 6', (url: string) => ({ url })],
    ['ioredis 5', withIoredis5],
  ])('that is started again from an old snapshot brings nothing mutable back (%s)', async (_, options) => {
    await using server = await RedisServer.start();
    await using before = await Machine.join(options(server.url));
    await using busy = await Machine.join(options(server.url));
    await store(before);
    const snapshot = await server.snapshot();
    await before.cache().delete('k');
    expect(await before.look('k')).toBeUndefined();
    const looks = staleLooks([busy], 1_500);
    await server.kill();
    server.restore(snapshot);
    await server.restart();
    await using after = await Machine.join(options(server.url));
    expect(await looks).toEqual(NEVER);
    await until(() => before.tier.isAvailable, 2_000, 'it is back');
    expect(await staleLooks([before, busy, after], 300)).toEqual(NEVER);
    for (const machine of [before, after]) await findPhrase(machine);
    // What is stored from now on is of use.
    await after.cache().set('k', 'new');
    expect(await before.look('k')).toBe('new');
  });

  test('whose address is taken over by a replica that lacks the last deletion brings nothing mutable back', async () => {
    await using master = await RedisServer.start();
    await using replica = await RedisServer.start();
    await replica.becomeReplicaOf(master);
    const path = join(tmpdir(), `warmline-${randomUUID()}.sock`);
    symlinkSync(master.unixSocketPath, path);
    await using proxy = await FaultProxy.start({ path });
    await using before = await Machine.join({ url: proxy.url });
    await using idle = await Machine.join({ url: proxy.url });
    await store(before);
    await cutReplicas(master);
    await before.cache().delete('k');
    unlinkSync(path);
    symlinkSync(replica.unixSocketPath, path);
    await replica.becomeMaster();
    expect(await replica.command('DBSIZE')).toBeGreaterThan(4);
    proxy.reset();
    await until(() => before.tier.isAvailable, 2_000, 'it is back');
    await using after = await Machine.join({ url: proxy.url });
    expect(await staleLooks([before, idle, after], 300)).toEqual(NEVER);
    await findPhrase(idle);
    unlinkSync(path);
  });

  test('that is made a replica under its clients is believed for a second at most', async () => {
    await using server = await RedisServer.start();
    await using other = await RedisServer.start();
    await other.becomeReplicaOf(server);
    await using machine = await Machine.join({ url: server.url });
    await store(machine);
    await until(async () => Number(await other.command('DBSIZE')) > 4, 2_000, 'it has followed');
    await other.becomeMaster();
    await other.command('CONFIG', 'SET', 'repl-diskless-sync-delay', 0);
    // The other has it still, under the stamps of the history that both had.
    await machine.cache().delete('k');
    expect(await machine.look('k')).toBeUndefined();
    // By the hand of an operator: Sentinel closes the connections of clients, too.
    await server.command('REPLICAOF', '127.0.0.1', other.port);
    const { lastMs } = await staleLooks([machine], 2 * HISTORY_MS);
    expect(lastMs).toBeLessThan(HISTORY_MS + 200);
  });
});

describe.concurrent('Sentinel', () => {
  test('a replica without the last deletion that takes over brings nothing mutable back', async () => {
    await using sentinels = await RedisSentinels.start();
    await using before = await Machine.join({ url: sentinels.url });
    await using idle = await Machine.join({ url: sentinels.url });
    await store(before);
    const master = await sentinels.master();
    await cutReplicas(master);
    await before.cache().delete('k');
    await master.kill();
    const looks = staleLooks([before], 6_000);
    await until(() => before.tier.isAvailable, 10_000, 'it has failed over');
    expect(await looks).toEqual(NEVER);
    await using after = await Machine.join({ url: sentinels.url });
    expect(await staleLooks([before, idle, after], 300)).toEqual(NEVER);
    await findPhrase(after);
    expect(before.told).toEqual(['redis-unavailable', 'redis-available']);
  }, 40_000);
});

describe.concurrent('Sentinel, of a master that goes on after it was replaced', () => {
  // Nobody asks a server that is not used, so that its silence is not noticed.
  test('nothing it holds is believed by one who was idle meanwhile', async () => {
    // By default a sentinel waits ten times as long as this.
    await using sentinels = await RedisSentinels.start({ downAfterMs: 3_000 });
    const options = { url: sentinels.url, connectTimeoutMs: 400, socketTimeoutMs: 400 };
    await using busy = await Machine.join(options);
    await using idle = await Machine.join(options);
    await store(busy);
    const master = await sentinels.master();
    await master.pause();
    // Nothing is to be deleted on its way to the old one, which would do so when it goes on.
    const isLost = async (): Promise<boolean> => {
      await busy.tier.read([refOf('other')]).catch(() => {});
      return !busy.tier.isAvailable;
    };
    await until(isLost, 5_000, 'it is given up');
    await until(async () => (await sentinels.master()) !== master, 10_000, 'it is replaced');
    await until(() => busy.tier.read([refOf('k')]), 5_000, 'the new one is found');
    await busy.cache().delete('k');
    // An attempt to connect that began before it was replaced is over.
    await sleep(600);
    // Until a sentinel tells it otherwise it takes itself for the master.
    master.resume();
    expect(await staleLooks([idle], 1_500)).toEqual(NEVER);
  }, 40_000);
});

describe.concurrent('a Cluster', () => {
  const name = 'cache';
  const partition = new Layout('', true).partitionOf(createKeyspace({ name }).keyOf('k'));

  test('a replica without the last deletion that takes over brings nothing mutable back', async () => {
    await using cluster = await RedisCluster.start({ nodeTimeoutMs: 1_000 });
    await using before = await Machine.join({ url: cluster.url });
    await using idle = await Machine.join({ url: cluster.url });
    await store(before);
    const master = await cluster.masterOf(partition);
    await cutReplicas(master);
    await before.cache().delete('k');
    await master.kill();
    const looks = staleLooks([before], 4_000);
    await until(async () => (await cluster.masterOf(partition)) !== master, 15_000, 'it has failed over');
    await until(() => before.tier.read([refOf('k')]), 5_000, 'it is read');
    expect(await looks).toEqual(NEVER);
    await using after = await Machine.join({ url: cluster.url });
    expect(await staleLooks([before, idle, after], 300)).toEqual(NEVER);
    for (const machine of [idle, after]) {
      const isOfUse = async (): Promise<boolean> => {
        await before.cache().set('k', 'new');
        return (await machine.look('k')) === 'new';
      };
      await until(isOfUse, 3_000, 'it is of use');
    }
  }, 40_000);

  test.each(['busy', 'idle'])(
    'a master that is started again from an old snapshot brings nothing mutable back to one who was %s',
    async (state) => {
      // A replica would take its place; and it answers reads at once.
      const args = ['--cluster-allow-reads-when-down', 'yes'];
      await using cluster = await RedisCluster.start({ replicasEach: 0, nodeTimeoutMs: 10_000, args });
      await using machine = await Machine.join({ url: cluster.url });
      await store(machine);
      const master = await cluster.masterOf(partition);
      const snapshot = await master.snapshot();
      await machine.cache().delete('k');
      expect(await machine.look('k')).toBeUndefined();
      const looks = state === 'busy' ? staleLooks([machine], 2_500) : undefined;
      await master.kill();
      master.restore(snapshot);
      await master.restart();
      expect(await (looks ?? staleLooks([machine], 2_500))).toEqual(NEVER);
    },
    40_000,
  );

  test('a partition moves to another master while it is read: nothing stale, nobody hangs', async () => {
    await using cluster = await RedisCluster.start({ replicasEach: 0 });
    await using reader = await Machine.join({ url: cluster.url });
    await using writer = await Machine.join({ url: cluster.url });
    const slot = slotOf(partition);
    const from = await cluster.masterOf(slot);
    const to = cluster.nodes.find((node) => node !== from)!;
    // Each value is deleted before the next one is written: whoever begins a look later may not find an older one.
    const writes = writer.cache();
    let [written, stop, longestMs, looks, stale] = [0, false, 0, 0, 0];
    const write = async (): Promise<void> => {
      while (!stop) {
        const next = written + 1;
        const { pending } = await writes.delete('k');
        // Not acknowledged: others may still see the older one, and were not told otherwise.
        if (!pending) written = next;
        await writes.set('k', `${next}`);
        await sleep(5);
      }
    };
    const read = async (): Promise<void> => {
      while (!stop) {
        const [least, fromMs] = [written, performance.now()];
        const found = await reader.look('k');
        longestMs = Math.max(longestMs, performance.now() - fromMs);
        looks++;
        if (found !== undefined && Number(found) < least) stale++;
      }
    };
    const work = Promise.all([write(), read(), read()]);
    await sleep(300);
    const [fromId, toId] = [await from.command('CLUSTER', 'MYID'), await to.command('CLUSTER', 'MYID')].map(String);
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId!);
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId!);
    for (let idle = 0; idle < 20;) {
      const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[];
      idle = keys.length === 0 ? idle + 1 : 0;
      for (const key of keys) await from.command('MIGRATE', '127.0.0.1', to.port, key, 0, 1_000);
      await sleep(5);
    }
    for (const node of [to, from]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId!);
    await sleep(500);
    stop = true;
    await work;
    expect(stale).toBe(0);
    expect(looks).toBeGreaterThan(50);
    expect(longestMs).toBeLessThan(2_100);
    const isOfUse = async (): Promise<boolean> => {
      await writer.cache().set('k', 'last');
      return (await reader.look('k')) === 'last';
    };
    await until(isOfUse, 2_000, 'it is of use');
  }, 40_000);

  // The histories of all masters are waited for, until the attempt to connect is over.
  test('a master that hangs does not keep a new process from the others', async () => {
    await using cluster = await RedisCluster.start({ replicasEach: 0, nodeTimeoutMs: 60_000 });
    const clock = await cluster.masterOf('warmline:clock');
    await cluster.nodes.find((node) => node !== clock)!.pause();
    await using machine = Machine.start({ url: cluster.url, connectTimeoutMs: 500, socketTimeoutMs: 1_000 });
    await until(() => machine.tier.isAvailable, 4_000, 'it has connected');
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const isOfUse = async (): Promise<boolean> => {
      const reads = await Promise.allSettled(keys.map((key) => machine.tier.read([refOf(key)])));
      return reads.filter(({ status }) => status === 'fulfilled').length > 5;
    };
    await until(isOfUse, 6_000, 'the others are read');
    expect(machine.tier.isAvailable).toBe(true);
  }, 20_000);
});

function refOf(key: string) {
  return createKeyspace({ name: 'cache' }).refOf(key);
}
