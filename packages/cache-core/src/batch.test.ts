import { describe, expect, test } from 'vitest';
import type { BatchContext, BatchLoader, CacheOptions, EntryRef } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { Source, stateOf, watched } from './source.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, turn, wrapTier } from './tier.fixture.ts';

const TTL = 1000;

/** A source that is asked for many keys at once; the test answers call by call. */
class Database {
  readonly calls: {
    keys: readonly string[];
    context: BatchContext<string>;
    resolve: (values: ReadonlyMap<string, string | undefined>) => void;
    reject: (error: unknown) => void;
  }[] = [];
  readonly load: BatchLoader<string> = (keys, context) =>
    new Promise((resolve, reject) => this.calls.push({ keys, context, resolve, reject }));

  get asked(): string[][] {
    return this.calls.map(({ keys }) => [...keys]);
  }
  get last() {
    const call = this.calls.at(-1);
    if (call === undefined) throw new Error('the database was not asked');
    return call;
  }
  /** Answers the latest call with one value for each key. */
  answer(prefix = 'v'): void {
    this.last.resolve(new Map(this.last.keys.map((key) => [key, `${prefix} ${key}`])));
  }
}

const valuesOf = (keys: string, prefix = 'v'): Map<string, string> => new Map([...keys].map((key) => [key, `${prefix} ${key}`])); // prettier-ignore
const many: BatchLoader<string> = (keys) => new Map(keys.map((key) => [key, `v ${key}`]));

function setUp(more: Partial<CacheOptions<string>> = {}) {
  const clock = new FakeClock();
  const trips: string[] = [];
  const counted = (tier: MemorySharedTier) =>
    wrapTier(tier, {
      read: (refs: readonly EntryRef[]) => (trips.push(`${tier.name}.read ${refs.length}`), tier.read(refs)),
      begin: (ref, options) => (trips.push(`${tier.name}.begin 1`), tier.begin(ref, options)),
      beginMany: (refs, options) => (
        trips.push(`${tier.name}.beginMany ${refs.length}`),
        tier.beginMany(refs, options)
      ),
    });
  const tiers = ['host', 'cluster'].map((name) => counted(new MemorySharedTier({ name, clock })));
  const open = (mine: Partial<CacheOptions<string>> = {}) => {
    const recorder = new Recorder();
    const options = { name: 'n', clock, ttl: TTL, tiers, ...more, ...mine, onEvent: recorder.onEvent };
    return { cache: createCache<string>(options), recorder };
  };
  return { clock, tiers, trips, open, database: new Database(), ...open() };
}

