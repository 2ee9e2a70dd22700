import { describe, expect, test } from 'vitest';
import type { Cache, CacheOptions } from './index.ts';
import { hearers } from './bus.fixture.ts';
import { down, LEVELS, openLevels, SHARED_LEVELS } from './levels.fixture.ts';
import { turn } from './tier.fixture.ts';

const SETTLE_MS = 2000;
const MACHINE_MS = 5;

const invalidations: [string, (cache: Cache<unknown>) => Promise<unknown>][] = [
  ['delete', (cache) => cache.delete('k')],
  ['invalidateTags', (cache) => cache.invalidateTags('t')],
  ['clear', (cache) => cache.clear()],
  ['softInvalidate', (cache) => cache.softInvalidate('k')],
  ['softInvalidateTags', (cache) => cache.softInvalidateTags('t')],
  ['softClear', (cache) => cache.softClear()],
];

/** `other` has no tag. */
const tagsOf = (key: string): string[] => (key === 'other' ? [] : ['t']);

function setUp(levels: readonly string[], more: Partial<CacheOptions<unknown>> = {}) {
  return openLevels(levels, { settleMs: SETTLE_MS, tagsOf, backOffMs: 0, ...more });
}

describe.each(LEVELS.map((levels) => ({ levels })))('over $levels', ({ levels }) => {
  describe.each(invalidations)('settleMs, after %s', (_, invalidate) => {
    test('what is loaded is kept to its end and no longer, in every tier', async () => {
      const { clock, open } = setUp(levels, { grace: 60_000 });
      const { cache } = open();
      await cache.set('k', 'old');
      await invalidate(cache);
      await clock.advance(500);
      expect(await cache.getOrLoad('k', () => 'perhaps old')).toBe('perhaps old');
      await turn();
      await clock.advance(SETTLE_MS - 500 - 1);
      expect(await cache.get('k')).toBe('perhaps old'); // Control.
      expect(await open().cache.get('k')).toBe(levels.length > 0 ? 'perhaps old' : undefined);
      await clock.advance(1);
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.get('k')).toBeUndefined();
      expect(await open().cache.get('k')).toBeUndefined();
      await expect(open().cache.getOrLoad('k', down)).rejects.toThrow('source down'); // Nor as a stale one.
      expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
      await clock.advance(SETTLE_MS);
      expect(cache.peek('k')).toBe('new');
      expect(await open().cache.get('k')).toBe(levels.length > 0 ? 'new' : undefined);
    });

    test('what is loaded later, or is not named, is kept as long as ever', async () => {
      const { clock, open } = setUp(levels);
      const { cache } = open();
      await invalidate(cache);
      await cache.set('k', 'set'); // Comes from who knows.
      await clock.advance(SETTLE_MS);
      expect(cache.peek('k')).toBe('set');
      await cache.delete('k');
      await clock.advance(SETTLE_MS);
      await cache.getOrLoad('k', () => 'later');
      await cache.delete('x');
      await cache.getOrLoad('other', () => 'not named');
      await clock.advance(SETTLE_MS);
      expect(cache.peek('k')).toBe('later');
      expect(cache.peek('other')).toBe('not named');
    });
  });

  test('each invalidation begins anew', async () => {
    const { clock, open } = setUp(levels);
    const { cache } = open();
    await cache.delete('k');
    await clock.advance(SETTLE_MS - 100);
    await cache.delete('k');
    for (let id = 0; id < 2000; id++) await cache.delete(`of another ${id}`);
    await clock.advance(200);
    await cache.getOrLoad('k', () => 'perhaps old');
    await clock.advance(SETTLE_MS - 201);
    expect(cache.peek('k')).toBe('perhaps old');
    await clock.advance(1);
    expect(cache.peek('k')).toBeUndefined();
  });

  describe('versionOf', () => {
    interface Versioned {
      readonly version: number;
    }
    const versionOf = (value: unknown): number => (value as Versioned).version;
    const of = (version: number): Versioned => ({ version });

    test('an older version than was seen is returned, told, and not stored', async () => {
      const { open } = setUp(levels, { settleMs: 0, versionOf });
      const { cache, recorder } = open();
      expect(await cache.getOrLoad('k', () => of(5))).toEqual(of(5));
      await cache.delete('k');
      expect(await cache.getOrLoad('k', () => of(4))).toEqual(of(4));
      await turn();
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.get('k')).toBeUndefined();
      expect(await open().cache.get('k')).toBeUndefined();
      expect(recorder.of('refused-write')).toMatchObject([{ reason: 'older-version' }]);
      expect(cache.stats().refusedWrites).toEqual({ 'older-version': 1 });
      for (const version of [5, 6, 6, 7]) {
        await cache.delete('k');
        await cache.getOrLoad('k', () => of(version));
        expect(cache.peek('k')).toEqual(of(version));
      }
      await cache.getOrLoad('l', () => of(1)); // Another key has versions of its own.
      expect(cache.peek('l')).toEqual(of(1));
    });

    test('a version that was set counts as seen', async () => {
      const { open } = setUp(levels, { settleMs: 0, versionOf });
      const { cache } = open();
      await cache.set('k', of(5));
      await cache.clear();
      await cache.getOrLoad('k', () => of(4));
      expect(cache.peek('k')).toBeUndefined();
      await cache.set('k', of(3)); // Whoever sets knows what he does.
      expect(cache.peek('k')).toEqual(of(3));
    });

    test('so does one that was found in a shared tier', async () => {
      if (levels.length === 0) return;
      const { clock, open } = setUp(levels, { settleMs: 0, versionOf });
      const [writer, reader] = [open().cache, open().cache];
      await writer.set('k', of(5));
      expect(await reader.get('k')).toEqual(of(5));
      await writer.delete('k');
      await clock.advance(MACHINE_MS);
      await reader.getOrLoad('k', () => of(4)); // A replica that lags behind.
      expect(reader.peek('k')).toBeUndefined();
      await reader.getOrLoad('k', () => of(5));
      expect(reader.peek('k')).toEqual(of(5));
    });

    test('a refresh that brings an older version leaves what is there', async () => {
      const { clock, open } = setUp(levels, { settleMs: 0, versionOf, ttl: 1000, grace: 60_000 });
      const { cache } = open();
      await cache.set('k', of(5));
      await clock.advance(1000);
      expect(await cache.getOrLoad('k', () => of(4))).toEqual(of(5));
      await turn();
      expect(await cache.getOrLoad('k', down)).toEqual(of(5));
    });

    test.each([
      ['throws', () => { throw new Error('no version'); }], // prettier-ignore
      ['knows none', () => Number.NaN],
    ])('when it %s a working loader still works', async (_, broken) => {
      const { open } = setUp(levels, { settleMs: 0, versionOf: broken });
      expect(await open().cache.getOrLoad('k', () => of(1))).toEqual(of(1));
    });
  });
});

