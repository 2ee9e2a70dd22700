import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheEvent, Invalidation } from '@warmline/cache-core';
import { Pump } from '@warmline/cache-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ownPrefix } from './deployments.fixture.ts';
import { Machine, withIoredis5 } from './machine.fixture.ts';
import { FaultProxy, RedisServer } from './testing/index.ts';
import { until } from './testing/until.ts';

/** What one subscriber was told: numbers of messages, and gaps. */
class Ear {
  readonly heard: (number | 'gap')[] = [];
  position: string | undefined;
  leave: () => Promise<void> = async () => {};

  async at({ bus }: Machine, from?: string): Promise<this> {
    this.leave = await bus.subscribe(
      (message, position) => {
        this.heard.push(Number(message?.namespace));
        this.position = position;
      },
      () => this.heard.push('gap'),
      from,
    );
    return this;
  }

  get gaps(): number {
    return this.heard.filter((one) => one === 'gap').length;
  }

  async hears(last: number | 'gap', withinMs = 5_000): Promise<void> {
    await until(() => this.heard.at(-1) === last, withinMs, `${last} is heard, after ${this.heard.at(-1)}`);
  }
}

function numbered(number: number): Invalidation {
  return { kind: 'namespace', namespace: String(number) };
}

/** In order; resolves when all are accepted. */
async function publish({ bus }: Machine, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  await Promise.all(numbers.map((number) => bus.publish(numbered(number))));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe.concurrent('the stream of a bus', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** A machine that publishes, and one that hears through a proxy. */
  async function stage(): Promise<{ here: Machine; there: Machine; proxy: FaultProxy; key: string } & AsyncDisposable> {
    const prefix = ownPrefix();
    const proxy = await FaultProxy.start({ port: server.port });
    const [here, there] = await Promise.all([server, proxy].map(({ url }) => Machine.join({ url }, prefix)));
    const end = async (): Promise<void> => {
      for (const one of [here!, there!, proxy]) await one[Symbol.asyncDispose]();
    };
    return { here: here!, there: there!, proxy, key: `${prefix}:bus`, [Symbol.asyncDispose]: end };
  }

  test.each([1, 998, 999, 1_000, 1_001, 5_000])('%d messages behind, a reader hears every one', async (count) => {
    await using at = await stage();
    const ear = await new Ear().at(at.there);
    await publish(at.here, 1, 1);
    await ear.hears(1);
    // What it was asked for last is answered only now.
    at.proxy.set({ blackhole: true });
    await publish(at.here, 2, count + 1);
    at.proxy.set({ blackhole: false });
    await ear.hears(count + 1);
    expect(ear.heard).toEqual(range(1, count + 1));
  });

  test('trimmed under a reader that is away is a gap', async () => {
    await using at = await stage();
    const [ear, near] = [await new Ear().at(at.there), await new Ear().at(at.here)];
    await publish(at.here, 1, 1);
    await ear.hears(1);
    await at.proxy.refuse(true);
    at.proxy.reset();
    await publish(at.here, 2, 20);
    await near.hears(20);
    // The last one stays: nobody who looks at the end alone would notice.
    await server.command('XTRIM', at.key, 'MAXLEN', 1);
    await at.proxy.refuse(false);
    await ear.hears('gap');
    await publish(at.here, 21, 21);
    await ear.hears(21);
    expect(ear.heard).toEqual([1, 'gap', 21]);
    expect(near.heard).toEqual(range(1, 21));
  });

  test('deleted, and begun anew with smaller ids, is a gap', async () => {
    await using at = await stage();
    const ear = await new Ear().at(at.there);
    await publish(at.here, 1, 1);
    await ear.hears(1);
    await server.command('DEL', at.key);
    await server.command('XADD', at.key, '1-1', 'm', JSON.stringify(numbered(2)));
    await ear.hears('gap');
    await server.command('XADD', at.key, '1-2', 'm', JSON.stringify(numbered(3)));
    await ear.hears(3);
    expect(ear.heard).toEqual([1, 'gap', 3]);
  });

  test('replaced by something else is an error to who publishes, and a gap when it is back', async () => {
    await using at = await stage();
    const ear = await new Ear().at(at.there);
    await server.command('SET', at.key, 'no stream');
    await expect(at.here.bus.publish(numbered(1))).rejects.toThrow('WRONGTYPE');
    await expect(new Ear().at(at.here)).rejects.toMatchObject({ code: 'ERR_REDIS_TIMEOUT' });
    await server.command('DEL', at.key);
    await until(() => ear.gaps > 0, 3_000, 'the gap is told');
    await publish(at.here, 2, 2);
    await ear.hears(2);
    expect(at.there.told).toEqual([]);
  });

  test('with entries of other programs is read: what is no message is passed over, what is broken is a gap', async () => {
    await using at = await stage();
    const ear = await new Ear().at(at.there);
    await server.command('XADD', at.key, '*', 'foreign', 'x', 'm', JSON.stringify(numbered(9)));
    await publish(at.here, 1, 1);
    await server.command('XADD', at.key, '*', 'm', '{broken');
    await publish(at.here, 2, 2);
    await ear.hears(2);
    expect(ear.heard).toEqual([1, 'gap', 2]);
  });

  // The next ones are not told, and the reader begins anew behind the message.
  test('a subscriber that throws takes nothing from the others', async () => {
    await using at = await stage();
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const leave = await at.there.bus.subscribe(
      () => {
        throw new Error('of a subscriber');
      },
      () => {},
    );
    const ear = await new Ear().at(at.there);
    await publish(at.here, 1, 2);
    await ear.hears(2);
    expect(ear.heard).toEqual([1, 2]);
    await leave();
  });

  test.each([
    ['ioredis 6', (url: string) => ({ url })],
    ['ioredis 5', withIoredis5],
  ])(
    'connections that are killed a hundred times lose no message (%s)',
    async (_, options) => {
      await using own = await RedisServer.start();
      await using here = await Machine.join({ url: own.url });
      await using one = await Machine.join(options(own.url));
      await using other = await Machine.join(options(own.url));
      const ears = [await new Ear().at(one), await new Ear().at(other)];
      const blocked = async (): Promise<string[]> => {
        const list = String(await own.command('CLIENT', 'LIST', 'TYPE', 'normal')).split('\n');
        return list
          .filter((line) => /cmd=x(?:read|range)/u.test(line))
          .map((line) => /\bid=(\d+)/u.exec(line)?.[1] ?? '');
      };
      let [published, kills] = [0, 0];
      const publishing = (async (): Promise<void> => {
        while (published < 2_000 || kills < 100) {
          await here.bus.publish(numbered(++published));
          if (published % 10 === 0) await sleep(1);
        }
      })();
      while (kills < 100) {
        for (const id of await blocked()) kills += Number(await own.command('CLIENT', 'KILL', 'ID', id));
        await sleep(5);
      }
      await publishing;
      for (const ear of ears) {
        await ear.hears(published);
        expect(ear.heard).toEqual(range(1, published));
      }
    },
    30_000,
  );

  test('it is read on from where another reader has left it', async () => {
    await using at = await stage();
    const first = await new Ear().at(at.there);
    await publish(at.here, 1, 3);
    await first.hears(3);
    await first.leave();
    await publish(at.here, 4, 6);
    const next = await new Ear().at(at.here, first.position);
    await publish(at.here, 7, 7);
    await next.hears(7);
    expect(next.heard).toEqual([4, 5, 6, 7]);
    // For one who comes later nobody reads alone: what it has missed is a gap to it, and not to the others.
    const late = await new Ear().at(at.here, first.position);
    await publish(at.here, 8, 8);
    await Promise.all([late, next].map((ear) => ear.hears(8)));
    expect([late.heard, next.heard]).toEqual([
      ['gap', 8],
      [4, 5, 6, 7, 8],
    ]);
  });

  const readOnFrom = async (change: (own: string) => string): Promise<unknown> => {
    await using at = await stage();
    const ear = await new Ear().at(at.there);
    await publish(at.here, 1, 1);
    await ear.hears(1);
    const next = await new Ear().at(at.here, change(ear.position!));
    await publish(at.here, 2, 2);
    await next.hears(2);
    return next.heard;
  };
  test.each([
    ['of another history', (own: string) => own.replace(/^[^/]{8}/u, '00000000')],
    ['that is gone', (own: string) => own.replace(/\d+-\d+$/u, '1-1')],
  ])('a position %s is a gap', async (_, change) => {
    expect(await readOnFrom(change)).toEqual(['gap', 2]);
  });

  // It is taken for no position at all.
  test.each([
    ['of another bus', () => '17'],
    ['that is empty', () => ''],
  ])('a position %s is a gap', async (_, change) => {
    expect(await readOnFrom(change)).toEqual(['gap', 2]);
  });

  test('a reader whose connection is dead gives it up, and hears on by another', async () => {
    await using at = await stage();
    const ear = await new Ear().at(at.there);
    await publish(at.here, 1, 1);
    await ear.hears(1);
    const readers = (): number => at.proxy.commands.byConnection.filter((names) => names.has('XREAD')).length;
    expect(readers()).toBe(1);
    at.proxy.set({ blackhole: true });
    await sleep(2_500);
    at.proxy.set({ blackhole: false });
    await until(() => readers() === 2, 2_000, 'there is another');
    await publish(at.here, 2, 2);
    await ear.hears(2);
    expect(ear.heard).toEqual([1, 2]);
  });

  test('leaving gives the connection back, joining again opens one', async () => {
    await using at = await stage();
    const before = at.proxy.connections;
    for (let round = 0; round < 5; round++) {
      const ears = await Promise.all([new Ear().at(at.there), new Ear().at(at.there)]);
      expect(at.proxy.connections).toBe(before + 1);
      await Promise.all(ears.map((ear) => ear.leave()));
      await ears[0].leave();
      await until(() => at.proxy.connections === before, 1_000, 'it is given back');
    }
    await new Ear().at(at.there);
    await at.there.connection.close();
    await until(() => at.proxy.connections === 0, 1_000, 'all are given back');
  });
});

