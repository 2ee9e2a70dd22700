import { describe, expect, test } from 'vitest';
import { HEARERS, hearers, LIVE_MS } from './bus.fixture.ts';
import type { Cache } from './index.ts';
import { EVERY_MUTABLE_NAMESPACE } from './index.ts';
import { heldLoad, LEVELS, openLevels } from './levels.fixture.ts';
import { turn } from './tier.fixture.ts';

const MACHINE_MS = 5;
const immutable = true;

const invalidations: [string, (cache: Cache<unknown>) => Promise<unknown>][] = [
  ['delete', (cache) => cache.delete('k')],
  ['invalidateTags', (cache) => cache.invalidateTags('t')],
  ['clear', (cache) => cache.clear()],
  ['softInvalidate', (cache) => cache.softInvalidate('k')],
  ['softInvalidateTags', (cache) => cache.softInvalidateTags('t')],
  ['softClear', (cache) => cache.softClear()],
];

describe.each(LEVELS.map((levels) => ({ levels })))('over $levels an immutable cache', ({ levels }) => {
  describe.each(invalidations)('can be invalidated: %s', (_, invalidate) => {
    test('removes the entry from every tier', async () => {
      const { open } = openLevels(levels, { immutable, tagsOf: () => ['t'] });
      const { cache } = open();
      await cache.set('k', 'old');
      expect(await cache.get('k')).toBe('old');
      expect(await invalidate(cache)).toEqual({ pending: false });
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.get('k')).toBeUndefined();
      expect(await open().cache.get('k')).toBeUndefined();
    });

    test('voids a load in flight', async () => {
      const { open } = openLevels(levels, { immutable, tagsOf: () => ['t'] });
      const { cache } = open();
      const { result, door } = await heldLoad(cache, 'old');
      await invalidate(cache);
      const after = cache.getOrLoad('k', () => 'new');
      door.open();
      expect(await Promise.all([result, after])).toEqual(['old', 'new']);
      await turn();
      expect(cache.peek('k')).toBe('new');
    });
  });

  test('is not touched by the doubt about everything mutable', async () => {
    const { clock, tiers, open } = openLevels(levels);
    const [cache, mutable] = [open({ immutable, name: 'phrases' }).cache, open().cache];
    for (const each of [cache, mutable]) await each.set('k', 'v');
    const { result, door } = await heldLoad(open({ immutable, name: 'prompts' }).cache, 'late');
    for (const tier of tiers) await tier.invalidate({ kind: 'namespace', namespace: EVERY_MUTABLE_NAMESPACE });
    await clock.advance(MACHINE_MS);
    expect(cache.peek('k')).toBe('v');
    door.open();
    await result;
    await turn();
    if (levels.length === 0) return;
    expect(mutable.peek('k')).toBeUndefined(); // Control.
    expect(await open().cache.get('k')).toBeUndefined();
    expect(await open({ immutable, name: 'phrases' }).cache.get('k')).toBe('v');
    expect(await open({ immutable, name: 'prompts' }).cache.get('k')).toBe('late');
  });
});

test('a namespace that anybody calls mutable is mutable', async () => {
  for (const order of [
    [true, false],
    [false, true],
    [true, false, true],
  ]) {
    const { tiers, open } = openLevels(['host', 'cluster']);
    for (const each of order) await open({ immutable: each }).cache.set('k', 'v');
    for (const tier of tiers) await tier.invalidate({ kind: 'namespace', namespace: EVERY_MUTABLE_NAMESPACE });
    expect(await open().cache.get('k')).toBeUndefined();
  }
});

describe.each(HEARERS)('two %s on one bus', (kind) => {
  test.each([...invalidations, ['set', (cache: Cache<unknown>) => cache.set('k', 'new')] as const])(
    '%s of an immutable cache is heard by the other',
    async (_, invalidate) => {
      const { clock, a, b } = await hearers(kind, { immutable });
      const [one, other] = [a.open().cache, b.open().cache];
      await turn();
      await other.set('k', 'old');
      await clock.advance(MACHINE_MS);
      expect(other.peek('k')).toBe('old');
      await invalidate(one);
      await clock.advance(MACHINE_MS);
      expect(other.peek('k')).toBeUndefined();
      expect(await other.get('k')).not.toBe('old');
    },
  );

  test('nobody vouches for it, and nobody need', async () => {
    const { clock, bus, b } = await hearers(kind);
    const [cache, mutable] = [b.open({ immutable, name: 'phrases' }), b.open()];
    await turn();
    for (const each of [cache, mutable]) await each.cache.set('k', 'v');
    bus.loses = true;
    await clock.advance(2 * LIVE_MS);
    expect(mutable.cache.peek('k')).toBeUndefined(); // Control.
    expect(cache.cache.peek('k')).toBe('v');
    expect(await cache.cache.get('k')).toBe('v');
    expect(await cache.cache.getOrLoad('k', () => 'never')).toBe('v');
    expect(cache.recorder.of('hearing').length).toBe(kind === 'machines' ? 0 : mutable.recorder.of('hearing').length);
    const next = b.open({ immutable, name: 'phrases' }).cache;
    expect(await next.get('k')).toBe(kind === 'lone processes' ? undefined : 'v');
  });
});
