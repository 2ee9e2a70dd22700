import { describe, expect, test } from 'vitest';
import { createCache } from './index.ts';
import { down, hasSettled, heldLoad, LEVELS, openLevels } from './levels.fixture.ts';

const UNWATCHED_MS = 5_000;
const TTL_MS = 60_000;

function setUp(levels: readonly string[], more: object = {}) {
  const watch = { isUp: true, asked: 0 };
  const isWatched = (): boolean => {
    watch.asked++;
    return watch.isUp;
  };
  const { clock, open } = openLevels(levels, { ttl: TTL_MS, grace: TTL_MS, backOffMs: 0, isWatched, ...more });
  return { clock, watch, open, ...open() };
}

describe.each(LEVELS.map((levels) => ({ levels })))(
  'over $levels, while nobody hears of updates at the source',
  ({ levels }) => {
    test('an entry is fresh for unwatchedTtl; while somebody does, for its ttl', async () => {
      const { clock, watch, cache, recorder } = setUp(levels);
      await cache.getOrLoad('k', () => 'known');
      await clock.advance(TTL_MS - 1);
      expect(cache.peek('k')).toBe('known');
      await clock.advance(1);
      await cache.getOrLoad('k', () => 'again', { softTimeoutMs: Number.POSITIVE_INFINITY });
      await clock.advance(UNWATCHED_MS - 1);
      watch.isUp = false;
      expect(await cache.get('k')).toBe('again');
      await clock.advance(2);
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.getMany(['k'])).toEqual(new Map());
      expect(recorder.of('hearing')).toEqual([{ type: 'hearing', state: 'unwatched' }]);
      watch.isUp = true;
      await clock.advance(3);
      expect(cache.peek('k')).toBe('again');
      expect(recorder.of('hearing').map(({ state }) => state)).toEqual(['unwatched', 'watched']);
    });

    test('an older one is served only if its loader fails, never while it runs', async () => {
      const { clock, watch, cache, recorder } = setUp(levels);
      await cache.getOrLoad('k', () => 'known');
      watch.isUp = false;
      await clock.advance(UNWATCHED_MS);
      expect(await cache.getOrLoad('k', down)).toBe('known');
      expect(recorder.of('stale-hit')).toMatchObject([{ reason: 'error' }]);
      const { result, door } = await heldLoad(cache, 'new');
      await clock.advance(10);
      expect(await hasSettled(result)).toBe(false);
      door.open();
      expect(await result).toBe('new');
      await clock.advance(UNWATCHED_MS - 11);
      expect(await cache.get('k')).toBe('new');
    });

    test('another process of the tiers doubts what it finds there, too', async () => {
      const { clock, watch, cache, open } = setUp(levels);
      await cache.getOrLoad('k', () => 'known');
      await clock.advance(UNWATCHED_MS);
      watch.isUp = false;
      const other = open().cache;
      expect(await other.get('k')).toBeUndefined();
      expect(await other.getOrLoad('k', () => 'new')).toBe('new');
    });

    test('immutable entries are not doubted', async () => {
      const { clock, watch, cache } = setUp(levels, { immutable: true });
      await cache.getOrLoad('k', () => 'known');
      watch.isUp = false;
      await clock.advance(10 * UNWATCHED_MS);
      expect(await cache.get('k')).toBe('known');
    });

    test('unwatchedTtl 0 doubts everything; a watch that throws is none', async () => {
      const { clock, cache, open } = setUp(levels, { unwatchedTtl: 0, isWatched: () => false });
      await cache.getOrLoad('k', () => 'known');
      await clock.advance(3);
      expect(cache.peek('k')).toBeUndefined();
      const throwing = open({
        isWatched: () => {
          throw new Error('broken');
        },
      }).cache;
      await throwing.getOrLoad('j', () => 'known');
      await clock.advance(UNWATCHED_MS);
      expect(throwing.peek('j')).toBeUndefined();
    });
  },
);

test('the watch is asked at most every 2 ms', async () => {
  const { clock, watch, cache } = setUp([]);
  await cache.getOrLoad('k', () => 'known');
  const { asked } = watch;
  for (let read = 0; read < 100; read++) cache.peek('k');
  expect(watch.asked).toBe(asked);
  await clock.advance(2);
  cache.peek('k');
  expect(watch.asked).toBe(asked + 1);
});

test('a wrong unwatchedTtl is refused by name', () => {
  expect(() => createCache({ name: 'n', unwatchedTtl: -1 })).toThrow(
    new TypeError('unwatchedTtl must be a number of at least 0, got -1'),
  );
});
