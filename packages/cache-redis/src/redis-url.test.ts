import { describe, expect, test } from 'vitest';
import { clientFactory } from './client.ts';
import { connectRedis } from './connection.ts';
import { parseRedisUrl } from './redis-url.ts';

const TIMEOUTS = { connectTimeoutMs: 1, socketTimeoutMs: 1 } as const;

test.each<[string, object]>([
  ['redis://h', { host: 'h', port: 6379 }],
  ['redis://h:7/3', { host: 'h', port: 7, db: 3 }],
  ['redis://h?db=4', { host: 'h', port: 6379, db: 4 }],
  ['redis://[::1]:7', { host: '::1', port: 7 }],
  ['redis://u:p@h', { host: 'h', port: 6379, username: 'u', password: 'p' }],
  ['redis://:p%40%2F%3A%3F%23@h', { host: 'h', port: 6379, password: 'p@/:?#' }],
  ['redis://:a@b:c@h', { host: 'h', port: 6379, password: 'a@b:c' }],
  ['rediss://h', { host: 'h', port: 6379, tls: {} }],
  ['unix:///run/r.sock', { path: '/run/r.sock' }],
  ['unix://:p@/run/r.sock?db=2', { path: '/run/r.sock', password: 'p', db: 2 }],
  [
    'redis-sentinel://:p@a,b:7/m%20m?db=1',
    {
      sentinels: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 7 },
      ],
      name: 'm m',
      password: 'p',
      db: 1,
    },
  ],
  [
    'rediss-sentinel://a/m',
    { sentinels: [{ host: 'a', port: 26379 }], name: 'm', tls: {}, enableTLSForSentinelMode: true },
  ],
])('%s', (url, options) => {
  expect(parseRedisUrl(url)).toEqual({ kind: 'server', options });
});

test('redis-cluster://', () => {
  const nodes = [
    { host: 'a', port: 6379 },
    { host: 'b', port: 7 },
  ];
  expect(parseRedisUrl('redis-cluster://u:p@a,b:7')).toEqual({
    kind: 'cluster',
    nodes,
    options: { username: 'u', password: 'p' },
  });
});

describe('what cannot be right is a TypeError without the password', () => {
  const secret = 'S3cr%t';
  test.each([
    '',
    'h:6379',
    `http://:${secret}@h`,
    `redis://:${secret}@`,
    `redis://:${secret}@a,b`,
    `redis://:${secret}@h:123456`,
    `redis://:${secret}@h:port`,
    `redis://:${secret}@h/zero`,
    `redis://:${secret}@h/-1`,
    `redis-cluster://:${secret}@`,
    `redis-sentinel://:${secret}@a,b`,
    `redis-sentinel://:${secret}@/m`,
    `unix://:${secret}@`,
    // No percent sign stands alone in a URL.
    `redis://:${secret}@h`,
    // A slash that was not escaped, so that what follows is no password any more.
    `redis://:${secret}/x@h`,
    `redis://u:${secret}?x@h`,
    `redis://u/${secret}@h`,
    `redis://u?db=${secret}@h`,
    `redis://u:${secret}\n@h`,
    `${secret}://h`,
  ])('%j', (url) => {
    let error: unknown;
    try {
      parseRedisUrl(url);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect(`${(error as Error).stack}`).not.toContain('S3cr');
    expect(() => connectRedis({ url })).toThrow(TypeError);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number])('a timeout of %s', (ms) => {
    expect(() => connectRedis({ connectTimeoutMs: ms })).toThrow(TypeError);
    expect(() => connectRedis({ socketTimeoutMs: ms })).toThrow(TypeError);
  });
});

describe('options of ioredis', () => {
  const settingsOf = async (options: object): Promise<Record<string, unknown>> => {
    const client = await clientFactory(options)(TIMEOUTS);
    return client.options as unknown as Record<string, unknown>;
  };

  test('are taken over, TLS also beside rediss://', async () => {
    const redisOptions = { tls: { ca: 'CA' }, family: 6 };
    for (const url of ['redis://h', 'rediss://h']) {
      expect(await settingsOf({ url, redisOptions })).toMatchObject({ host: 'h', tls: { ca: 'CA' }, family: 6 });
    }
  });

  // The host of the default URL takes the place of the one that is given.
  test('may say where Redis is when no URL does', async () => {
    expect(await settingsOf({ redisOptions: { host: 'h', port: 7 } })).toMatchObject({ host: 'h', port: 7 });
  });

  test('cannot make it wait', async () => {
    const redisOptions = { enableOfflineQueue: true, maxRetriesPerRequest: 9, keyPrefix: 'x', protocol: 3 };
    expect(await settingsOf({ redisOptions })).toMatchObject({
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      keyPrefix: '',
      protocol: 2,
    });
  });

  // Options of a Cluster itself are left as they are.
  test('are those of a given client, but for what makes it wait', async () => {
    const { Redis, Cluster } = await import('ioredis');
    const redis = new Redis({ host: 'h', password: 'p', db: 3, keyPrefix: 'x', lazyConnect: true });
    expect(await settingsOf({ client: redis })).toMatchObject({ host: 'h', password: 'p', db: 3, keyPrefix: '' });
    const cluster = new Cluster([{ host: 'h', port: 7 }], {
      lazyConnect: true,
      keyPrefix: 'x',
      enableOfflineQueue: true,
      enableAutoPipelining: true,
      redisOptions: { password: 'p' },
    });
    expect(await settingsOf({ client: cluster })).toMatchObject({
      keyPrefix: '',
      enableOfflineQueue: false,
      enableAutoPipelining: false,
      redisOptions: { password: 'p', keyPrefix: '' },
    });
    for (const client of [redis, cluster]) client.disconnect();
  });
});