describe.concurrent('a bus whose server', () => {
  test('is away cannot be joined, which a pump tries until it can', async () => {
    await using server = await RedisServer.start();
    await server.kill();
    await using machine = Machine.start({ url: server.url });
    const startedMs = performance.now();
    await expect(new Ear().at(machine)).rejects.toMatchObject({ code: 'ERR_REDIS_TIMEOUT' });
    // A second for the connection; the rest is for a machine that does other things, too.
    expect(performance.now() - startedMs).toBeLessThan(8_000);
    const [events, invalidated, live]: [CacheEvent[], Invalidation[], number[]] = [[], [], []];
    const pump = new Pump({
      bus: machine.bus,
      target: {
        invalidate: async (invalidation) => void invalidated.push(invalidation),
        stayLive: async (forMs) => void live.push(forMs),
      },
      heartbeatMs: 200,
      onEvent: (event) => events.push(event),
    });
    await until(() => events.some(({ type }) => type === 'bus-error'), 5_000, 'it is told');
    await server.restart();
    await until(() => live.length > 2, 5_000, 'it hears itself');
    await machine.bus.publish(numbered(1));
    await until(() => invalidated.some(({ namespace }) => namespace === '1'), 2_000, 'it hears others');
    await pump.close();
  }, 15_000);

  test('hangs is given up by its readers, who hear on when it goes on', async () => {
    await using server = await RedisServer.start();
    await using machine = await Machine.join({ url: server.url });
    const ear = await new Ear().at(machine);
    await machine.bus.publish(numbered(1));
    await ear.hears(1);
    const before = await clients(server);
    await server.pause();
    await sleep(2_600);
    server.resume();
    await until(() => machine.tier.isAvailable, 2_000, 'it is back');
    await until(() => machine.bus.publish(numbered(2)).then(() => true), 2_000, 'it is published');
    await ear.hears(2);
    expect(ear.heard).toEqual([1, 2]);
    await until(async () => (await clients(server)) <= before, 3_000, 'nobody is left behind');
  }, 15_000);

  test('was started again empty, or from an old snapshot, tells a gap', async () => {
    await using server = await RedisServer.start();
    await using machine = await Machine.join({ url: server.url });
    const ear = await new Ear().at(machine);
    await machine.bus.publish(numbered(1));
    await ear.hears(1);
    const snapshot = await server.snapshot();
    await server.kill();
    // The entry that was read last exists in it.
    server.restore(snapshot);
    await server.restart();
    await ear.hears('gap');
    await server.kill();
    server.restore(undefined);
    await server.restart();
    await until(() => ear.gaps === 2, 5_000, 'the second gap is told');
    await until(() => machine.bus.publish(numbered(2)).then(() => true), 2_000, 'it is published');
    await ear.hears(2);
    expect(ear.heard).toEqual([1, 'gap', 'gap', 2]);
  }, 15_000);
});

async function clients(server: RedisServer): Promise<number> {
  return String(await server.command('CLIENT', 'LIST')).split('\n').length;
}
