import { describe, expect, test } from 'vitest';
import type { CacheOptions } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { gate, Recorder, turn, wrapTier } from './tier.fixture.ts';

const TTL = 10_000;
const NEGATIVE = 500;

function setUp(more: Partial<CacheOptions<string | null>> = {}) {
  const clock = new FakeClock();
  const host = new MemorySharedTier({ name: 'host', clock });
  const cluster = new MemorySharedTier({ name: 'cluster', clock });
  const open = (mine: Partial<CacheOptions<string | null>> = {}) => {
    const recorder = new Recorder();
    const tiers = [host, cluster];
    const options = { name: 'n', clock, tiers, ttl: TTL, negativeTtl: NEGATIVE, ...more, ...mine };
    return { cache: createCache<string | null>({ ...options, onEvent: recorder.onEvent }), recorder };
  };
  return { clock, host, cluster, open, ...open() };
}

/** A source that has nothing, and counts how often it is asked. */
function nothing() {
  const made = { calls: 0, load: (): undefined => void made.calls++ };
  return made;
}

describe.each([0, 1, 2])('"there is none", over %d shared tiers', (levels) => {
  const over = ({ host, cluster }: ReturnType<typeof setUp>) => [host, cluster].slice(0, levels);

  test('is believed for negativeTtl, then asked again', async () => {
    const made = setUp();
    const { cache } = made.open({ tiers: over(made) });
    const source = nothing();
    expect(await cache.getOrLoad('k', source.load)).toBeUndefined();
    await made.clock.advance(NEGATIVE - 1);
    expect(await cache.getOrLoad('k', source.load)).toBeUndefined();
    expect(source.calls).toBe(1);
    await made.clock.advance(1);
    expect(await cache.getOrLoad('k', source.load)).toBeUndefined();
    expect(source.calls).toBe(2);
  });

  test('is no entry to get, getMany and peek, and a hit to the statistics', async () => {
    const made = setUp();
    const { cache, recorder } = made.open({ tiers: over(made) });
    await cache.getOrLoad('k', nothing().load);
    await turn();
    recorder.events.length = 0;
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.getMany(['k'])).toEqual(new Map());
    expect(cache.peek('k')).toBeUndefined();
    expect(await cache.getOrLoad('k', () => 'never')).toBeUndefined();
    expect(await cache.getOrLoadMany(['k'], () => new Map([['k', 'never']]))).toEqual(new Map());
    expect(recorder.events).toEqual(Array(5).fill(expect.objectContaining({ type: 'hit', tier: 'process', negative: true }))); // prettier-ignore
    expect(cache.stats()).toMatchObject({ hits: { process: 5 }, negativeHits: 5, misses: 1, hitRate: 5 / 6 });
  });

  test('gives way to a value that is loaded or set', async () => {
    const made = setUp();
    const { cache } = made.open({ tiers: over(made) });
    await cache.getOrLoad('set', nothing().load);
    await cache.getOrLoad('loaded', nothing().load);
    await cache.set('set', 'v');
    expect(await cache.get('set')).toBe('v');
    await made.clock.advance(NEGATIVE);
    expect(await cache.getOrLoad('loaded', () => 'v')).toBe('v');
    await made.clock.advance(NEGATIVE);
    expect(cache.peek('loaded')).toBe('v');
  });

  test('is what a value gives way to that is gone at its source', async () => {
    const made = setUp();
    const { cache } = made.open({ tiers: over(made), grace: 60_000, softTimeoutMs: Infinity });
    await cache.getOrLoad('k', () => 'v');
    await turn();
    await made.clock.advance(TTL);
    const source = nothing();
    expect(await cache.getOrLoad('k', source.load)).toBeUndefined();
    await turn();
    const readers = levels === 0 ? [cache] : [cache, made.open({ tiers: over(made) }).cache];
    for (const reader of readers) {
      expect(await reader.get('k')).toBeUndefined();
      expect(await reader.getOrLoad('k', source.load)).toBeUndefined();
    }
    expect(source.calls).toBe(1);
  });
});