describe('getOrLoadMany', () => {
  test('takes one trip per shared tier, and one call of loadMany for what is missing', async () => {
    const { tiers, trips, open, cache, database, clock } = setUp();
    await cache.set('a', 'here');
    await open({ tiers: tiers.slice(1) }).cache.set('b', 'in cluster');
    await open({ tiers: tiers.slice(0, 1) }).cache.set('c', 'in host');
    trips.length = 0;
    const loading = cache.getOrLoadMany('abcdef', database.load);
    await turn();
    expect(trips).toEqual(['host.read 5', 'host.beginMany 4', 'cluster.read 4', 'cluster.beginMany 3']);
    expect(database.asked).toEqual([['d', 'e', 'f']]);
    database.answer();
    expect(await loading).toEqual(new Map([...valuesOf('def'), ['a', 'here'], ['b', 'in cluster'], ['c', 'in host']]));
    await turn();
    for (const tier of tiers) expect(await open({ tiers: [tier] }).cache.getMany('def')).toEqual(valuesOf('def'));
    await clock.advance(TTL - 1);
    expect(cache.peek('f')).toBe('v f');
    expect(await cache.getOrLoadMany('def', database.load)).toEqual(valuesOf('def'));
    expect(database.calls).toHaveLength(1);
  });

  test('begins in one trip by begin where a tier has no beginMany', async () => {
    const { tiers, cache: _, trips, open } = setUp();
    const old = wrapTier(tiers[0]!, { beginMany: undefined });
    const { cache } = open({ tiers: [old] });
    expect(await cache.getOrLoadMany('abc', many)).toEqual(valuesOf('abc'));
    expect(trips).toEqual(['host.read 3', 'host.begin 1', 'host.begin 1', 'host.begin 1']);
    await turn();
    expect(await open({ tiers: [old] }).cache.getMany('abc')).toEqual(valuesOf('abc'));
  });

  test('works without a shared tier, and with nothing to do', async () => {
    const { open, database } = setUp({ tiers: [] });
    const { cache } = open();
    expect(await cache.getOrLoadMany([], database.load)).toEqual(new Map());
    expect(database.calls).toEqual([]);
    const loading = cache.getOrLoadMany(['a'], database.load);
    await turn();
    database.answer();
    expect(await loading).toEqual(valuesOf('a'));
  });

  test('asks once for a key named twice, and takes any iterable', async () => {
    const { cache, database } = setUp();
    function* keys() {
      yield* ['a', 'b', 'a'];
    }
    const loading = cache.getOrLoadMany(keys(), database.load);
    await turn();
    expect(database.asked).toEqual([['a', 'b']]);
    database.answer();
    expect(await loading).toEqual(valuesOf('ab'));
    expect(await cache.getOrLoadMany(new Set(['b', 'a']), database.load)).toEqual(valuesOf('ab'));
    expect(cache.stats()).toMatchObject({ misses: 2, hits: { process: 2 } });
  });

  test('leaves out keys without a value, and ignores those that nobody asked for', async () => {
    const { cache, clock } = setUp();
    const answer = new Map([['a', 'v a'], ['b', undefined], ['other', 'v']]); // prettier-ignore
    expect(await cache.getOrLoadMany('abc', () => answer)).toEqual(valuesOf('a'));
    expect(cache.peek('other')).toBeUndefined();
    const asked: string[] = [];
    await cache.getOrLoadMany('abc', (keys) => (asked.push(...keys), new Map()));
    expect(asked).toEqual(['b', 'c']);
    await clock.advance(0);
  });

  test('believes "there is none" for negativeTtl', async () => {
    const { cache, clock, database } = setUp({ negativeTtl: 500 });
    expect(await cache.getOrLoadMany('ab', () => new Map([['a', 'v a']]))).toEqual(valuesOf('a'));
    await clock.advance(499);
    expect(await cache.getOrLoadMany('ab', database.load)).toEqual(valuesOf('a'));
    expect(await cache.getOrLoad('b', () => 'never')).toBeUndefined();
    expect(database.calls).toEqual([]);
    await clock.advance(1);
    expect(await cache.getOrLoad('b', () => 'now')).toBe('now');
  });

  test('keeps what it loads by its own ttl, grace and tags', async () => {
    const { cache, clock } = setUp({ tagsOf: () => ['t'] });
    await cache.getOrLoadMany('ab', many, { ttl: 500, grace: 100 });
    await clock.advance(499);
    expect(cache.peek('a')).toBe('v a');
    await clock.advance(1);
    expect(cache.peek('a')).toBeUndefined();
    expect(await cache.getOrLoadMany('ab', many)).toEqual(valuesOf('ab'));
    expect(cache.stats().staleHits).toEqual({ revalidating: 2 });
    await turn();
    await cache.getOrLoadMany('c', many, { tags: ['more'] });
    expect(cache.peek('c')).toBe('v c');
    await cache.invalidateTags('more');
    expect([cache.peek('b'), cache.peek('c')]).toEqual(['v b', undefined]);
    await cache.invalidateTags('t');
    expect(cache.peek('b')).toBeUndefined();
  });
});

