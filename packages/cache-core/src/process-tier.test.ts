import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cache, CacheOptions } from './index.ts';
import { bytesCodec, createCache } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder } from './tier.fixture.ts';

/** A cache with nothing but its process tier; what the tier does shows in `peek`, `stats` and events. */
function setUp(more: Partial<CacheOptions<Uint8Array>> = {}) {
  const clock = new FakeClock();
  const recorder = new Recorder();
  const cache = createCache({ name: 'n', codec: bytesCodec, clock, onEvent: recorder.onEvent, ...more });
  return { cache, clock, recorder };
}

const value = (length: number): Uint8Array => new Uint8Array(length);
const costs = new Map<string, number>();

/** What the tier itself charges for an entry, measured on an empty one. */
async function costOf(key: string, length: number): Promise<number> {
  const shape = `${key.length}/${length}`;
  const known = costs.get(shape);
  if (known !== undefined) return known;
  const { cache } = setUp();
  await cache.set(key, value(length));
  costs.set(shape, cache.stats().bytes);
  return cache.stats().bytes;
}

function keysIn(cache: Cache<Uint8Array>, keys: readonly string[]): string[] {
  return keys.filter((key) => cache.peek(key) !== undefined);
}

test('an entry is charged for its value, its key and more', async () => {
  expect(await costOf('k', 1000)).toBeGreaterThan(1000);
  expect(await costOf('k'.repeat(100), 1000)).toBeGreaterThanOrEqual((await costOf('k', 1000)) + 99);
  expect((await costOf('k', 2000)) - (await costOf('k', 1000))).toBe(1000);
});

const keys = ['0', '1', '2', '3', '4', '5', '6', '7'];

test('bytes are the sum over the entries and never above the bound; pins keep at most half, whatever happens', async () => {
  const key = fc.constantFrom(...keys);
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), key, length: fc.nat({ max: 2500 }), pin: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('peek' as const), key }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('load' as const), key, length: fc.nat({ max: 2500 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
  ); // prettier-ignore
  const seen = { evictions: 0, pinsRefused: 0, tooLarge: 0, pinsKept: 0, runs: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 500, max: 6000 }),
      async (steps, maxBytes) => {
        const { cache, clock, recorder } = setUp({ maxBytes, ttl: 1000 });
        const lengths = new Map<string, number>();
        const pinned = new Set<string>();
        for (const taken of steps) {
          recorder.events.length = 0;
          if (taken.do === 'set') {
            pinned.delete(taken.key);
            lengths.set(taken.key, taken.length);
            await cache.set(taken.key, value(taken.length), { pin: taken.pin });
            const refused = recorder.of('pin-refused').length + recorder.of('refused-write').length > 0;
            if (taken.pin && !refused) pinned.add(taken.key);
            seen.tooLarge += recorder.of('refused-write').length;
          } else if (taken.do === 'load') {
            if (cache.peek(taken.key) === undefined) lengths.set(taken.key, taken.length);
            await cache.getOrLoad(taken.key, () => value(taken.length));
          } else if (taken.do === 'delete') {
            pinned.delete(taken.key);
            await cache.delete(taken.key);
          } else if (taken.do === 'peek') {
            cache.peek(taken.key);
          } else {
            pinned.clear();
            await clock.advance(1000);
          }
          const kept = keysIn(cache, keys);
          const { bytes, entries, evictions } = cache.stats();
          let sum = 0;
          for (const name of kept) sum += await costOf(name, lengths.get(name)!);
          let pinnedBytes = 0;
          for (const name of pinned) pinnedBytes += await costOf(name, lengths.get(name)!);
          expect(bytes).toBe(sum);
          expect(entries).toBe(kept.length);
          expect(bytes).toBeLessThanOrEqual(maxBytes);
          expect(kept).toEqual(expect.arrayContaining([...pinned]));
          expect(pinnedBytes).toBeLessThanOrEqual(maxBytes / 2);
          seen.evictions += recorder.of('eviction').length;
          seen.pinsRefused += recorder.of('pin-refused').length;
          seen.pinsKept += pinned.size;
          expect(evictions).toBeGreaterThanOrEqual(recorder.of('eviction').length);
        }
        seen.runs++;
      },
    ),
    { numRuns: 300 },
  );
  expect(Object.entries(seen).filter(([, count]) => count < 50)).toEqual([]);
});

