import { describe, expect, test } from 'vitest';
import type { CacheOptions, EntryRef } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, turn, wrapTier } from './tier.fixture.ts';

/** A machine or cluster: tiers that caches can be opened over, with a list of the keys each `read` asked for. */
function setUp(...names: string[]) {
  const clock = new FakeClock();
  const reads: string[] = [];
  const tiers = names.map((name) => {
    const tier = new MemorySharedTier({ name, clock });
    return wrapTier(tier, {
      read: (entries: readonly EntryRef[]) => {
        reads.push(`${name}: ${entries.length}`);
        return tier.read(entries);
      },
    });
  });
  const open = (over = tiers, more: Partial<CacheOptions<unknown>> = {}) => {
    const recorder = new Recorder();
    return {
      cache: createCache<unknown>({ name: 'n', clock, tiers: over, onEvent: recorder.onEvent, ...more }),
      recorder,
    };
  };
  return { clock, tiers, reads, open };
}

test('a value loaded once is found by every cache over the same tier', async () => {
  const { open } = setUp('host');
  await open().cache.getOrLoad('k', () => ({ n: 1 }));
  await turn();
  let loads = 0;
  for (let process = 0; process < 5; process++) {
    expect(await open().cache.getOrLoad('k', () => ++loads)).toEqual({ n: 1 });
  }
  expect(loads).toBe(0);
});

test('a hit below is promoted into every tier above', async () => {
  const { tiers, open } = setUp('host', 'cluster');
  const cluster = tiers.slice(1);
  const host = tiers.slice(0, 1);
  await open(cluster).cache.set('k', 'v');
  const { cache, recorder } = open();
  expect(await cache.get('k')).toBe('v');
  expect(cache.peek('k')).toBe('v');
  await turn();
  expect(await open(host).cache.get('k')).toBe('v');
  expect(recorder.story()).toEqual(['hit in cluster', 'hit in process']);
  const second = open();
  expect(await second.cache.getOrLoad('k', () => 'never')).toBe('v');
  expect(second.recorder.story()).toEqual(['hit in host']);
});

test('a promoted entry keeps its age: it ends with the original, everywhere', async () => {
  const { clock, tiers, open } = setUp('host', 'cluster');
  await open(tiers.slice(1), { ttl: 1000 }).cache.set('k', 'v');
  await clock.advance(600);
  const { cache } = open(tiers, { ttl: 10_000 });
  expect(await cache.get('k')).toBe('v');
  await turn();
  await clock.advance(399);
  expect(cache.peek('k')).toBe('v');
  expect(await open(tiers.slice(0, 1)).cache.get('k')).toBe('v');
  await clock.advance(1);
  expect(cache.peek('k')).toBeUndefined();
  expect(await open().cache.get('k')).toBeUndefined();
});

test('set and write-back reach every tier', async () => {
  const { tiers, open } = setUp('host', 'cluster');
  const { cache } = open();
  await cache.set('set', 1);
  await cache.getOrLoad('loaded', () => 2);
  await turn();
  for (const tier of tiers) {
    const { cache: alone } = open([tier]);
    expect(await alone.getMany(['set', 'loaded'])).toEqual(new Map([['set', 1], ['loaded', 2]])); // prettier-ignore
  }
});

describe('getMany', () => {
  const many = Array.from({ length: 50 }, (_, id) => `${id}`);

  test('takes one read per shared tier for all keys, and asks the next only for what is missing', async () => {
    const { tiers, reads, open } = setUp('host', 'cluster');
    const clusterOnly = open(tiers.slice(1)).cache;
    for (const key of many.slice(0, 30)) await clusterOnly.set(key, `cluster ${key}`);
    const hostOnly = open(tiers.slice(0, 1)).cache;
    for (const key of many.slice(30, 40)) await hostOnly.set(key, `host ${key}`);
    const { cache } = open();
    await cache.set('49', 'here');
    reads.length = 0;

    const found = await cache.getMany(many);
    expect(reads).toEqual(['host: 49', 'cluster: 39']);
    expect(found.size).toBe(41);
    for (const [key, value] of found) {
      expect(value).toBe(key === '49' ? 'here' : `${Number(key) < 30 ? 'cluster' : 'host'} ${key}`);
    }
    reads.length = 0;
    expect((await cache.getMany(many.slice(0, 40))).size).toBe(40);
    expect(reads).toEqual([]);
  });

  test('asks once for a key named twice, and takes any iterable', async () => {
    const { reads, open } = setUp('host');
    const { cache } = open();
    await cache.getMany(new Set(['a', 'b']));
    await cache.getMany(['a', 'a'].values());
    expect(reads).toEqual(['host: 2', 'host: 1']);
    expect(await cache.getMany([])).toEqual(new Map());
    expect(reads).toHaveLength(2);
  });
});

describe('warm', () => {
  test('brings entries into this process in one trip, and says how many are there', async () => {
    const { reads, open } = setUp('host');
    const { cache: writer } = open();
    for (const key of ['a', 'b', 'c']) await writer.set(key, key);
    const { cache } = open();
    await cache.set('mine', 1);
    reads.length = 0;
    expect(await cache.warm(['a', 'b', 'mine', 'unknown', 'a'])).toBe(3);
    expect(reads).toEqual(['host: 3']);
    expect([cache.peek('a'), cache.peek('b'), cache.peek('c')]).toEqual(['a', 'b', undefined]);
    expect(await cache.warm(['a', 'b'])).toBe(2);
    expect(reads).toHaveLength(1);
  });

  test('without a shared tier counts what is there', async () => {
    const { open } = setUp();
    const { cache } = open();
    await cache.set('a', 1);
    expect(await cache.warm(['a', 'b'])).toBe(1);
  });
});

test('get never loads, and sees nothing of a load under way', async () => {
  const { open } = setUp('host');
  const { cache } = open();
  const { promise, resolve } = Promise.withResolvers<number>();
  const loading = cache.getOrLoad('k', () => promise);
  expect(await cache.get('k')).toBeUndefined();
  resolve(1);
  expect(await loading).toBe(1);
  expect(await cache.get('k')).toBe(1);
});

test('two names, prefixes or scopes on one tier are two caches', async () => {
  const { tiers, open } = setUp('host');
  const spaces = [{}, { name: 'other' }, { prefix: 'other' }, { scope: 'other' }];
  for (const [id, space] of spaces.entries()) await open(tiers, space).cache.set('k', id);
  for (const [id, space] of spaces.entries()) expect(await open(tiers, space).cache.get('k')).toBe(id);
});

describe('two scopes on one tier', () => {
  test('cannot read, fill, delete or clear one another', async () => {
    const { tiers, open } = setUp('host', 'cluster');
    const acme = open(tiers, { scope: 'acme' }).cache;
    const evil = open(tiers, { scope: 'evil' }).cache;
    await acme.set('k', 'of acme');
    expect(await evil.get('k')).toBeUndefined();
    expect(await evil.getMany(['k', 'acme:k', '../acme/k'])).toEqual(new Map());
    await evil.set('k', 'of evil');
    await evil.delete('k');
    await evil.clear();
    for (const cache of [acme, open(tiers, { scope: 'acme' }).cache]) expect(await cache.get('k')).toBe('of acme');
    await evil.set('k', 'of evil');
    await acme.clear();
    expect(await open(tiers, { scope: 'evil' }).cache.get('k')).toBe('of evil');
    expect(await open(tiers, { scope: 'acme' }).cache.get('k')).toBeUndefined();
  });
});