describe('single-flight, key by key', () => {
  test('a batch joins what is being loaded, and asks only for the rest', async () => {
    const { cache, database } = setUp();
    const source = new Source();
    const single = cache.getOrLoad('a', source.load);
    await turn();
    const first = cache.getOrLoadMany('ab', database.load);
    await turn();
    const second = cache.getOrLoadMany('abc', database.load);
    await turn();
    expect(database.asked).toEqual([['b'], ['c']]);
    expect(source.runs).toHaveLength(1);
    database.calls[0]!.resolve(valuesOf('b', 'first'));
    database.calls[1]!.resolve(valuesOf('c', 'second'));
    expect(await stateOf(first)).toBe('pending');
    source.last.resolve('single');
    expect(await single).toBe('single');
    expect(await first).toEqual(new Map([['a', 'single'], ['b', 'first b']])); // prettier-ignore
    expect(await second).toEqual(new Map([['a', 'single'], ['b', 'first b'], ['c', 'second c']])); // prettier-ignore
    expect(cache.stats()).toMatchObject({ misses: 3, shared: 3, loading: 0 });
  });

  test('a single call joins a batch', async () => {
    const { cache, database } = setUp();
    const batch = cache.getOrLoadMany('ab', database.load);
    const single = cache.getOrLoad('b', () => 'never');
    await turn();
    database.answer();
    expect(await single).toBe('v b');
    expect(await batch).toEqual(valuesOf('ab'));
  });
});

describe('a loadMany that fails', () => {
  test('rejects with the very error, for all who wait, and the next caller asks again', async () => {
    const { cache, database } = setUp();
    const error = Object.freeze(new RangeError('database down'));
    const calls = [cache.getOrLoadMany('ab', database.load), cache.getOrLoadMany('b', database.load)];
    const all = calls.map((call) => watched(call));
    const single = watched(cache.getOrLoad('a', () => 'never'));
    await turn();
    database.last.reject(error);
    for (const call of [...all, single]) await expect(call).rejects.toBe(error);
    expect(await cache.getOrLoadMany('ab', many)).toEqual(valuesOf('ab'));
    expect(cache.stats().loading).toBe(0);
  });

  test('may throw at once', async () => {
    const { cache } = setUp();
    const error = new Error('at once');
    await expect(cache.getOrLoadMany('ab', () => { throw error; })).rejects.toBe(error); // prettier-ignore
    expect(await cache.getOrLoadMany('ab', many)).toEqual(valuesOf('ab'));
  });

  test.each([undefined, null, {}, [], 'text', new WeakMap(), [['a', 'v']]])(
    'answers no Map but %o: rejected, nothing stored',
    async (answer) => {
      const { cache } = setUp();
      await expect(cache.getOrLoadMany('ab', () => answer as never)).rejects.toThrow(TypeError);
      expect(cache.stats()).toMatchObject({ entries: 0, loading: 0 });
      expect(await cache.getOrLoadMany('ab', many)).toEqual(valuesOf('ab'));
    },
  );

  test('gives the stale values of the keys that have one, if all have', async () => {
    const { cache, clock, open } = setUp({ grace: 10_000, softTimeoutMs: Infinity, backOffMs: 0 });
    await cache.getOrLoadMany('ab', many);
    await turn();
    await clock.advance(TTL);
    const error = new Error('database down');
    const down: BatchLoader<string> = (_, { stale }) => {
      given.push(Object.fromEntries(stale));
      throw error;
    };
    const given: unknown[] = [];
    expect(await cache.getOrLoadMany('ab', down)).toEqual(valuesOf('ab'));
    expect(await open().cache.getOrLoadMany('ab', down)).toEqual(valuesOf('ab'));
    await expect(cache.getOrLoadMany('abc', down)).rejects.toBe(error);
    expect(given).toEqual(Array.from({ length: 3 }, () => ({ a: 'v a', b: 'v b' })));
    expect(cache.stats().staleHits.error).toBeGreaterThanOrEqual(2);
  });
});