describe('without negativeTtl', () => {
  test('nothing is believed: the source is asked every time', async () => {
    const { cache, recorder } = setUp({ negativeTtl: 0 });
    const source = nothing();
    for (let call = 0; call < 3; call++) expect(await cache.getOrLoad('k', source.load)).toBeUndefined();
    expect(source.calls).toBe(3);
    expect(cache.stats()).toMatchObject({ negativeHits: 0, entries: 0 });
    expect(recorder.of('load').map((event) => event.outcome)).toEqual(Array(3).fill('not-stored'));
  });

  test('a stale value does not outlive the news that there is none', async () => {
    const { cache, clock, open } = setUp({ negativeTtl: 0, grace: 60_000, softTimeoutMs: Infinity });
    await cache.getOrLoad('k', () => 'v');
    await turn();
    await clock.advance(TTL);
    expect(await cache.getOrLoad('k', nothing().load)).toBeUndefined();
    await turn();
    const down = (): never => {
      throw new Error('source down');
    };
    await expect(cache.getOrLoad('k', down)).rejects.toThrow('source down');
    await expect(open().cache.getOrLoad('k', down)).rejects.toThrow('source down');
  });
});

test('the news that there is none does not undo a set that comes after it', async () => {
  const { clock, host, cluster, open } = setUp({ negativeTtl: 0, grace: 60_000 });
  const door = gate();
  let held = false;
  const slow = wrapTier(cluster, {
    write: async (...args) => {
      if (held) await door.pass();
      return cluster.write(...args);
    },
  });
  const { cache } = open({ tiers: [host, slow] });
  await cache.getOrLoad('k', () => 'old');
  await turn();
  held = true;
  await clock.advance(TTL);
  await cache.getOrLoad('k', nothing().load);
  await door.reached;
  held = false;
  await cache.set('k', 'set');
  expect(cache.peek('k')).toBe('set');
  door.open();
  await turn();
  await clock.advance(5);
  expect(cache.peek('k')).toBe('set');
  expect(await open().cache.get('k')).toBe('set');
});

describe('keep() on "there is none"', () => {
  test.each([0, NEGATIVE])('keeps it for its own ttl: negativeTtl %d', async (negativeTtl) => {
    const { cache, clock, open } = setUp({ negativeTtl });
    const source = nothing();
    await cache.getOrLoad('k', (context) => {
      context.keep({ ttl: 3000 });
      return source.load();
    });
    await turn();
    await clock.advance(2999);
    expect(await cache.getOrLoad('k', source.load)).toBeUndefined();
    expect(await open().cache.getOrLoad('k', source.load)).toBeUndefined();
    expect(source.calls).toBe(1);
    await clock.advance(1);
    await cache.getOrLoad('k', source.load);
    expect(source.calls).toBe(2);
  });

  test('doNotStore keeps nothing of it', async () => {
    const { cache } = setUp();
    const source = nothing();
    await cache.getOrLoad('k', (context) => {
      context.doNotStore();
      return source.load();
    });
    await cache.getOrLoad('k', source.load);
    expect(source.calls).toBe(2);
  });
});

test('it is never served stale: past its time the loader’s own answer counts', async () => {
  const { cache, clock } = setUp({ grace: 60_000 });
  await cache.getOrLoad('k', nothing().load);
  await clock.advance(NEGATIVE);
  expect(await cache.getOrLoad('k', () => 'now')).toBe('now');
  await cache.delete('k');
  await cache.getOrLoad('k', nothing().load);
  await clock.advance(NEGATIVE);
  await expect(cache.getOrLoad('k', () => Promise.reject(new Error('source down')))).rejects.toThrow('source down');
});

