import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Cache, Invalidation } from '@warmline/cache-core';
import { createCache, createKeyspace, Pump } from '@warmline/cache-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostTier } from '../../cache-lmdb/src/index.ts';
import { openHostTier } from '../../cache-lmdb/src/index.ts';
import { ownPrefix } from './deployments.fixture.ts';
import { Machine } from './machine.fixture.ts';
import { FaultProxy, RedisServer } from './testing/index.ts';
import { until } from './testing/until.ts';

/** So long a process that lives is left to deliver its own. */
const OWN_BUSINESS_MS = 5_000;

/** A process of its own on some machine. */
class Member {
  readonly process: ChildProcess;
  #asked = 0;

  constructor(...args: [directory: string, url: string, prefix: string]) {
    const program = fileURLToPath(new URL('outbox-member.fixture.ts', import.meta.url));
    this.process = fork(program, args, { execArgv: ['--conditions=@warmline/source'], stdio: ['ignore', 2, 2, 'ipc'] });
  }

  async ask(what: string, argument?: unknown): Promise<unknown> {
    const id = ++this.#asked;
    const answered = new Promise<unknown>((resolve) => {
      const hear = ([answering, value]: [number, unknown]): void => {
        if (answering !== id) return;
        this.process.off('message', hear);
        resolve(value);
      };
      this.process.on('message', hear);
    });
    this.process.send([id, what, argument]);
    return answered;
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

/** A machine with a host tier and a pump, seen by another of its processes: this one. */
async function machine(url: string, prefix: string) {
  const directory = mkdtempSync(join(tmpdir(), 'warmline-outbox-'));
  const events: string[] = [];
  const host = openHostTier({ directory, onEvent: ({ type }) => events.push(type) }) as HostTier;
  const cluster = await Machine.join({ url }, prefix);
  const pump = new Pump({ bus: cluster.bus, target: host, heartbeatMs: 200 });
  await until(() => host.position(), 5_000, 'the machine hears the bus');
  const options = { name: 'c', prefix, tiers: [host, cluster.tier], bus: cluster.bus, tierBudgetMs: 1_000 };
  const caches: Cache<string>[] = [];
  const open = (): Cache<string> => {
    caches.push(createCache<string>(options));
    return caches.at(-1)!;
  };
  return {
    directory,
    host,
    cluster,
    events,
    /** What a process that has just started finds. */
    look: (key: string) => open().get(key),
    open,
    /** As the machine's keeper does it. */
    finish: async (): Promise<number> => {
      let delivered = 0;
      await host.outbox.finish(async (invalidation) => {
        await cluster.tier.invalidate(invalidation);
        await host.invalidate(invalidation);
        await cluster.bus.publish({ ...invalidation, origin: host.origin });
        delivered++;
      });
      return delivered;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await pump.close();
      await Promise.all(caches.map((cache) => cache.close()));
      await cluster[Symbol.asyncDispose]();
      await host.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

describe.concurrent('what a machine owes to the cluster', { timeout: 40_000 }, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Two machines that hold the same old entry; the network of the first can be cut. */
  async function stage() {
    const prefix = ownPrefix();
    const proxy = await FaultProxy.start({ port: server.port });
    const here = await machine(proxy.url, prefix);
    const there = await machine(server.url, prefix);
    const member = new Member(here.directory, proxy.url, prefix);
    await member.ask('ready');
    expect(await here.open().getOrLoad('k', () => 'old')).toBe('old');
    await until(async () => (await there.look('k')) === 'old', 3_000, 'the other machine has it');
    const there1 = there.open();
    expect(await there1.get('k')).toBe('old');
    const { namespace, key } = createKeyspace({ name: 'c', prefix }).refOf('k');
    const invalidation: Invalidation = { kind: 'keys', namespace, keys: [key] };
    return {
      proxy,
      here,
      there,
      there1,
      member,
      invalidation,
      cut: async (): Promise<void> => {
        await proxy.refuse(true);
        proxy.reset();
        await until(() => !here.cluster.tier.isAvailable, 2_000, 'it is cut');
      },
      heal: async (): Promise<void> => {
        await proxy.heal();
        await until(() => here.cluster.tier.isAvailable, 3_000, 'it is back');
      },
      /** Whether the cluster still gives the old value to those who may ask for it. */
      clusterHasIt: () => there.cluster.look('k', { name: 'c', prefix }).then((found) => found === 'old'),
      isGone: async (): Promise<void> => {
        await until(() => there1.peek('k') === undefined, 2_000, 'the other machine hears of it');
        expect(await there.look('k')).toBeUndefined();
        expect(await here.look('k')).toBeUndefined();
      },
      async [Symbol.asyncDispose](): Promise<void> {
        await member.kill();
        for (const one of [here, there, proxy]) await one[Symbol.asyncDispose]();
      },
    };
  }

  test('is delivered for a process that was killed, and nobody of the machine reads the old value till then', async () => {
    await using at = await stage();
    await at.cut();
    expect(await at.member.ask('delete', 'k')).toEqual({ pending: true });
    await at.member.kill();
    await at.heal();
    for (let round = 0; round < 5; round++) {
      expect(await at.clusterHasIt()).toBe(true);
      expect(await at.here.look('k')).toBeUndefined();
      await sleep(20);
    }
    expect(await at.here.finish()).toBe(1);
    expect(await at.clusterHasIt()).toBe(false);
    await at.isGone();
    expect(await at.here.finish()).toBe(0);
    // And the key is of use again.
    expect(await at.here.open().getOrLoad('k', () => 'new')).toBe('new');
    await until(async () => (await at.there.look('k')) === 'new', 2_000, 'it is stored');
  });

  test('is delivered when the process dies between writing it down and telling anybody', async () => {
    await using at = await stage();
    await at.member.ask('owe', at.invalidation);
    await at.member.kill();
    // Its own host tier gives what it holds; nobody looks behind it.
    await at.here.host.invalidate(at.invalidation);
    expect(await at.clusterHasIt()).toBe(true);
    expect(await at.here.look('k')).toBeUndefined();
    expect(await at.here.finish()).toBe(1);
    await at.isGone();
  });

  test('stays with a process that lives, for five seconds, and is settled once', async () => {
    await using at = await stage();
    const debt = await at.member.ask('owe', at.invalidation);
    expect(await at.here.finish()).toBe(0);
    expect(at.here.host.outbox.owed()).toEqual([at.invalidation]);
    await at.member.ask('settle', debt);
    await at.member.ask('settle', debt);
    await until(() => at.here.host.outbox.owed().length === 0, 2_000, 'it is settled');
    await at.member.ask('owe', at.invalidation);
    await sleep(OWN_BUSINESS_MS - 1_000);
    expect(await at.here.finish()).toBe(0);
    await sleep(1_100);
    expect(await at.here.finish()).toBe(1);
    await at.isGone();
  });

  test('that cannot be delivered is kept', async () => {
    await using at = await stage();
    await at.cut();
    expect(await at.member.ask('delete', 'k')).toEqual({ pending: true });
    await at.member.kill();
    await expect(at.here.finish()).rejects.toMatchObject({ code: 'ERR_REDIS_UNAVAILABLE' });
    expect(at.here.host.outbox.owed()).toEqual([at.invalidation]);
    await at.heal();
    expect(await at.here.finish()).toBe(1);
    await at.isGone();
  });

  test('is delivered by the process itself when it lives, also when its file is removed under it', async () => {
    await using at = await stage();
    await at.cut();
    expect(await at.member.ask('delete', 'k')).toEqual({ pending: true });
    rmSync(at.here.directory, { recursive: true, force: true });
    expect(await at.here.open().getOrLoad('other', () => 'loaded')).toBe('loaded');
    await at.heal();
    await until(async () => !(await at.clusterHasIt()), 6_000, 'it is delivered');
    await until(() => at.there1.peek('k') === undefined, 2_000, 'the other machine hears of it');
    expect(await at.here.look('k')).toBeUndefined();
  });
});
