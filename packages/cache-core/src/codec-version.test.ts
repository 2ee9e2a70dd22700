import { describe, expect, test } from 'vitest';
import type { CacheOptions } from './index.ts';
import { jsonCodec } from './index.ts';
import { openLevels, SHARED_LEVELS } from './levels.fixture.ts';
import { turn } from './tier.fixture.ts';

const others: [string, Partial<CacheOptions<unknown>>, Partial<CacheOptions<unknown>>][] = [
  ['a newer schemaVersion', { schemaVersion: 1 }, { schemaVersion: 2 }],
  ['an older schemaVersion', { schemaVersion: 2 }, { schemaVersion: 1 }],
  ['the first schemaVersion', {}, { schemaVersion: 1 }],
  ['no schemaVersion any more', { schemaVersion: 65_535 }, {}],
  ['another codec', {}, { codec: { ...jsonCodec(), id: 'json/2' } }],
  ['a codec whose id looks like a version', { schemaVersion: 1 }, { codec: { ...jsonCodec(), id: 'json/1@2' } }],
];

describe.each(SHARED_LEVELS.map((levels) => ({ levels })))('over $levels', ({ levels }) => {
  test.each(others)('what was written under another format is a miss and an event: %s', async (_, wrote, reads) => {
    const { open } = openLevels(levels);
    await open(wrote).cache.set('k', 'old shape');
    expect(await open(wrote).cache.get('k')).toBe('old shape'); // Control.
    const { cache, recorder } = open(reads);
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.getMany(['k'])).toEqual(new Map());
    const told = recorder.of('frame-fault');
    expect(new Set(told.map(({ tier }) => tier))).toEqual(new Set(levels));
    expect(new Set(told.map(({ fault }) => fault))).toEqual(new Set(['codec']));
    expect(cache.stats().frameFaults).toBe(told.length);
    expect(await cache.getOrLoad('k', () => 'new shape')).toBe('new shape');
    await turn();
    expect(await open(reads).cache.get('k')).toBe('new shape');
  });

  test('the same schemaVersion is the same format', async () => {
    const { open } = openLevels(levels, { schemaVersion: 7 });
    await open().cache.set('k', 'v');
    expect(await open().cache.get('k')).toBe('v');
  });
});

test.each([-1, 65_536, 1.5, Number.NaN, '1' as never])('schemaVersion %s is refused', (schemaVersion) => {
  const { open } = openLevels([]);
  expect(() => open({ schemaVersion })).toThrow(/schemaVersion/);
  expect(() => open({ schemaVersion: 65_535 })).not.toThrow();
});