describe('another process', () => {
  test('finds it in every tier, with its age', async () => {
    const { cache, clock, host, cluster, open } = setUp();
    await cache.getOrLoad('k', nothing().load);
    await turn();
    await clock.advance(200);
    const source = nothing();
    for (const tier of [host, cluster]) {
      const { cache: other, recorder } = open({ tiers: [tier] });
      expect(await other.getOrLoad('k', source.load)).toBeUndefined();
      expect(recorder.events).toMatchObject([{ type: 'hit', tier: tier.name, negative: true, ageMs: 200 }]);
      expect(other.stats()).toMatchObject({ hits: { [tier.name]: 1 }, negativeHits: 1, misses: 0 });
      expect(await other.get('k')).toBeUndefined();
      expect(other.stats().hits).toEqual({ process: 1, [tier.name]: 1 });
    }
    expect(source.calls).toBe(0);
    await clock.advance(NEGATIVE - 200);
    await open().cache.getOrLoad('k', source.load);
    expect(source.calls).toBe(1);
  });

  test('whose cache keeps none itself believes it all the same, and no longer', async () => {
    const { cache, clock, open } = setUp();
    await cache.getOrLoad('k', nothing().load);
    await turn();
    const other = open({ negativeTtl: 0 }).cache;
    expect(await other.getOrLoad('k', () => 'never')).toBeUndefined();
    await clock.advance(NEGATIVE);
    expect(await other.getOrLoad('k', () => 'now')).toBe('now');
  });

  test('finds it with getMany and getOrLoadMany', async () => {
    const { cache, open } = setUp();
    await cache.getOrLoad('k', nothing().load);
    await cache.set('v', 'value');
    await turn();
    const { cache: other } = open();
    expect(await other.getMany(['k', 'v'])).toEqual(new Map([['v', 'value']]));
    const asked: string[] = [];
    const loadMany = (keys: readonly string[]) => (asked.push(...keys), new Map<string, string>());
    expect(await open().cache.getOrLoadMany(['k', 'v', 'x'], loadMany)).toEqual(new Map([['v', 'value']]));
    expect(asked).toEqual(['x']);
  });
});

describe('it is void', () => {
  const ends: [string, (made: ReturnType<typeof setUp>) => Promise<unknown>][] = [
    ['after delete', ({ cache }) => cache.delete('k')],
    ['after clear', ({ cache }) => cache.clear()],
    ['after its tag is invalidated', ({ cache }) => cache.invalidateTags('t')],
    ['after a soft delete', ({ cache }) => cache.softInvalidate('k')],
    ['after its tag is softly invalidated', ({ cache }) => cache.softInvalidateTags('t')],
    ['after another process has deleted it', ({ open }) => open().cache.delete('k')],
  ];

  test.each(ends)('%s, in every tier', async (_, end) => {
    const made = setUp({ tagsOf: () => ['t'] });
    const { cache, clock, open } = made;
    await cache.getOrLoad('k', nothing().load);
    await turn();
    await end(made);
    await clock.advance(5); // "within 5 ms on this machine"
    expect(await open().cache.getOrLoad('k', () => 'found')).toBe('found');
    expect(await cache.getOrLoad('k', () => 'found')).toBe('found');
  });

  test('after set by another process', async () => {
    const { cache, clock, open } = setUp();
    await cache.getOrLoad('k', nothing().load);
    await turn();
    await open().cache.set('k', 'set');
    await clock.advance(5);
    expect(await cache.getOrLoad('k', () => 'never')).toBe('set');
  });

  test('when an invalidation overtakes its load', async () => {
    const { cache, open, recorder } = setUp();
    await cache.getOrLoad('k', async () => {
      await cache.delete('k');
      return undefined;
    });
    await turn();
    expect(recorder.of('refused-write').map((event) => event.reason)).toEqual(['invalidated']);
    for (const reader of [cache, open().cache]) expect(await reader.getOrLoad('k', () => 'found')).toBe('found');
  });
});

test('null is a value: it lives for ttl, and is no negative hit', async () => {
  const { cache, clock, open } = setUp();
  await cache.getOrLoad('k', () => null);
  await turn();
  await clock.advance(TTL - 1);
  for (const reader of [cache, open().cache]) {
    expect(await reader.getOrLoad('k', () => 'never')).toBeNull();
    expect(await reader.getMany(['k'])).toEqual(new Map([['k', null]]));
    expect(reader.stats().negativeHits).toBe(0);
  }
});