test('stale values are served at once and refreshed by one call; only what is cold is waited for', async () => {
  const { cache, clock, database } = setUp({ grace: 10_000 });
  await cache.getOrLoadMany('ab', many);
  await turn();
  await clock.advance(TTL);
  expect(await cache.getOrLoadMany('ab', database.load)).toEqual(valuesOf('ab'));
  await turn();
  expect(database.asked).toEqual([['a', 'b']]);
  database.answer('new');
  await turn();
  expect(cache.peek('b')).toBe('new b');
  await clock.advance(TTL);
  const mixed = cache.getOrLoadMany('abc', database.load);
  await turn();
  expect(database.asked.at(-1)).toEqual(['a', 'b', 'c']);
  expect(database.last.context.stale).toEqual(valuesOf('ab', 'new'));
  database.answer('newest');
  expect(await mixed).toEqual(new Map([...valuesOf('ab', 'new'), ...valuesOf('c', 'newest')]));
});

describe('a signal', () => {
  test('ends the wait; the load when nobody is left', async () => {
    const { cache, database } = setUp();
    const controller = new AbortController();
    const leaving = watched(cache.getOrLoadMany('ab', database.load, { signal: controller.signal }));
    await turn();
    controller.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    expect(database.last.context.signal.aborted).toBe(true);
    expect(await cache.getOrLoadMany('ab', many)).toEqual(valuesOf('ab'));
    database.answer('late');
    await turn();
    expect(cache.peek('a')).toBe('v a');
  });

  test('does not end the load of a key that somebody else waits for', async () => {
    const { cache, database } = setUp();
    const controller = new AbortController();
    const leaving = watched(cache.getOrLoadMany('ab', database.load, { signal: controller.signal }));
    await turn();
    const single = cache.getOrLoad('b', () => 'never');
    controller.abort(new Error('gone'));
    await expect(leaving).rejects.toThrow('gone');
    expect(database.last.context.signal.aborted).toBe(false);
    database.answer();
    expect(await single).toBe('v b');
  });

  test('that has fired already loads nothing', async () => {
    const { cache, database } = setUp();
    const signal = AbortSignal.abort(new Error('before'));
    await expect(cache.getOrLoadMany('ab', database.load, { signal })).rejects.toThrow('before');
    await turn();
    expect(database.calls).toEqual([]);
  });
});

describe('a limit', () => {
  test.each([
    [{ hardTimeoutMs: 50 }, 'ERR_CACHE_LOAD_TIMEOUT'],
    [{ deadlineMs: 50 }, 'ERR_CACHE_DEADLINE'],
  ])('%o ends the wait: %s', async (options, code) => {
    const { cache, clock, database } = setUp();
    const call = watched(cache.getOrLoadMany('ab', database.load, options));
    await turn();
    await clock.advance(49);
    expect(await stateOf(call)).toBe('pending');
    await clock.advance(1);
    await expect(call).rejects.toMatchObject({ name: 'CacheError', code });
    database.answer();
    await turn();
    expect(cache.peek('a')).toBe('v a');
  });
});

describe('an invalidation during the load', () => {
  test('of one key keeps only that one from being stored and joined', async () => {
    const { cache, database, open, recorder } = setUp();
    const loading = cache.getOrLoadMany('abc', database.load);
    await turn();
    await cache.delete('b');
    const after = cache.getOrLoad('b', () => 'after');
    database.answer('before');
    expect(await loading).toEqual(valuesOf('abc', 'before'));
    expect(await after).toBe('after');
    await turn();
    for (const reader of [cache, open().cache]) {
      expect(await reader.getMany('abc')).toEqual(new Map([['a', 'before a'], ['b', 'after'], ['c', 'before c']])); // prettier-ignore
    }
    expect(recorder.of('refused-write').map((event) => event.reason)).toEqual(['invalidated']);
  });

  test('of a tag, by another process, keeps those that carry it by tagsOf', async () => {
    const { database, open, clock } = setUp({ tagsOf: (key) => (key === 'c' ? [] : ['t']) });
    const { cache } = open();
    const loading = cache.getOrLoadMany('abc', database.load);
    await turn();
    await open().cache.invalidateTags('t');
    await clock.advance(5);
    database.answer();
    expect(await loading).toEqual(valuesOf('abc'));
    await turn();
    for (const reader of [cache, open().cache]) expect(await reader.getMany('abc')).toEqual(valuesOf('c'));
  });
});
