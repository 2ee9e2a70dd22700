import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache, CacheEvent } from '@warmline/cache-core';
import { createCache, createKeyspace, sealedCodec, jsonCodec } from '@warmline/cache-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectRedis } from './connection.ts';
import { ownPrefix } from './deployments.fixture.ts';
import { Layout } from './layout.ts';
import { Machine } from './machine.fixture.ts';
import { RedisCluster, RedisServer } from './testing/index.ts';
import { until } from './testing/until.ts';

const LONG = 10 * 1024;
/** As texts of keys, of scopes and of tags. */
const HOSTILE: readonly string[] = [
  '*',
  '?',
  '[a-z]*',
  'a:b',
  'a#b',
  ':',
  '{}',
  '{00}',
  '}{',
  '{a}b',
  'a\r\nDEL x\r\n',
  '\u0000',
  'a\u0000b',
  ' ',
  'k'.repeat(LONG),
  'é'.normalize('NFC'),
  'é'.normalize('NFD'),
  'k',
  'К'.toLowerCase(),
  'K'.normalize('NFKC'),
  '\uFF4B',
  '\uD800',
  '\uDC00',
  '\uFFFD',
  '~',
  '__proto__',
  ':v',
  '..',
];

describe.concurrent.each(['one server', 'a Cluster'])('hostile text on %s', (kind) => {
  let servers: readonly RedisServer[];
  let url: string;
  let end: () => Promise<void>;
  beforeAll(async () => {
    if (kind === 'one server') {
      const server = await RedisServer.start();
      [servers, url, end] = [[server], server.url, () => server[Symbol.asyncDispose]()];
    } else {
      const cluster = await RedisCluster.start({ replicasEach: 0 });
      [servers, url, end] = [cluster.nodes, cluster.url, () => cluster[Symbol.asyncDispose]()];
    }
  }, 60_000);
  afterAll(() => end());

  async function keys(): Promise<string[]> {
    return (await Promise.all(servers.map((server) => server.command('KEYS', '*')))).flat() as string[];
  }

  test('reaches nothing outside of its scope, and shows in no key', async () => {
    await using machine = await Machine.join({ url }, 'tiers');
    const caches = new Map<string, Cache<string>>();
    for (const scope of HOSTILE) caches.set(scope, machine.cache({ prefix: 'app', scope, name: 'c' }));
    // Every key in every scope, with the other as its tag.
    for (const [scope, cache] of caches) {
      await Promise.all(HOSTILE.map((key) => cache.set(key, `${scope}|${key}`, { tags: [key, `${key}2`] })));
    }
    const namespaces = HOSTILE.map((scope) => createKeyspace({ prefix: 'app', scope, name: 'c' }).namespace);
    expect(new Set(namespaces).size).toBe(HOSTILE.length);
    for (const name of await keys()) {
      if (name.startsWith('tiers:')) continue;
      expect(name).toMatch(/^app:(?:[\w.-]{1,64}|~[0-9a-f]{32}):c(?:[:#][0-9a-f]{32})?(?:\{\d\d\})?:[vlktn]$/u);
      expect(
        namespaces.filter(
          (namespace) =>
            name.startsWith(`${namespace}:`) || name.startsWith(`${namespace}#`) || name.startsWith(`${namespace}{`),
        ),
      ).toHaveLength(1);
    }
    const found = async (scope: string): Promise<number> => {
      const fresh = machine.cache({ prefix: 'app', scope, name: 'c', tagsOf: (key) => [key, `${key}2`] });
      const values = await Promise.all(HOSTILE.map((key) => fresh.get(key)));
      const right = values.filter((value, index) => value === `${scope}|${HOSTILE[index]}`).length;
      expect(values.filter((value) => value !== undefined)).toHaveLength(right);
      return right;
    };
    for (const scope of HOSTILE) expect(await found(scope)).toBe(HOSTILE.length);
    // Whatever is taken away takes away no more than that.
    for (const [index, scope] of HOSTILE.slice(0, 12).entries()) {
      const cache = caches.get(scope)!;
      if (index % 3 === 0) await cache.clear();
      else if (index % 3 === 1) await cache.invalidateTags(HOSTILE[index]!);
      else await cache.delete(HOSTILE[index]!);
      expect(await found(scope)).toBe(index % 3 === 0 ? 0 : HOSTILE.length - 1);
      const next = HOSTILE[index + 1]!;
      expect(await found(next)).toBe(HOSTILE.length);
    }
    const told = JSON.stringify([machine.cacheEvents, machine.events]);
    for (const text of ['DEL x', 'k'.repeat(100), '__proto__']) expect(told).not.toContain(text);
  }, 40_000);
});

describe.concurrent('what others have done to what is stored', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const layout = new Layout('', false);

  async function stage(): Promise<
    { machine: Machine; prefix: string; names: Record<string, string> } & AsyncDisposable
  > {
    const prefix = ownPrefix();
    const machine = await Machine.join({ url: server.url }, prefix);
    const { namespace, key, tags } = createKeyspace({ prefix, name: 'cache' }).refOf('k', ['t']);
    const names = {
      value: layout.value(key, ''),
      lease: layout.lease(key, ''),
      'stamp of the key': layout.keyStamp(key, ''),
      'stamp of the tag': layout.tagStamp(tags[0]!, ''),
      'stamp of the namespace': layout.namespaceStamp(namespace, ''),
      'stamp of all': new Layout(prefix, false).everyStamp(''),
    };
    return { machine, prefix, names, [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose]() };
  }

  test('each of 128 bytes that is changed makes a miss and an event, never a value', async () => {
    await using at = await stage();
    const cache = at.machine.cache({ prefix: at.prefix, tagsOf: () => ['t'] });
    const value = 'v'.repeat(200);
    await cache.set('k', value);
    const whole = (await server.command('GETRANGE', at.names['value']!, 0, 200)) as string;
    expect(whole.length).toBeGreaterThan(150);
    const HEADER_BYTES = 72;
    const places = Array.from({ length: 128 }, (_, index) => (index < 64 ? index : HEADER_BYTES + index - 64));
    for (const place of places) {
      const byte = await byteAt(at.names['value']!, place);
      await server.command('SETRANGE', at.names['value']!, place, Buffer.of(byte ^ 0x41));
      at.machine.cacheEvents.length = 0;
      const options = { prefix: at.prefix, tagsOf: () => ['t'] };
      expect(await at.machine.look('k', options)).toBeUndefined();
      expect(at.machine.cacheEvents).toContainEqual(expect.objectContaining({ type: 'frame-fault', tier: 'cluster' }));
      await server.command('SETRANGE', at.names['value']!, place, Buffer.of(byte));
    }
    expect(await at.machine.look('k', { prefix: at.prefix, tagsOf: () => ['t'] })).toBe(value);
    expect(JSON.stringify(at.machine.cacheEvents)).not.toContain('vvv');
  }, 20_000);

  async function byteAt(name: string, place: number): Promise<number> {
    const script = "return string.byte(redis.call('GETRANGE', KEYS[1], ARGV[1], ARGV[1]))";
    return Number(await server.command('EVAL', script, 1, name, place));
  }

  test('512 MB of another program are a miss, soon, and are not read', async () => {
    await using own = await RedisServer.start();
    await using machine = await Machine.join({ url: own.url, socketTimeoutMs: 2_000 });
    const { key } = createKeyspace({ name: 'cache' }).refOf('k');
    await own.command('SETRANGE', layout.value(key, ''), 536_870_911, 'x').catch(() => {});
    await until(
      async () => (await own.command('STRLEN', layout.value(key, ''))) === 536_870_912,
      10_000,
      'it is there',
    );
    const before = process.memoryUsage();
    const startedMs = performance.now();
    expect(await machine.look('k')).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(500);
    const after = process.memoryUsage();
    expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(40e6);
    expect(machine.cacheEvents).toContainEqual(expect.objectContaining({ type: 'frame-fault', fault: 'foreign' }));
    // The next load puts a value in its place.
    const cache = machine.cache();
    expect(await cache.getOrLoad('k', () => 'mine')).toBe('mine');
    await until(async () => (await machine.look('k')) === 'mine', 3_000, 'it is replaced');
  }, 30_000);

  test.each(['value', 'lease', 'stamp of the key', 'stamp of the tag', 'stamp of the namespace', 'stamp of all'])(
    'another type under the name of the %s is no error to the caller, and over when it is deleted',
    async (what) => {
      await using at = await stage();
      const name = at.names[what]!;
      const options = { prefix: at.prefix, tagsOf: () => ['t'], leaseMs: 200 };
      const cache = at.machine.cache(options);
      await cache.set('k', 'stored');
      await server.command('DEL', name);
      await server.command('HSET', name, 'field', 'value');
      const other = at.machine.cache(options);
      // A lease is in nobody's way who finds a value.
      expect(await other.get('k')).toBe(what === 'lease' ? 'stored' : undefined);
      expect(await other.getOrLoad('k2', () => 'loaded')).toBe('loaded');
      expect(await at.machine.cache(options).getOrLoad('k', () => 'loaded')).toMatch(/loaded|stored/u);
      await server.command('DEL', name);
      const isOfUse = async (): Promise<boolean> => {
        await at.machine.cache(options).getOrLoad('k', () => 'again');
        await sleep(20);
        return /again|stored/u.test((await at.machine.look('k', options)) ?? '');
      };
      await until(isOfUse, 3_000, 'it is of use');
    },
  );

  test('an invalidation takes away what is of another type', async () => {
    await using at = await stage();
    const options = { prefix: at.prefix, tagsOf: () => ['t'] };
    for (const name of Object.values(at.names)) await server.command('HSET', name, 'field', 'value');
    const cache = at.machine.cache(options);
    expect(await cache.delete('k')).toEqual({ pending: false });
    expect(await cache.invalidateTags('t')).toEqual({ pending: false });
    expect(await cache.clear()).toEqual({ pending: false });
    await server.command('DEL', at.names['stamp of all']!);
    await cache.set('k', 'value');
    expect(await at.machine.look('k', options)).toBe('value');
  });

  // The script that softens stamps reads them as strings.
  test('so does a soft one', async () => {
    await using at = await stage();
    await server.command('HSET', at.names['stamp of the tag']!, 'field', 'value');
    const cache = at.machine.cache({ prefix: at.prefix, tagsOf: () => ['t'] });
    expect(await cache.softInvalidateTags('t')).toEqual({ pending: false });
  });

  test('a sealed entry that is moved to the key of another scope is a miss', async () => {
    await using at = await stage();
    const codec = sealedCodec(jsonCodec<string>(), { keys: [{ id: 1, key: Buffer.alloc(32, 7) }] });
    const of = (scope: string) => ({ prefix: at.prefix, scope, codec });
    await at.machine.cache(of('a')).set('k', 'of a');
    await at.machine.cache(of('b')).set('k', 'of b');
    const [from, to] = ['a', 'b'].map((scope) => createKeyspace({ ...of(scope), name: 'cache' }).refOf('k'));
    const copied: [string, string][] = [
      [layout.value(from!.key, ''), layout.value(to!.key, '')],
      [layout.keyStamp(from!.key, ''), layout.keyStamp(to!.key, '')],
      [layout.namespaceStamp(from!.namespace, ''), layout.namespaceStamp(to!.namespace, '')],
    ];
    for (const [one, other] of copied) expect(await server.command('COPY', one, other, 'REPLACE')).toBe(1);
    expect(await at.machine.look('k', of('b'))).toBeUndefined();
    // And when its binding is forged, too: nobody without the key can do that to the payload.
    expect(at.machine.cacheEvents).toContainEqual(expect.objectContaining({ type: 'frame-fault', fault: 'moved' }));
    expect(await at.machine.look('k', of('a'))).toBe('of a');
    const stored = String(await server.command('GETRANGE', layout.value(from!.key, ''), 0, -1));
    expect(stored).not.toContain('of a');
  });
});

// Errors of a Cluster hold that of its last node, with the command.
test('no error, event or warning has the password, or a value', async () => {
  const password = 'S3cr-et:/?#@';
  await using server = await RedisServer.start({ password });
  const warnings: unknown[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(warning));
  const events: CacheEvent[] = [];
  const seen: unknown[] = [];
  const wrong = encodeURIComponent(`${password}!`);
  const users = [`:${wrong}@`, `user:${wrong}@`, `default:${wrong}@`, ''];
  const urls = users.map((user) => `redis://${user}127.0.0.1:${server.port}`);
  for (const url of [...urls, `redis-cluster://:${wrong}@127.0.0.1:${server.port}`]) {
    const connection = connectRedis({ url, onEvent: (event) => seen.push(event) });
    await connection.tried;
    expect(connection.isConnected).toBe(false);
    await connection.close();
    // Without a listener it is a warning.
    const silent = connectRedis({ url });
    await silent.tried;
    await silent.close();
  }
  await using machine = await Machine.join({ url: server.url });
  const cache = createCache<string>({ name: 'c', tiers: [machine.tier], onEvent: (event) => events.push(event) });
  await server.fill();
  await cache.set('k', 'Pr1vate');
  await server.unfill();
  await server.kill();
  await cache.set('k', 'Pr1vate');
  await cache.close();
  await sleep(50);
  const told = inspected([seen, events, machine.events, warnings]);
  expect(seen).toHaveLength(5);
  expect(warnings.length).toBeGreaterThan(0);
  expect(told).toContain('OOM');
  expect(['S3cr', 'Pr1vate'].filter((secret) => told.includes(secret))).toEqual([]);
});

/** With what is inside of errors and their causes. */
function inspected(value: unknown, depth = 0): string {
  if (depth > 9 || value === null || (typeof value !== 'object' && typeof value !== 'string')) return '';
  if (typeof value === 'string') return value;
  const own = Object.getOwnPropertyNames(value).map((name) => (value as Record<string, unknown>)[name]);
  return [
    Buffer.isBuffer(value) || value instanceof Error ? value.toString() : '',
    ...own.map((one) => inspected(one, depth + 1)),
  ].join('\n');
}