describe('making space', () => {
  test('the least recently used entry goes first; reading is using, in every way', async () => {
    const { cache, recorder } = setUp({ maxBytes: 4 * (await costOf('a', 1000)) });
    for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, value(1000));
    cache.peek('a');
    await cache.get('b');
    await cache.getOrLoad('c', () => value(1));
    await cache.set('e', value(1000));
    expect(keysIn(cache, ['a', 'b', 'c', 'd', 'e'])).toEqual(['a', 'b', 'c', 'e']);
    expect(recorder.of('eviction')).toHaveLength(1);
    expect(recorder.of('eviction')[0]).toMatchObject({ tier: 'process', bytes: await costOf('d', 1000) });
    expect(cache.stats().evictions).toBe(1);
  });

  test('a value larger than the tier is not kept, and neither is what it was to replace', async () => {
    const { cache, recorder } = setUp({ maxBytes: 2000 });
    await cache.set('a', value(100));
    await cache.set('b', value(100));
    await cache.set('a', value(2000));
    expect(keysIn(cache, ['a', 'b'])).toEqual(['b']);
    expect(recorder.of('refused-write').map((event) => event.reason)).toEqual(['too-large']);
    expect(await cache.getOrLoad('c', () => value(5000))).toHaveLength(5000);
    expect(cache.peek('c')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ evictions: 0, refusedWrites: { 'too-large': 2 } });
  });
});

describe('pins', () => {
  test('survive a flood of others', async () => {
    const { cache } = setUp({ maxBytes: 10 * (await costOf('greet', 1000)) });
    for (const key of ['greet', 'sorry']) await cache.getOrLoad(key, () => value(1000), { pin: true });
    for (let id = 0; id < 1000; id++) await cache.set(`${id}`, value(1000));
    expect(keysIn(cache, ['greet', 'sorry', '999', '0'])).toEqual(['greet', 'sorry', '999']);
  });

  test('take at most half: what is beyond is kept as any other, with an event', async () => {
    const { cache, recorder } = setUp({ maxBytes: 4 * (await costOf('a', 1000)) });
    for (const key of ['a', 'b', 'c']) await cache.set(key, value(1000), { pin: true });
    expect(recorder.of('pin-refused')).toHaveLength(1);
    expect(keysIn(cache, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    for (let id = 0; id < 9; id++) await cache.set(`${id}`, value(1000));
    expect(keysIn(cache, ['a', 'b', 'c'])).toEqual(['a', 'b']);
  });

  test('end by delete, by clear, by time and by being set without', async () => {
    const { cache, clock } = setUp({ maxBytes: 4 * (await costOf('a', 1000)), ttl: 1000 });
    const pinBoth = async (): Promise<void> => {
      for (const key of ['a', 'b']) await cache.set(key, value(1000), { pin: true });
    };
    await pinBoth();
    await cache.delete('a', 'b');
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
    await pinBoth();
    await cache.clear();
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
    await pinBoth();
    await clock.advance(1000);
    expect(keysIn(cache, ['a', 'b'])).toEqual([]);
    await pinBoth();
    await cache.set('a', value(1000));
    for (let id = 0; id < 9; id++) await cache.set(`${id}`, value(1000));
    expect(keysIn(cache, ['a', 'b'])).toEqual(['b']);
  });
});

test('an entry is served until its time is over, and not at that time', async () => {
  const { cache, clock } = setUp({ ttl: 1000 });
  await cache.set('a', value(10));
  await cache.set('b', value(10), { ttl: 500 });
  await clock.advance(499);
  expect(keysIn(cache, ['a', 'b'])).toEqual(['a', 'b']);
  await clock.advance(1);
  expect(keysIn(cache, ['a', 'b'])).toEqual(['a']);
  await clock.advance(499);
  expect(keysIn(cache, ['a', 'b'])).toEqual(['a']);
  await clock.advance(1);
  expect(keysIn(cache, ['a', 'b'])).toEqual([]);
  expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
});
