import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Machine, REF, SLACK_MS, TIMEOUTS, withIoredis5 } from './machine.fixture.ts';
import { FaultProxy, RedisServer } from './testing/index.ts';
import { until } from './testing/until.ts';

interface Place {
  readonly server: RedisServer;
  readonly proxy: FaultProxy;
  /** Follows {@link server} where a state needs that. */
  readonly other: () => Promise<RedisServer>;
}

interface State {
  readonly begin: (place: Place) => Promise<unknown> | void;
  readonly end: (place: Place) => Promise<unknown> | void;
  /** Whether the tier is to be left out meanwhile. @default true */
  readonly isDown?: boolean;
  /** Outages that are told. @default as `isDown` */
  readonly outages?: number;
  /** Until the kernel has noticed that it is over. @default 0 */
  readonly lateMs?: number;
  readonly socketTimeoutMs?: number;
}

/** What can be wrong with a Redis that was right. */
const STATES: Readonly<Record<string, State>> = {
  killed: { begin: ({ server }) => server.kill(), end: ({ server }) => server.restart() },
  'hung (SIGSTOP)': { begin: ({ server }) => server.pause(), end: ({ server }) => server.resume() },
  'slow, 200 ms more': {
    begin: ({ proxy }) => proxy.set({ latencyMs: 100 }),
    end: ({ proxy }) => proxy.heal(),
    isDown: false,
    // Not so near to what it takes.
    socketTimeoutMs: 2_000,
  },
  'blackholed in the middle': {
    begin: ({ proxy }) => proxy.set({ blackhole: true, blackholeConnect: true }),
    end: ({ proxy }) => proxy.heal(),
  },
  'not answering SYN': {
    begin: async ({ proxy }) => {
      await proxy.dropConnects(true);
      proxy.reset();
    },
    end: ({ proxy }) => proxy.heal(),
    lateMs: 1_200,
  },
  refusing: {
    begin: async ({ proxy }) => {
      await proxy.refuse(true);
      proxy.reset();
    },
    end: ({ proxy }) => proxy.heal(),
  },
  'reset once': { begin: ({ proxy }) => proxy.reset(), end: () => {}, isDown: false, outages: 1 },
  'half-closed by the server once': {
    begin: ({ proxy }) => proxy.halfClose('client'),
    end: () => {},
    isDown: false,
    outages: 1,
  },
  full: { begin: ({ server }) => server.fill(), end: ({ server }) => server.unfill(), isDown: false },
  'a read-only replica': {
    begin: async ({ server, other }) => server.command('REPLICAOF', '127.0.0.1', (await other()).port),
    end: ({ server }) => server.becomeMaster(),
  },
  LOADING: {
    begin: ({ server }) => server.restartLoading(2_500),
    end: ({ server }) => until(async () => (await server.info('loading')) === '0', 8_000, 'loaded'),
  },
  'restarted empty': { begin: ({ server }) => server.restart(), end: () => {}, isDown: false, outages: 1 },
};

async function place(): Promise<Place & AsyncDisposable> {
  const server = await RedisServer.start();
  const proxy = await FaultProxy.start({ port: server.port });
  let other: RedisServer | undefined;
  return {
    server,
    proxy,
    other: async () => (other ??= await RedisServer.start()),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await other?.[Symbol.asyncDispose]();
    },
  };
}

/** Every kind of call, over and over. @returns the longest that one has taken. */
async function callAll({ tier, bus }: Machine, forMs: number): Promise<number> {
  const calls = [
    () => tier.read([REF]),
    () => tier.begin(REF, { leaseMs: 100, stampTtlMs: 1_000 }),
    () => tier.write(REF, Buffer.alloc(100), { ttlMs: 1_000 }),
    () => tier.write(REF, Buffer.alloc(100_000), { ttlMs: 1_000 }),
    () => tier.invalidate({ kind: 'keys', namespace: REF.namespace, keys: [REF.key] }),
    () => tier.invalidate({ kind: 'tags', namespace: REF.namespace, tags: ['t'], soft: true }),
    () => bus.publish({ kind: 'namespace', namespace: 'n' }),
  ];
  const startedMs = performance.now();
  const longest = await Promise.all(
    calls.map(async (call) => {
      let longestMs = 0;
      while (performance.now() - startedMs < forMs) {
        const fromMs = performance.now();
        await call().catch(() => {});
        longestMs = Math.max(longestMs, performance.now() - fromMs);
        await sleep(20);
      }
      return longestMs;
    }),
  );
  return Math.max(...longest);
}

type Url = (url: string) => object;