describe.each(SHARED_LEVELS.map((levels) => ({ levels })))('over $levels', ({ levels }) => {
  const inPlace: typeof invalidations = [...invalidations, ['set and delete', async (cache) => {
    await cache.set('k', 'x');
    await cache.delete('k');
  }]]; // prettier-ignore

  test.each(inPlace)('settleMs counts from what others invalidate, too: %s', async (_, invalidate) => {
    const { clock, open } = setUp(levels);
    const [writer, reader] = [open().cache, open().cache];
    await invalidate(writer);
    await clock.advance(MACHINE_MS);
    await reader.getOrLoad('k', () => 'perhaps old');
    await reader.getOrLoad('other', () => 'other');
    await turn();
    expect(reader.peek('k')).toBe('perhaps old');
    await clock.advance(SETTLE_MS + MACHINE_MS);
    expect(reader.peek('k')).toBeUndefined();
    expect(await open().cache.get('k')).toBeUndefined();
  });

  test('and from what it has missed, because too much was invalidated', async () => {
    const { clock, open } = setUp(levels);
    const [writer, reader] = [open().cache, open().cache];
    await reader.getOrLoad('k', () => 'old');
    await writer.delete('k');
    for (let id = 0; id < 3000; id++) await writer.delete(`of another ${id}`);
    await clock.advance(MACHINE_MS);
    expect(await reader.getOrLoad('k', () => 'perhaps old')).toBe('perhaps old');
    await clock.advance(SETTLE_MS + MACHINE_MS);
    expect(reader.peek('k')).toBeUndefined();
  });
});

test.each(['machines', 'lone processes'] as const)('settleMs counts from messages and gaps: of %s', async (kind) => {
  for (const way of ['message', 'gap']) {
    const { clock, bus, a, b } = await hearers(kind, { settleMs: SETTLE_MS });
    const [writer, reader] = [a.open().cache, b.open().cache];
    await turn();
    await clock.advance(SETTLE_MS + MACHINE_MS); // Each begins with a gap.
    await reader.getOrLoad('l', () => 'long settled');
    if (way === 'gap') bus.inner.gap();
    else await writer.delete('k');
    await clock.advance(MACHINE_MS);
    await reader.getOrLoad('k', () => 'perhaps old');
    expect(reader.peek('k')).toBe('perhaps old');
    await clock.advance(SETTLE_MS + MACHINE_MS);
    expect(reader.peek('k')).toBeUndefined();
    expect(reader.peek('l')).toBe(way === 'message' ? 'long settled' : undefined);
  }
});
