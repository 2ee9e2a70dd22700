import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FaultProxy, RedisServer } from '../testing/index.ts';
import { hostileTexts } from './hostile.fixture.ts';
import type { Gate } from './gate.ts';
import { keys } from './keys.ts';
import { categoryOf, escapeGlob, Namespace } from './namespace.ts';
import { removePattern } from './pattern.ts';
import { testCache } from './test-cache.fixture.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

test('a key is stored under its prefix and scope', () => {
  expect(new Namespace('warmline', 'default').nameOf('user:1:profile')).toBe('warmline:default:user:1:profile');
  expect(new Namespace('warmline', 'a:*').nameOf('x')).toMatch(/^warmline:~[0-9a-f]{32}:x$/);
});

test('no two namespaces share a name or begin like another', () => {
  const all = hostileTexts.flatMap((one) => [new Namespace(one, 'b').text, new Namespace('a', one).text]);
  const different = [...new Set(all)];
  expect(different.length).toBe(2 * hostileTexts.length);
  for (const one of different) {
    expect(one).toMatch(/^~?[A-Za-z0-9_.-]+:~?[A-Za-z0-9_.-]+:$/);
    expect(different.filter((other) => other.startsWith(one))).toEqual([one]);
  }
});

test.each(['', 'x'.repeat(1_025), 'é'.repeat(513), 'a\ud800', undefined, null, 5, {}, ['a']])(
  'the key %j is refused everywhere',
  async (key) => {
    const { cache, faults } = testCache({ url: server.url });
    const bad = key as string;
    expect(await cache.set(bad, 'x')).toBe(false);
    expect(await cache.setJson(bad, 'x')).toBe(false);
    expect(await cache.get(bad, 'd')).toBe('d');
    expect(await cache.getJson(bad)).toBeUndefined();
    expect(await cache.delete(bad)).toBe(0);
    expect(await cache.exists(bad)).toBe(0);
    expect(await cache.expire(bad, 5)).toBe(false);
    expect(await cache.ttl(bad)).toBe(-2);
    expect(faults()).toEqual(
      ['set', 'setJson', 'get', 'getJson', 'delete', 'exists', 'expire', 'ttl'].map((name) => `${name} bad-key`),
    );
    await cache.close();
  },
);

test('any other key is that key and no other', async () => {
  const { cache, namespace } = testCache({ url: server.url });
  const good = hostileTexts.filter((text) => text.isWellFormed() && Buffer.byteLength(text) <= 1_024);
  for (const key of good) expect(await cache.set(key, `of ${key}`)).toBe(true);
  for (const key of good) expect(await cache.get(key)).toBe(`of ${key}`);
  const found = (await server.command('KEYS', `${namespace}*`)) as string[];
  expect(found).toHaveLength(good.length);
  expect(await cache.set('x'.repeat(1_024), 'x')).toBe(true);
  await cache.close();
});