/** From right to wrong and back again. @returns what was told of the connection, and what should be. */
async function goThrough(state: State, url: Url) {
  const { begin, end, isDown = true, outages = isDown ? 1 : 0, lateMs = 0, socketTimeoutMs = 300 } = state;
  await using at = await place();
  await using machine = await Machine.join({ connectTimeoutMs: 300, socketTimeoutMs, ...url(at.proxy.url) });
  const cache = machine.cache({ tierBudgetMs: 15 });
  let loads = 0;
  const slowest = async (): Promise<number> => {
    let slowestMs = 0;
    for (let turn = 0; turn < 10; turn++) {
      const fromMs = performance.now();
      expect(await cache.getOrLoad(`${loads}`, () => `${++loads}`)).toBe(`${loads}`);
      slowestMs = Math.max(slowestMs, performance.now() - fromMs);
    }
    return slowestMs;
  };

  await begin(at);
  const turns = slowest();
  expect(await callAll(machine, 1_500)).toBeLessThan(socketTimeoutMs + SLACK_MS);
  // A caller waits for its budget: once while reading, and once for the right to write.
  expect(await turns).toBeLessThan(250);
  expect(isDown && machine.tier.isAvailable).toBe(false);
  await end(at);
  await until(() => at.server.command('PING'), 2_000, 'a fresh client is answered');
  await until(() => machine.tier.isAvailable, 1_000 + lateMs + SLACK_MS, 'it is back');
  // The same cache fills it again: its breakers have noticed.
  await until(
    async () => {
      const key = `key ${++loads}`;
      await cache.getOrLoad(key, () => 'value');
      await sleep(20);
      return (await machine.look(key)) === 'value';
    },
    3_000,
    'of use',
  );
  const pairs = Array.from({ length: outages }, () => ['redis-unavailable', 'redis-available']);
  return { told: machine.told, expected: pairs.flat() };
}

describe.concurrent('a Redis that was right and is', () => {
  const { 'a read-only replica': replica, ...others } = STATES;
  test.each(Object.entries(others))(
    '%s',
    async (_, state) => {
      const { told, expected } = await goThrough(state, (url) => ({ url }));
      expect(told).toEqual(expected);
    },
    15_000,
  );
  // A connection is made to it again and again, and told as many times.
  test('a read-only replica', async () => {
    const { told, expected } = await goThrough(replica!, (url) => ({ url }));
    expect(told).toEqual(expected);
  });
});

describe.concurrent('with ioredis 5, a Redis that was right and is', () => {
  const some = ['killed', 'hung (SIGSTOP)', 'blackholed in the middle', 'half-closed by the server once'] as const;
  test.each(some)(
    '%s',
    async (name) => {
      const { told, expected } = await goThrough(STATES[name]!, withIoredis5);
      expect(told).toEqual(expected);
    },
    15_000,
  );
});

/** @returns what was told until it was right, and until it was of use. */
async function startWrong({ begin, end, lateMs = 0 }: State): Promise<readonly (readonly string[])[]> {
  await using at = await place();
  await begin(at);
  const startedMs = performance.now();
  // The time to connect is what counts.
  await using machine = Machine.start({ url: at.proxy.url, socketTimeoutMs: 5_000 });
  await machine.connection.tried;
  expect(performance.now() - startedMs).toBeLessThan(TIMEOUTS.connectTimeoutMs + SLACK_MS);
  expect(await callAll(machine, 1_300)).toBeLessThan(250);
  // Connections that were given up are not left behind.
  expect(at.proxy.connections).toBeLessThan(6);
  const before = [...machine.told];
  await end(at);
  await until(() => machine.tier.isAvailable, 1_000 + lateMs + SLACK_MS, 'it is back');
  await machine.tier.write(REF, Buffer.from('frame'), { ttlMs: 1_000 });
  const [stored] = await machine.tier.read([REF]);
  expect(Buffer.from(stored!.bytes!).toString()).toBe('frame');
  return [before, machine.told];
}

describe.concurrent('a Redis that is wrong from the start is told once, fails at once, and is of use when it is right', () => {
  const once = [['redis-unavailable'], ['redis-unavailable', 'redis-available']];
  test.each<[string, State]>([
    ['hung before anybody connects (SIGSTOP)', STATES['hung (SIGSTOP)']!],
    ['accepting and never answering', STATES['blackholed in the middle']!],
    ['not answering SYN', STATES['not answering SYN']!],
    ['LOADING', STATES['LOADING']!],
    ['refusing', STATES['refusing']!],
  ])(
    '%s',
    async (_, state) => {
      expect(await startWrong(state)).toEqual(once);
    },
    15_000,
  );
  // As above.
  test('a read-only replica', async () => {
    expect(await startWrong(STATES['a read-only replica']!)).toEqual(once);
  });
});
