import { describe, expect, test } from 'vitest';
import type { CacheOptions } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { Source, stateOf } from './source.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, turn } from './tier.fixture.ts';

const TTL = 1000;
const COST = 100;
/** Early refresh of all but one in a million hits. */
const ALWAYS = 1e9;

function setUp(more: Partial<CacheOptions<string>> = {}) {
  const clock = new FakeClock();
  const tier = new MemorySharedTier({ clock });
  const open = (mine: Partial<CacheOptions<string>> = {}) => {
    const recorder = new Recorder();
    const options = { name: 'n', clock, ttl: TTL, earlyRefresh: 1, ...more, ...mine };
    return { cache: createCache<string>({ ...options, onEvent: recorder.onEvent }), recorder, source: new Source() };
  };
  /** A loader that takes this long. */
  const costing = (ms: number, value: string) => () =>
    new Promise<string>((resolve) => (ms === 0 ? resolve(value) : clock.after(ms, () => resolve(value))));
  return { clock, tier, open, costing, ...open() };
}

/** How many of 1000 entries, with `leftMs` to live, are refreshed by a hit. */
async function refreshed(leftMs: number, costMs: number, earlyRefresh: number): Promise<number> {
  const { cache, clock, costing } = setUp({ earlyRefresh });
  const keys = Array.from({ length: 1000 }, (_, n) => `${n}`);
  const loading = keys.map((key) => cache.getOrLoad(key, costing(costMs, 'old')));
  await clock.advance(costMs);
  await Promise.all(loading);
  await clock.advance(TTL - costMs - leftMs);
  let loads = 0;
  for (const key of keys) {
    const load = (): string => `new ${loads++}`;
    expect(await cache.getOrLoad(key, load)).toBe('old');
  }
  return loads;
}

describe('a hit refreshes its entry before it ends', () => {
  test.each([
    [50, COST, 1, Math.exp(-0.5)],
    [100, COST, 1, Math.exp(-1)],
    [100, COST, 2, Math.exp(-0.5)],
    [100, 200, 1, Math.exp(-0.5)],
    [500, COST, 1, Math.exp(-5)],
  ])('%d ms before, at a cost of %d ms and beta %d, with probability %f', async (leftMs, costMs, beta, probability) => {
    const share = (await refreshed(leftMs, costMs, beta)) / 1000;
    expect(Math.abs(share - probability)).toBeLessThan(0.08); // Five standard deviations.
  });

  test('never when it cost nothing to load, or when earlyRefresh is 0; at high cost it does', async () => {
    expect(await refreshed(1, 0, 1)).toBe(0);
    expect(await refreshed(1, 0, ALWAYS)).toBe(0);
    expect(await refreshed(1, COST, 0)).toBe(0);
    expect(await refreshed(1, COST, 1)).toBeGreaterThan(950);
  });

  test('in the background, once, whatever is asked meanwhile', async () => {
    const { cache, clock, costing, source, recorder } = setUp({ earlyRefresh: ALWAYS });
    const loading = cache.getOrLoad('k', costing(COST, 'old'));
    await clock.advance(COST);
    await loading;
    await clock.advance(300);
    for (let hit = 0; hit < 100; hit++) expect(await stateOf(cache.getOrLoad('k', source.load))).toEqual({ value: 'old' }); // prettier-ignore
    expect(source.runs).toHaveLength(1);
    expect(source.last.context).toMatchObject({ reason: 'refresh', stale: 'old' });
    expect(cache.stats()).toMatchObject({ hits: { process: 100 }, refreshes: 1, misses: 1, staleHits: {}, shared: 0 });
    expect(recorder.of('stale-hit')).toEqual([]);
    source.last.resolve('new');
    await turn();
    expect(cache.peek('k')).toBe('new');
    await clock.advance(TTL - 1);
    expect(cache.peek('k')).toBe('new');
  });

  test('and keeps it when the refresh fails, until its ttl is over; the source is not asked by every hit', async () => {
    const { cache, clock, costing } = setUp({ earlyRefresh: ALWAYS, backOffMs: 10_000 });
    const loading = cache.getOrLoad('k', costing(COST, 'old'));
    await clock.advance(COST);
    await loading;
    let calls = 0;
    const fail = (): never => {
      calls++;
      throw new Error('source down');
    };
    for (let hit = 0; hit < 10; hit++) {
      expect(await cache.getOrLoad('k', fail)).toBe('old');
      await turn();
    }
    expect(calls).toBe(1);
    await clock.advance(TTL - COST);
    await expect(cache.getOrLoad('k', fail)).rejects.toThrow('source down');
  });

  test.each([0, 50, Infinity])(
    'and a failure that nobody waits for is served to nobody: softTimeoutMs %d',
    async (softTimeoutMs) => {
      const { cache, clock, costing, source, recorder } = setUp({ earlyRefresh: ALWAYS, grace: 5000, softTimeoutMs });
      const loading = cache.getOrLoad('k', costing(COST, 'old'));
      await clock.advance(COST);
      await loading;
      expect(await cache.getOrLoad('k', source.load)).toBe('old');
      expect(source.last.context).toMatchObject({ reason: 'refresh', stale: 'old' });
      await clock.advance(100);
      source.last.reject(new Error('source down'));
      await turn();
      expect(recorder.of('stale-hit')).toEqual([]);
      expect(cache.stats()).toMatchObject({ staleHits: {}, hits: { process: 1 }, loadErrors: 1 });
    },
  );

  test('whose caller may leave: its signal does not stop the refresh', async () => {
    const { cache, clock, costing, source } = setUp({ earlyRefresh: ALWAYS });
    const loading = cache.getOrLoad('k', costing(COST, 'old'));
    await clock.advance(COST);
    await loading;
    const controller = new AbortController();
    expect(await cache.getOrLoad('k', source.load, { signal: controller.signal })).toBe('old');
    controller.abort();
    expect(source.last.context.signal.aborted).toBe(false);
    source.last.resolve('new');
    await turn();
    expect(cache.peek('k')).toBe('new');
  });

  test('and is overtaken by an invalidation like any load', async () => {
    const { cache, clock, costing, source } = setUp({ earlyRefresh: ALWAYS });
    const loading = cache.getOrLoad('k', costing(COST, 'old'));
    await clock.advance(COST);
    await loading;
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    await cache.delete('k');
    expect(source.last.context.isCurrent()).toBe(false);
    source.last.resolve('from before the delete');
    await turn();
    expect(cache.peek('k')).toBeUndefined();
  });
});