describe('patterns', () => {
  test('no glob leaves its prefix and scope', async () => {
    const prefix = 'pp';
    const scopes = ['a', 'ab', 'A', 'b', '*', 'a:b', '[ab]', '\\'];
    const all = scopes.map((scope) => ({ scope, ...testCache({ url: server.url, prefix, scope }) }));
    for (const { cache } of all) expect(await cache.set('user:1:profile', 'x')).toBe(true);
    await server.command('SET', 'pp', 'x');
    await server.command('SET', 'pp:a', 'x');
    await server.command('SET', 'other:a:user:1:profile', 'x');
    const [first] = all;
    const globs = [
      '*',
      '**',
      '*:*',
      '../*',
      ':*',
      '\\',
      '[',
      '[^',
      ']',
      '?*',
      '\n*',
      '*\0*',
      '{*}',
      'a:*',
      '*]*',
      '\\*',
    ];
    for (const glob of [...globs, ...hostileTexts]) {
      await first!.cache.set('user:1:profile', 'x');
      await first!.cache.invalidatePattern(glob);
      await first!.cache.clearUserCache(glob);
    }
    await first!.cache.invalidatePattern('*');
    expect(await first!.cache.exists('user:1:profile')).toBe(0);
    for (const { cache } of all.slice(1)) expect(await cache.exists('user:1:profile')).toBe(1);
    expect(await server.command('EXISTS', 'pp', 'pp:a', 'other:a:user:1:profile')).toBe(3);
    for (const { cache } of all) await cache.close();
  });

  test('what a pattern finds is checked: a server that answers with more loses nothing else', async () => {
    const namespace = new Namespace('p', 's');
    const foreign = ['p:s:', 'p:s', 'p:S:x', 'p:ss:x', 'xp:s:x', '', 'q:s:x'];
    const found = ['p:s:x', ...foreign].map((name) => Buffer.from(name));
    const removed: string[] = [];
    const link = {
      isCluster: false,
      masters: () => [{ scanBuffer: async () => [Buffer.from('0'), found] }],
      call: async (_command: string, names: readonly Buffer[]) => removed.push(...names.map(String)),
    };
    const gate = { run: ({ work }: { work: (one: unknown) => unknown }) => work(link) } as unknown as Gate;
    expect(await removePattern({ gate, namespace, glob: '*', isLarge: false, timeoutMs: 1_000 })).toEqual({
      count: 1,
      fault: undefined,
    });
    expect(removed).toEqual(['p:s:x']);
  });

  test("a user's id finds that user's keys, whatever it is, however they were written", async () => {
    const { cache } = testCache({ url: server.url });
    const ids = hostileTexts.filter((id) => id.isWellFormed() && Buffer.byteLength(id) <= 1_000);
    for (const id of ids) {
      const own = [...new Set([`user:${id}:profile`, keys.profile(id), keys.greeting(id)])];
      for (const other of ids) await cache.set(keys.profile(other), 'x');
      for (const key of own) expect(await cache.set(key, 'x')).toBe(true);
      await cache.set('user', 'x');
      await cache.set('user:', 'x');
      await cache.set('xuser:1:profile', 'x');
      expect([id, await cache.clearUserCache(id)]).toEqual([id, own.length]);
      expect(await cache.exists(...own)).toBe(0);
      expect(await cache.exists('user', 'user:', 'xuser:1:profile')).toBe(3);
      const left = ids.filter((other) => other !== id).map((other) => keys.profile(other));
      expect(await cache.exists(...left)).toBe(left.length);
    }
    await cache.close();
  });

  test('an id of 10 KB, or one that is no text', async () => {
    const { cache, faults } = testCache({ url: server.url });
    const long = 'x'.repeat(10_240);
    await cache.set(keys.profile(long), 'x');
    expect(await cache.clearUserCache(long)).toBe(1);
    expect(await cache.clearUserCache('')).toBe(0);
    expect(await cache.clearUserCache(undefined as unknown as string)).toBe(0);
    expect(await cache.invalidatePattern('')).toBe(0);
    expect(await cache.invalidatePattern('*'.repeat(10_000))).toBe(0);
    expect(await cache.invalidatePattern(undefined as unknown as string)).toBe(0);
    expect(faults()).toEqual([
      'clearUserCache bad-argument',
      'clearUserCache bad-argument',
      'invalidatePattern bad-key',
      'invalidatePattern bad-key',
      'invalidatePattern bad-key',
    ]);
    await cache.close();
  });

  test('escaped text finds only itself', async () => {
    for (const text of hostileTexts.filter((one) => one.isWellFormed() && one.length < 100)) {
      const { cache } = testCache({ url: server.url });
      for (const key of ['a', 'b', '*', '?', 'aa', '[a-z]', '\\', 'x[a]', `${text}x`, `x${text}`, text])
        await cache.set(key, 'x');
      expect([text, await cache.invalidatePattern(escapeGlob(text))]).toEqual([text, 1]);
      expect(await cache.exists(text)).toBe(0);
      await cache.close();
    }
  });

  test('Redis goes on serving while a pattern is worked on, and hostile globs cost little', async () => {
    const fill = `for i = 1, 100000 do redis.call('SET', 'many:default:aaaaaaaaaaaaaaaaaaaa:' .. i, 'x') end`;
    await server.command('EVAL', fill, 0);
    const { cache } = testCache({ url: server.url, prefix: 'many', patternTimeoutMs: 10_000 });
    await cache.get('warm:up');
    let longestMs = 0;
    let isDone = false;
    const watch = (async () => {
      while (!isDone) {
        const startMs = performance.now();
        await server.command('PING');
        longestMs = Math.max(longestMs, performance.now() - startMs);
      }
    })();
    expect(await cache.invalidatePattern(`${'*a'.repeat(500)}b`)).toBe(0);
    expect(await cache.invalidatePattern('aaaa*')).toBe(100_000);
    isDone = true;
    await watch;
    // One step is less than 3 ms of Redis; the rest is other work of this machine.
    expect(longestMs).toBeLessThan(500);
    await cache.close();
  });

  test('an invalidation that takes too long ends with an event, and says what it has removed', async () => {
    await using proxy = await FaultProxy.start({ port: server.port });
    proxy.set({ toClient: { latencyMs: 20 } });
    const fill = `for i = 1, 50000 do redis.call('SET', 'late:default:slow:' .. i, 'x') end`;
    await server.command('EVAL', fill, 0);
    const { cache, faults } = testCache({ url: proxy.url, prefix: 'late', patternTimeoutMs: 400 });
    await cache.get('warm:up');
    const count = await cache.invalidatePattern('slow:*');
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(50_000);
    expect(cache.metrics.deletes).toBe(count);
    expect(faults()).toEqual(['invalidatePattern timeout']);
    await cache.close();
  });
});

test('categories are plain words; anything else could be a person', () => {
  expect(categoryOf('context:42:1')).toBe('context');
  expect(categoryOf('Voice_2-x:')).toBe('Voice_2-x');
  for (const key of [
    '',
    'context',
    ':x',
    '4915112345678:x',
    'a@b.c:x',
    'Ünal:x',
    `${'x'.repeat(33)}:x`,
    '*:x',
    undefined,
    5,
  ])
    expect(categoryOf(key)).toBe('other');
});
