import { describe, expect, test } from 'vitest';
import type { CacheOptions } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { turn } from './tier.fixture.ts';

const TTL = 1000;

function setUp() {
  const clock = new FakeClock();
  const host = new MemorySharedTier({ name: 'host', clock });
  const cluster = new MemorySharedTier({ name: 'cluster', clock });
  const open = (more: Partial<CacheOptions<number>> = {}) =>
    createCache<number>({ name: 'n', clock, ttl: TTL, tiers: [host, cluster], ...more });
  return { clock, host, cluster, open };
}

describe('jitter', () => {
  const keys = Array.from({ length: 400 }, (_, n) => `${n}`);

  /** Lives of entries that were loaded together, in steps of a tenth of the ttl. */
  async function lives(jitter: number, load: 'one by one' | 'together' = 'one by one') {
    const { clock, open } = setUp();
    const cache = open({ jitter });
    if (load === 'together') await cache.getOrLoadMany(keys, (all) => new Map(all.map((key) => [key, 1])));
    else for (const key of keys) await cache.getOrLoad(key, () => 1);
    await turn();
    const alive: number[] = [];
    for (let tenth = 1; tenth <= 10; tenth++) {
      await clock.advance(TTL / 10 - 1);
      alive.push(keys.filter((key) => cache.peek(key) !== undefined).length);
      await clock.advance(1);
    }
    expect((await cache.getMany(keys)).size).toBe(0);
    return alive;
  }

  test('of 0 changes nothing: all live to the end of their ttl', async () => {
    expect(await lives(0)).toEqual(Array(10).fill(400));
  });

  test.each(['one by one', 'together'] as const)(
    'of 0.5 ends entries loaded %s between half of their ttl and all of it',
    async (load) => {
      // prettier-ignore
      const alive = await lives(0.5, load);
      expect(alive.slice(0, 5)).toEqual(Array(5).fill(400));
      const ended = alive.slice(4).map((count, index, counts) => count - (counts[index + 1] ?? 0));
      // Spread evenly: 80 in each of the five tenths, give or take five standard deviations.
      for (const count of ended.slice(0, 5)) expect(Math.abs(count - 80)).toBeLessThan(40);
    },
  );

  test('of 1 may leave next to nothing, and never more than the ttl', async () => {
    const alive = await lives(1);
    expect(alive[0]).toBeLessThan(400);
    expect(alive[4]).toBeGreaterThan(100);
    expect(alive[4]).toBeLessThan(300);
  });

  test('ends an entry at the same time in every tier', async () => {
    const { clock, host, cluster, open } = setUp();
    const writer = open({ jitter: 0.9 });
    for (const key of keys) await writer.getOrLoad(key, () => 1);
    await turn();
    const alive = (): string[] => keys.filter((key) => writer.peek(key) !== undefined);
    // Lives are random, but tiers may round them to whole milliseconds.
    await clock.advance(TTL / 2 - 1);
    const before = alive();
    await clock.advance(1);
    const found = await Promise.all([host, cluster].map((tier) => open({ tiers: [tier] }).getMany(keys)));
    await clock.advance(1);
    const after = alive();
    for (const values of found) {
      expect(before).toEqual(expect.arrayContaining([...values.keys()]));
      expect([...values.keys()]).toEqual(expect.arrayContaining(after));
    }
    expect(after.length).toBeGreaterThan(100);
    expect(before.length).toBeLessThan(300);
  });
});