test('the end of the copy here is not the end of the entry: with a long ttl the source is asked seldom', async () => {
  for (const [ttl, atMost] of [
    [100_000, 0],
    [1000, 40],
  ] as const) {
    // prettier-ignore
    const { tier, open, clock, costing } = setUp();
    const { cache } = open({ tiers: [tier], ttl, processTtl: 200 });
    const loading = cache.getOrLoad('k', costing(COST, 'old'));
    await turn();
    await clock.advance(COST);
    await loading;
    let loads = 0;
    for (let step = 0; step < 500; step++) {
      void cache.getOrLoad('k', () => (loads++, costing(COST, 'new')()));
      await turn();
      await clock.advance(20);
    }
    // 10 s of hits. 90 s before its end an entry that costs 100 ms is refreshed with probability exp(-900).
    expect(loads).toBeLessThanOrEqual(atMost);
    expect(loads).toBeGreaterThanOrEqual(atMost === 0 ? 0 : 5);
  }
});

describe('over a shared tier', () => {
  /** Two processes with the same entry, shortly before its end. */
  async function two(more: Partial<CacheOptions<string>> = {}) {
    const made = setUp();
    const { clock, tier, open, costing } = made;
    const one = open({ tiers: [tier], ...more });
    const other = open({ tiers: [tier], ...more });
    const loading = one.cache.getOrLoad('k', costing(COST, 'old'));
    await turn();
    await clock.advance(COST);
    expect(await loading).toBe('old');
    await turn();
    expect(await other.cache.getOrLoad('k', one.source.load)).toBe('old');
    await clock.advance(TTL - COST - 1);
    return { ...made, one, other };
  }

  /** Hits until one of them refreshes. */
  async function hitUntil(cache: ReturnType<typeof setUp>['cache'], load: Source['load'], done: () => boolean) {
    for (let hit = 0; hit < 50 && !done(); hit++) {
      await cache.getOrLoad('k', load);
      await turn();
    }
  }

  test('what another process has refreshed is taken, and the source not asked', async () => {
    const { one, other } = await two();
    await hitUntil(one.cache, one.source.load, () => one.source.runs.length > 0);
    expect(one.source.runs).toHaveLength(1);
    one.source.last.resolve('new');
    await turn();
    expect(one.cache.peek('k')).toBe('new');

    await hitUntil(other.cache, other.source.load, () => other.cache.peek('k') === 'new');
    expect(other.cache.peek('k')).toBe('new');
    expect(other.source.runs).toHaveLength(0);
    expect(other.cache.stats()).toMatchObject({ loads: 0, refreshes: 0 });
  });

  test('the entry there that is to be replaced is not taken for a new one', async () => {
    const { other } = await two();
    await hitUntil(other.cache, other.source.load, () => other.source.runs.length > 0);
    expect(other.source.runs).toHaveLength(1);
  });

  test('the cost of the load travels with the entry: who found it below refreshes it too', async () => {
    const { other } = await two();
    await hitUntil(other.cache, other.source.load, () => other.source.runs.length > 0);
    other.source.last.resolve('new');
    await turn();
    expect(other.cache.peek('k')).toBe('new');
  });
});
