import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedisClient } from '../client.ts';
import { connectRedis } from '../connection.ts';
import { RedisServer } from '../testing/index.ts';
import type { RedisCacheOptions } from './cache-options.ts';
import { keys } from './keys.ts';
import type { TestCache } from './test-cache.fixture.ts';
import { testCache } from './test-cache.fixture.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

interface Way {
  readonly options: () => RedisCacheOptions;
}

const ways: readonly (readonly [string, Way])[] = [
  ['ioredis 6, by url', { options: () => ({ url: server.url }) }],
  [
    'ioredis 6, by client',
    { options: () => ({ client: new Redis(server.port, { lazyConnect: true, keyPrefix: 'theirs:' }) }) },
  ],
  [
    'ioredis 5, by client',
    { options: () => ({ client: new Redis5(server.port, { lazyConnect: true }) as unknown as RedisClient }) },
  ],
];

describe.each(ways)('%s', (_, { options }) => {
  let at: TestCache;
  beforeAll(async () => {
    at = testCache(options());
    await at.cache.get('warm:up');
    at.cache.metrics.reset();
  });
  afterAll(() => at.cache.close());
  const stored = async (key: string): Promise<unknown> => server.command('GET', at.namespace + key);

  describe('values', () => {
    test.each([
      'text',
      '',
      '42',
      '-0',
      '1e3',
      'true',
      'null',
      '"quoted"',
      '{"a":1}',
      ' \n\t\0',
      '漢字 😀',
      '\uFEFFbom',
    ])('the text %j comes back as it is, and is stored as it is', async (text) => {
      expect(await at.cache.set('v:text', text)).toBe(true);
      expect(await at.cache.get('v:text')).toBe(text);
      expect(await stored('v:text')).toBe(text);
    });

    test.each([0, 42, -1.5, 1e21, 5e-324, Number.MAX_SAFE_INTEGER])('the number %d', async (number) => {
      expect(await at.cache.set('v:number', number)).toBe(true);
      expect(await stored('v:number')).toBe(String(number));
      expect(await at.cache.get('v:number')).toBe(String(number));
      expect(await at.cache.get('v:number', 0)).toBe(number);
      expect(await at.cache.getJson('v:number')).toBe(number);
    });

    test('numbers can be counted up by other programs', async () => {
      await at.cache.set('v:count', 41);
      await server.command('INCR', `${at.namespace}v:count`);
      expect(await at.cache.get('v:count', 0)).toBe(42);
    });

    test('a text that is no number is a miss where a number is asked for', async () => {
      for (const text of ['', 'abc', '0x10', ' 1', '1 ', 'NaN', 'Infinity', '1,5']) {
        await at.cache.set('v:nan', text);
        expect(await at.cache.get('v:nan', 7)).toBe(7);
      }
      expect(at.faults()).toContain('get corrupt');
    });

    test.each([{ a: [1, { b: null }] }, [1, 'two', null], [], {}, true, false, null])(
      '%j is stored as JSON',
      async (value) => {
        expect(await at.cache.set('v:json', value)).toBe(true);
        expect(await at.cache.getJson('v:json')).toEqual(value);
        expect(await at.cache.get('v:json')).toBe(JSON.stringify(value));
        expect(await at.cache.setJson('v:json', value)).toBe(true);
        expect(await at.cache.getJson('v:json', 'default')).toEqual(value);
      },
    );

    test('texts by setJson are JSON', async () => {
      await at.cache.setJson('v:json', 'text \ud800');
      expect(await at.cache.getJson('v:json')).toBe('text \ud800');
    });

    test('a stored __proto__ becomes a field', async () => {
      await server.command('SET', `${at.namespace}v:proto`, '{"__proto__":{"admin":true}}');
      const value = await at.cache.getJson<{ admin?: boolean }>('v:proto');
      expect(value?.admin).toBeUndefined();
    });

    test('150 KB', async () => {
      const text = '€'.repeat(50_000);
      expect(await at.cache.set('large:1', text)).toBe(true);
      expect(await at.cache.get('large:1')).toBe(text);
      expect(await at.cache.delete('large:1', 'small:1')).toBe(1);
      expect(await at.cache.get('large:1')).toBeUndefined();
    });

    test('a miss is the default', async () => {
      expect(await at.cache.get('v:none')).toBeUndefined();
      expect(await at.cache.get('v:none', 'd')).toBe('d');
      expect(await at.cache.get('v:none', 5)).toBe(5);
      expect(await at.cache.get('v:none', null)).toBeNull();
      expect(await at.cache.getJson('v:none')).toBeUndefined();
      expect(await at.cache.getJson('v:none', [1])).toEqual([1]);
    });
  });

  describe('what cannot be stored or read', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const toJSON = (): never => {
      throw new Error('secret');
    };
    test.each<[string, unknown]>([
      ['a cycle', cycle],
      ['a BigInt', 1n],
      ['a nested BigInt', { a: 1n }],
      ['a function', () => 1],
      ['undefined', undefined],
      ['a symbol', Symbol('x')],
      ['NaN', Number.NaN],
      ['Infinity', Number.POSITIVE_INFINITY],
      ['a forgotten await', Promise.resolve(1)],
      ['a Map', new Map([[1, 2]])],
      ['bytes', Buffer.from('x')],
      ['a toJSON that throws', { toJSON }],
      ['a toJSON of nothing', { toJSON: () => undefined }],
    ])('%s is refused, with an event that names the category', async (_name, value) => {
      const before = at.events.length;
      await at.cache.set('v:kept', 'old');
      expect(await at.cache.set('v:kept', value as object)).toBe(false);
      expect(await at.cache.setJson('v:kept', value)).toBe(false);
      expect(at.events.slice(before)).toMatchObject([
        { type: 'cache-fault', operation: 'set', fault: 'unserialisable', category: 'v' },
        { type: 'cache-fault', operation: 'setJson', fault: 'unserialisable', category: 'v' },
      ]);
      expect(await at.cache.get('v:kept')).toBe('old');
    });

    test('a lone surrogate is refused in a text, which would come back as another', async () => {
      expect(await at.cache.set('v:lone', 'a\ud800')).toBe(false);
    });

    test('corrupt JSON is a miss and an event, for getJson only', async () => {
      await server.command('SET', `${at.namespace}v:bad`, '{"a":');
      const before = at.events.length;
      const { hits, misses } = at.cache.metrics;
      expect(await at.cache.getJson('v:bad', 'd')).toBe('d');
      expect(at.events.slice(before)).toMatchObject([
        { operation: 'getJson', fault: 'corrupt', category: 'v', keyHash: expect.stringMatching(/^[0-9a-f]{16}$/) },
      ]);
      expect(at.cache.metrics).toMatchObject({ hits, misses: misses + 1 });
      expect(await at.cache.get('v:bad')).toBe('{"a":');
    });

    test('bytes that are no UTF-8 are a miss', async () => {
      await server.command('SET', `${at.namespace}v:bytes`, Buffer.from([0xff, 0xfe, 0x00]));
      expect(await at.cache.get('v:bytes')).toBeUndefined();
      expect(await at.cache.getJson('v:bytes')).toBeUndefined();
    });

    test('a list at the key is a miss', async () => {
      await server.command('RPUSH', `${at.namespace}v:list`, 'a');
      expect(await at.cache.get('v:list')).toBeUndefined();
      expect(await at.cache.getJson('v:list')).toBeUndefined();
      expect(at.faults().slice(-2)).toEqual(['get wrong-type WRONGTYPE', 'getJson wrong-type WRONGTYPE']);
      expect(await at.cache.exists('v:list')).toBe(1);
      expect(await at.cache.set('v:list', 'now a text')).toBe(true);
      expect(await at.cache.get('v:list')).toBe('now a text');
    });
  });

  describe('time to live, in seconds', () => {
    test('the default is an hour', async () => {
      await at.cache.set('t:1', 'x');
      expect(await at.cache.ttl('t:1')).toBe(3_600);
    });

    test('given, without, and absent', async () => {
      await at.cache.set('t:2', 'x', { ttl: 30 });
      expect(await at.cache.ttl('t:2')).toBe(30);
      await at.cache.setJson('t:2', 'x', { ttl: Number.POSITIVE_INFINITY });
      expect(await at.cache.ttl('t:2')).toBe(-1);
      expect(await at.cache.ttl('t:none')).toBe(-2);
    });

    test('a value is gone after its time', async () => {
      await at.cache.set('t:3', 'x', { ttl: 0.05 });
      expect(await at.cache.get('t:3')).toBe('x');
      await expect.poll(() => at.cache.get('t:3')).toBeUndefined();
    });

    test('expire', async () => {
      await at.cache.set('t:4', 'x');
      expect(await at.cache.expire('t:4', 20)).toBe(true);
      expect(await at.cache.ttl('t:4')).toBe(20);
      expect(await at.cache.expire('t:4', Number.POSITIVE_INFINITY)).toBe(true);
      expect(await at.cache.ttl('t:4')).toBe(-1);
      expect(await at.cache.expire('t:4', 0)).toBe(true);
      expect(await at.cache.exists('t:4')).toBe(0);
      expect(await at.cache.expire('t:4', 20)).toBe(false);
      expect(await at.cache.expire('t:4', Number.NaN)).toBe(false);
      expect(at.faults().at(-1)).toBe('expire bad-argument');
    });

    test.each([0, -1, Number.NaN, 1e300, '60' as unknown as number])('ttl %s is refused', async (ttl) => {
      expect(await at.cache.set('t:5', 'x', { ttl })).toBe(false);
      expect(at.faults().at(-1)).toBe('set bad-argument');
      expect(await at.cache.exists('t:5')).toBe(0);
    });
  });

  test('nx and xx', async () => {
    const { sets } = at.cache.metrics;
    expect(await at.cache.set('n:1', 'a', { xx: true })).toBe(false);
    expect(await at.cache.set('n:1', 'b', { nx: true, ttl: 10 })).toBe(true);
    expect(await at.cache.set('n:1', 'c', { nx: true })).toBe(false);
    expect(await at.cache.setJson('n:1', 'd', { xx: true })).toBe(true);
    expect(await at.cache.get('n:1')).toBe('"d"');
    expect(at.cache.metrics.sets).toBe(sets + 2);
    expect(await at.cache.set('n:1', 'e', { nx: true, xx: true })).toBe(false);
    expect(at.faults().at(-1)).toBe('set bad-argument');
  });

  test('delete and exists count', async () => {
    for (const key of ['d:1', 'd:2', 'd:3']) await at.cache.set(key, 'x');
    expect(await at.cache.exists('d:1', 'd:2', 'd:4', 'd:1')).toBe(3);
    expect(await at.cache.delete('d:1', 'd:4', 'd:2', 'd:1')).toBe(2);
    expect(await at.cache.exists('d:1', 'd:2', 'd:3')).toBe(1);
    expect(await at.cache.delete()).toBe(0);
    expect(await at.cache.exists()).toBe(0);
  });

  test('more keys than one command takes', async () => {
    const many = Array.from({ length: 1_201 }, (_v, index) => `m:${index}`);
    expect((await Promise.all(many.map((key) => at.cache.set(key, key)))).every(Boolean)).toBe(true);
    expect(await at.cache.exists(...many)).toBe(1_201);
    expect(await at.cache.delete(...many)).toBe(1_201);
  });

  test('as many at once as a service may have', async () => {
    const text = 'x'.repeat(5_000);
    const many = Array.from({ length: 1_000 }, (_v, index) => `b:${index}`);
    expect((await Promise.all(many.map((key) => at.cache.set(key, text)))).filter(Boolean)).toHaveLength(1_000);
    expect(await at.cache.invalidatePattern('b:*')).toBe(1_000);
  });

  test('a refused key keeps no other from being deleted', async () => {
    await at.cache.set('d:5', 'x');
    expect(await at.cache.delete('', 'd:5', 'x'.repeat(2_000))).toBe(1);
    expect(at.faults().slice(-2)).toEqual(['delete bad-key', 'delete bad-key']);
  });

  test('a pattern removes what it finds and says how many', async () => {
    const found = ['p:1:a', 'p:1:b', 'p:1:*', 'p:1:[', String.raw`p:1:\x`];
    const others = ['p:2:a', 'p:11:a', 'P:1:a', 'xp:1:a'];
    for (const key of [...found, ...others]) await at.cache.set(key, 'x');
    const { deletes } = at.cache.metrics;
    expect(await at.cache.invalidatePattern('p:1:*')).toBe(found.length);
    expect(at.cache.metrics.deletes).toBe(deletes + found.length);
    expect(await at.cache.exists(...others)).toBe(others.length);
    expect(await at.cache.invalidatePattern('p:[2-3]:?')).toBe(1);
    expect(await at.cache.invalidatePattern('nothing:*')).toBe(0);
  });

  test("a user's keys", async () => {
    await at.cache.set('user:1:profile', 'x');
    await at.cache.set(keys.greeting(1), 'x');
    await at.cache.set('user:12:profile', 'x');
    await at.cache.set('user:2:profile', 'x');
    expect(await at.cache.clearUserCache('1')).toBe(2);
    expect(await at.cache.clearUserCache(2)).toBe(1);
    expect(await at.cache.exists('user:12:profile')).toBe(1);
  });

  test('getStats', async () => {
    const stats = await at.cache.getStats();
    expect(Object.keys(stats)).toEqual([
      'enabled',
      'connected',
      'totalRequests',
      'cacheHits',
      'cacheMisses',
      'hitRate',
      'connectionErrors',
      'redisKeys',
      'redisMemory',
    ]);
    const { hits, misses } = at.cache.metrics;
    expect(stats).toMatchObject({
      enabled: true,
      connected: true,
      totalRequests: hits + misses,
      cacheHits: hits,
      cacheMisses: misses,
      hitRate: hits / (hits + misses),
      connectionErrors: 0,
      redisKeys: await server.command('DBSIZE'),
      redisMemory: expect.stringMatching(/^\d+\.\d\d[KM]$/),
    });
  });

  test('healthCheck', async () => {
    const { hits, misses } = at.cache.metrics;
    expect(await at.cache.healthCheck()).toEqual({
      enabled: true,
      connected: true,
      hits,
      misses,
      message: 'connected',
    });
  });
});