describe('tierTtl', () => {
  test('bounds the life in the tier it names, and nowhere else', async () => {
    const { clock, host, cluster, open } = setUp();
    const cache = open({ tierTtl: { host: 100 } });
    await cache.set('set', 1);
    await cache.getOrLoad('loaded', () => 2);
    await turn();
    const all = new Map([['set', 1], ['loaded', 2]]); // prettier-ignore
    const found = async (...tiers: MemorySharedTier[]) => open({ tiers }).getMany(['set', 'loaded']);
    await clock.advance(99);
    expect(await found(host)).toEqual(all);
    await clock.advance(1);
    expect(await found(host)).toEqual(new Map());
    expect(await found(cluster)).toEqual(all);
    await clock.advance(899);
    expect(await found(cluster)).toEqual(all);
    expect(cache.peek('set')).toBe(1);
    await clock.advance(1);
    expect(await found(cluster)).toEqual(new Map());
    expect(cache.peek('set')).toBeUndefined();
  });

  test('longer than the ttl lengthens nothing', async () => {
    const { clock, host, open } = setUp();
    await open({ tierTtl: { host: 100_000 } }).set('k', 1);
    await clock.advance(TTL);
    expect(await open({ tiers: [host] }).get('k')).toBeUndefined();
  });

  test('bounds what is promoted too, counted from then: what is old already is promoted all the same', async () => {
    const { clock, host, cluster, open } = setUp();
    await open({ tiers: [cluster] }).set('k', 1);
    await clock.advance(200);
    expect(await open({ tierTtl: { host: 100 } }).get('k')).toBe(1);
    await turn();
    await clock.advance(99);
    expect(await open({ tiers: [host] }).get('k')).toBe(1);
    await clock.advance(1);
    expect(await open({ tiers: [host] }).get('k')).toBeUndefined();
  });

  test('of a tier that there is not is a mistake', () => {
    const { open } = setUp();
    expect(() => open({ tierTtl: { redis: 100 } })).toThrow(/^tierTtl .*'redis'.*host, cluster/);
    expect(() => open({ tiers: [], tierTtl: { host: 100 } })).toThrow(TypeError);
    expect(() => open({ tierTtl: { host: 0 } })).toThrow(/^tierTtl\.host .*got 0/);
    // Names that every object has are not tiers.
    expect(() => open({ tierTtl: JSON.parse('{"__proto__": 5}') as Record<string, number> })).toThrow(TypeError);
    expect(() => open({ tierTtl: { constructor: 5 } })).toThrow(TypeError);
  });
});

test('an entry’s own ttl, longer than the cache’s, holds in a cache without shared tiers', async () => {
  const { clock, open } = setUp();
  const cache = open({ tiers: [] });
  await cache.set('set', 1, { ttl: 5000 });
  await cache.getOrLoad('loaded', () => 2, { ttl: 5000 });
  await cache.getOrLoad('kept', (context) => (context.keep({ ttl: 5000 }), 3));
  const all = new Map([['set', 1], ['loaded', 2], ['kept', 3]]); // prettier-ignore
  await clock.advance(TTL - 1);
  expect(await cache.getMany(all.keys())).toEqual(all);
  await clock.advance(5000 - TTL);
  expect(await cache.getMany(all.keys())).toEqual(all);
  await clock.advance(1);
  expect(await cache.getMany(all.keys())).toEqual(new Map());
});

describe('keep()', () => {
  test('sets ttl and grace of the value, in every tier', async () => {
    const { clock, open } = setUp();
    const down = (): never => {
      throw new Error('down');
    };
    const cache = open({ backOffMs: 0 });
    await cache.getOrLoad('k', (context) => {
      context.keep({ ttl: 5000, grace: 700 });
      return 1;
    });
    await turn();
    await clock.advance(4999);
    expect(await open().get('k')).toBe(1);
    await clock.advance(1);
    expect(await open().get('k')).toBeUndefined();
    expect(await open().getOrLoad('k', down)).toBe(1);
    expect(await cache.getOrLoad('k', down)).toBe(1);
    await clock.advance(700);
    await expect(open().getOrLoad('k', down)).rejects.toThrow('down');
    await expect(cache.getOrLoad('k', down)).rejects.toThrow('down');
  });

  test('the last one counts, part by part; ttl and grace of the call give way to it', async () => {
    const { clock, open } = setUp();
    const cache = open();
    await cache.getOrLoad(
      'k',
      (context) => {
        context.keep({ ttl: 10, grace: 100 });
        context.keep({ ttl: 200 });
        return 1;
      },
      { ttl: 5000, grace: 5000 },
    );
    await turn();
    await clock.advance(199);
    expect(cache.peek('k')).toBe(1);
    await clock.advance(1);
    expect(cache.peek('k')).toBeUndefined();
    expect(await cache.getOrLoad('k', () => 2)).toBe(1);
  });

  test('of grace 0 leaves nothing for later', async () => {
    const { clock, open } = setUp();
    const cache = open({ grace: 5000 });
    await cache.getOrLoad('k', (context) => (context.keep({ grace: 0 }), 1));
    await clock.advance(TTL);
    expect(await cache.getOrLoad('k', () => 2)).toBe(2);
  });

  test.each([
    [{ ttl: 0 }, /^ttl .*got 0/],
    [{ ttl: Number.NaN }, /^ttl .*got NaN/],
    [{ grace: -1 }, /^grace .*got -1/],
    [{ grace: '5' as never }, /^grace .*got 5/],
  ])('refuses %j', async (times, message) => {
    const { open } = setUp();
    await expect(open().getOrLoad('k', (context) => (context.keep(times), 1))).rejects.toThrow(message);
  });
});