test("entries survive a restart of the service, and caches of one place share them; the owner's client is not used", async () => {
  const client = new Redis(server.port, { lazyConnect: true });
  const one = testCache({ client });
  await one.cache.setJson('user:1:profile', { name: 'A' });
  await one.cache.close();
  expect(client.status).toBe('wait');
  const prefix = one.namespace.split(':')[0] ?? '';
  const two = testCache({ url: server.url, prefix });
  expect(await two.cache.getJson('user:1:profile')).toEqual({ name: 'A' });
  await two.cache.close();
});

test('a shared connection', async () => {
  const connection = connectRedis({ url: server.url });
  const [one, two] = [testCache({ connection }), testCache({ connection })];
  expect(await one.cache.set('a:1', '1')).toBe(true);
  expect(await two.cache.get('a:1')).toBeUndefined();
  await one.cache.close();
  expect(await two.cache.set('a:1', '2')).toBe(true);
  await connection.close();
  expect(await two.cache.get('a:1', 'd')).toBe('d');
  expect(two.faults()).toEqual(['get closed']);
  await two.cache.close();
});

test('switched off and on while running', async () => {
  const { cache, events } = testCache({ url: server.url });
  await cache.set('s:1', 'x');
  cache.metrics.reset();
  cache.disable();
  expect(cache.enabled).toBe(false);
  expect(await cache.get('s:1', 'd')).toBe('d');
  expect(await cache.getJson('s:1')).toBeUndefined();
  expect(await cache.set('s:1', 'y')).toBe(false);
  expect(await cache.delete('s:1')).toBe(0);
  expect(await cache.exists('s:1')).toBe(0);
  expect(await cache.expire('s:1', 1)).toBe(false);
  expect(await cache.ttl('s:1')).toBe(-2);
  expect(await cache.invalidatePattern('*')).toBe(0);
  expect(await cache.clearUserCache('1')).toBe(0);
  expect(await cache.clearUserCache('')).toBe(0);
  expect(await cache.lock('s')).toBeUndefined();
  expect(await cache.healthCheck()).toEqual({
    enabled: false,
    connected: false,
    hits: 0,
    misses: 0,
    message: 'disabled: nothing is cached',
  });
  expect(await cache.getStats()).toMatchObject({
    enabled: false,
    connected: false,
    redisKeys: 0,
    redisMemory: 'unknown',
  });
  expect(cache.metrics.summary()).toMatchObject({ total_requests: 0, errors: 0 });
  expect(events).toEqual([]);
  cache.enable();
  expect(await cache.get('s:1')).toBe('x');
  await cache.close();
  cache.enable();
  expect(cache.enabled).toBe(false);
  expect(await cache.get('s:1')).toBeUndefined();
  expect((await cache.healthCheck()).message).toBe('failed: the cache is closed');
});

test('disabled from the start it makes no connection until it is enabled', async () => {
  const clients = async (): Promise<number> => Number(await server.info('total_connections_received'));
  const before = await clients();
  const { cache } = testCache({ url: server.url, enabled: false });
  await cache.get('s:1');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await clients()).toBe(before);
  cache.enable();
  expect(await cache.set('s:1', 'x')).toBe(true);
  expect(await clients()).toBe(before + 1);
  await cache.close();
});

test('await using closes it', async () => {
  const { cache } = testCache({ url: server.url });
  {
    await using own = cache;
    await own.set('u:1', 'x');
  }
  expect(cache.connected).toBe(false);
});
