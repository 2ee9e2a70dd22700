import { describe, expect, test } from 'vitest';
import type { Cache } from './index.ts';
import { createKeyspace, MemorySharedTier } from './index.ts';
import { down, hasSettled, heldLoad, LEVELS, openLevels, SHARED_LEVELS } from './levels.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { gate, timeToSettle, turn, wrapTier } from './tier.fixture.ts';

/** Within this time every process on a machine has heard of an invalidation. */
const MACHINE_MS = 5;

const softly: [string, (cache: Cache<unknown>) => Promise<unknown>][] = [
  ['softInvalidate', (cache) => cache.softInvalidate('k')],
  ['softInvalidate of several', (cache) => cache.softInvalidate('x', 'k')],
  ['softInvalidateTags', (cache) => cache.softInvalidateTags('t')],
  ['softClear', (cache) => cache.softClear()],
];

const hard: [string, (cache: Cache<unknown>) => Promise<unknown>][] = [
  ['delete', (cache) => cache.delete('k')],
  ['invalidateTags', (cache) => cache.invalidateTags('t')],
  ['clear', (cache) => cache.clear()],
];

/** Every key but `other` carries the tag `t`. Nothing rests, unless a test wants it to. */
function setUp(levels: readonly string[]) {
  const tagsOf = (key: string): string[] => (key === 'other' ? [] : ['t', `of ${key}`]);
  return openLevels(levels, { tagsOf, grace: 60_000, backOffMs: 0 });
}

describe.each(LEVELS.map((levels) => ({ levels })))('over $levels', ({ levels }) => {
  const isShared = levels.length > 0;

  describe.each(softly)('%s', (name, soften) => {
    const kept = name === 'softClear' ? [] : ([['other', 'kept']] as const);

    test('is acknowledged and told; nothing reads the value as a fresh one', async () => {
      const { open } = setUp(levels);
      const { cache, recorder } = open();
      await cache.set('k', 'old');
      await cache.set('other', 'kept');
      expect(await cache.get('k')).toBe('old');
      expect(await soften(cache)).toEqual({ pending: false });
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.getMany(['k', 'other'])).toEqual(new Map(kept));
      expect(await cache.warm(['k', 'other'])).toBe(kept.length);
      expect(cache.peek('k')).toBeUndefined();
      expect(recorder.of('invalidation')).toMatchObject([{ soft: true, pending: false }]);
      const next = open().cache;
      expect(await next.get('k')).toBeUndefined();
      expect(await next.getMany(['k'])).toEqual(new Map());
    });

    test('a load replaces it, for every process', async () => {
      const { open } = setUp(levels);
      const { cache } = open();
      await cache.set('k', 'old');
      await soften(cache);
      expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
      await turn();
      expect(cache.peek('k')).toBe('new');
      expect(await cache.getOrLoad('k', down)).toBe('new');
      expect(await open().cache.get('k')).toBe(isShared ? 'new' : undefined);
    });

    test('a caller waits for the load, although its soft timeout is 0', async () => {
      const { clock, open } = setUp(levels);
      const softTimeoutMs = 0;
      for (const softened of [false, true]) {
        const { cache, recorder } = open({ softTimeoutMs, ttl: 1000 });
        await cache.set('k', 'old');
        await clock.advance(1000); // Control: merely stale, it is served at once.
        if (softened) await soften(cache);
        recorder.events.length = 0;
        const door = gate();
        const first = cache.getOrLoad('k', () => door.pass().then(() => 'new'), { softTimeoutMs });
        await door.reached;
        await clock.advance(1000);
        const joined = cache.getOrLoad('k', down, { softTimeoutMs });
        expect(await hasSettled(first)).toBe(!softened);
        expect(await hasSettled(joined)).toBe(!softened);
        door.open();
        expect(await Promise.all([first, joined])).toEqual(softened ? ['new', 'new'] : ['old', 'old']);
        expect(recorder.of('stale-hit').length).toBe(softened ? 0 : 2);
        await cache.clear();
      }
    });

    test('it is served when the loader fails, and told as that', async () => {
      const { open } = setUp(levels);
      const { cache, recorder } = open();
      await cache.set('k', 'old');
      await soften(cache);
      expect(await cache.getOrLoad('k', down)).toBe('old');
      expect(recorder.of('stale-hit')).toMatchObject([{ reason: 'error' }]);
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.getOrLoadMany(['k'], () => down())).toEqual(new Map([['k', 'old']]));
      await expect(cache.getOrLoad('never stored', down)).rejects.toThrow('source down');
      expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
    });

    test('it is served at the hard timeout, not before', async () => {
      const { clock, open } = setUp(levels);
      const { cache } = open({ hardTimeoutMs: 300, softTimeoutMs: 10 });
      await cache.set('k', 'old');
      await soften(cache);
      const answer = cache.getOrLoad('k', () => new Promise(() => {}));
      expect(await timeToSettle(clock, answer, 1000)).toBe(300);
      expect(await answer).toBe('old');
    });

    test('it is not served at the end of the caller’s patience', async () => {
      const { clock, open } = setUp(levels);
      const { cache } = open({ ttl: 1000 });
      const hang = (): Promise<never> => new Promise(() => {});
      for (const softened of [false, true]) {
        await cache.set('k', 'old');
        await clock.advance(1000); // Control: merely stale, it is.
        if (softened) await soften(cache);
        const answer = cache.getOrLoad('k', hang, { softTimeoutMs: Infinity, deadlineMs: 50 });
        const told = answer.catch((error: { code?: string }) => error.code);
        await clock.advance(50);
        expect(await told).toBe(softened ? 'ERR_CACHE_DEADLINE' : 'old');
      }
    });

    test('it is served while the loader rests after an error', async () => {
      const { clock, open } = setUp(levels);
      const { cache, recorder } = open({ backOffMs: 1000 });
      await cache.set('k', 'old');
      await soften(cache);
      await cache.getOrLoad('k', down);
      let asked = 0;
      const load = (): string => `new ${++asked}`;
      expect(await cache.getOrLoad('k', load)).toBe('old');
      expect(asked).toBe(0);
      expect(recorder.of('stale-hit').map(({ reason }) => reason)).toEqual(['error', 'back-off']);
      await clock.advance(1000);
      expect(await cache.getOrLoad('k', load)).toBe('new 1');
    });

    test('a load that began before it is not joined; it is stored by nobody', async () => {
      const { open } = setUp(levels);
      const { cache } = open();
      const { result, door } = await heldLoad(cache, 'old');
      await soften(cache);
      const after = cache.getOrLoad('k', () => 'new');
      await turn();
      door.open();
      expect(await after).toBe('new');
      expect(await result).toBe('old');
      await turn();
      expect(cache.peek('k')).toBe('new');
      expect(await open().cache.get('k')).toBe(isShared ? 'new' : undefined);
    });

    test('a refresh that began before it does not make what it brings fresh', async () => {
      const { clock, open } = setUp(levels);
      const { cache } = open({ ttl: 1000 });
      await cache.set('k', 'old');
      await clock.advance(1000);
      const door = gate();
      expect(await cache.getOrLoad('k', () => door.pass().then(() => 'late'))).toBe('old');
      await door.reached;
      await soften(cache);
      door.open();
      await turn();
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.get('k')).toBeUndefined();
      expect(await open().cache.get('k')).toBeUndefined();
      expect(cache.stats().refusedWrites).toMatchObject({ invalidated: 1 });
      expect(await cache.getOrLoad('k', down)).toBe('old');
    });

    test('again and again it stays what it is', async () => {
      const { open } = setUp(levels);
      const { cache } = open();
      await cache.set('k', 'old');
      for (let time = 0; time < 5; time++) {
        await soften(cache);
        expect(await cache.get('k')).toBeUndefined();
        expect(await cache.getOrLoad('k', down)).toBe('old');
      }
      expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
      await soften(cache);
      expect(await cache.getOrLoad('k', down)).toBe('new');
      const next = open()
        .cache.getOrLoad('k', down)
        .catch(() => 'lost');
      expect(await next).toBe(isShared ? 'new' : 'lost');
    });

    test('at the end of its grace it is gone', async () => {
      const { clock, open } = setUp(levels);
      const { cache } = open({ ttl: 1000, grace: 500 });
      await cache.set('k', 'old');
      await soften(cache);
      await clock.advance(1499);
      expect(await cache.getOrLoad('k', down)).toBe('old');
      await clock.advance(1);
      await expect(cache.getOrLoad('k', down)).rejects.toThrow('source down');
      await expect(open().cache.getOrLoad('k', down)).rejects.toThrow('source down');
    });

    test.each(hard)('a later %s removes it', async (__, remove) => {
      const { open } = setUp(levels);
      const { cache } = open();
      await cache.set('k', 'old');
      await soften(cache);
      expect(await cache.getOrLoad('k', down)).toBe('old');
      await remove(cache);
      await expect(cache.getOrLoad('k', down)).rejects.toThrow('source down');
      await expect(open().cache.getOrLoad('k', down)).rejects.toThrow('source down');
      await soften(cache); // It cannot bring back what is gone.
      await expect(cache.getOrLoad('k', down)).rejects.toThrow('source down');
    });

    test('a later set takes its place', async () => {
      const { open } = setUp(levels);
      const { cache } = open();
      await cache.set('k', 'old');
      await soften(cache);
      await cache.set('k', 'set');
      expect(await cache.getOrLoad('k', down)).toBe('set');
      expect(await open().cache.get('k')).toBe(isShared ? 'set' : undefined);
    });
  });

  test('names nothing else', async () => {
    const { open } = setUp(levels);
    const { cache } = open();
    await cache.set('k', 'old');
    await cache.set('other', 'kept');
    await cache.set('third', 'kept');
    await cache.softInvalidate('k');
    await cache.softInvalidateTags('of k', 'unknown');
    expect(cache.peek('k')).toBeUndefined();
    for (const key of ['other', 'third']) expect(cache.peek(key)).toBe('kept');
  });
});

describe.each(SHARED_LEVELS.map((levels) => ({ levels })))('over $levels', ({ levels }) => {
  describe.each(softly)('%s', (_, soften) => {
    test('the last good value is there for a process that starts while the source is down', async () => {
      const { clock, open } = setUp(levels);
      const writer = open().cache;
      await writer.set('k', 'last good');
      await soften(writer);
      await writer.close();
      const { cache, recorder } = open({ backOffMs: 1000 });
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.getOrLoad('k', down)).toBe('last good');
      expect(await cache.getOrLoad('k', down)).toBe('last good');
      expect(recorder.of('stale-hit').map(({ reason }) => reason)).toEqual(['error', 'back-off']);
      expect(await open().cache.getOrLoadMany(['k'], () => down())).toEqual(new Map([['k', 'last good']]));
      await clock.advance(1000);
      expect(await cache.getOrLoad('k', () => 'recovered')).toBe('recovered');
      await turn();
      expect(await open().cache.getOrLoad('k', down)).toBe('recovered');
    });

    test('such a process waits for its loader, although its soft timeout is 0', async () => {
      const { clock, open } = setUp(levels);
      const writer = open({ ttl: 1000 }).cache;
      await writer.set('k', 'old');
      await clock.advance(1000);
      expect(await open().cache.getOrLoad('k', () => 'refreshed')).toBe('old'); // Control: merely stale.
      await turn();
      await soften(writer);
      const { result, door } = await heldLoad(open({ softTimeoutMs: 0 }).cache, 'new');
      await clock.advance(100);
      expect(await hasSettled(result)).toBe(false);
      door.open();
      expect(await result).toBe('new');
    });

    test(`holds in the other processes of the machine after ${MACHINE_MS} ms`, async () => {
      const { clock, open } = setUp(levels);
      const [writer, reader] = [open().cache, open().cache];
      await writer.set('k', 'old');
      expect(await reader.get('k')).toBe('old');
      await soften(writer);
      await clock.advance(MACHINE_MS);
      expect(reader.peek('k')).toBeUndefined();
      expect(await reader.get('k')).toBeUndefined();
      expect(await reader.getOrLoad('k', down)).toBe('old');
      expect(await reader.getOrLoad('k', () => 'new')).toBe('new');
    });

    test('a write-back that arrives after it is never fresh', async () => {
      const { tiers, open } = setUp(levels);
      const arriving = gate();
      const slow = tiers.map((tier) =>
        wrapTier(tier, { write: (...args) => arriving.pass().then(() => tier.write(...args)) }),
      );
      expect(await open({ tiers: slow }).cache.getOrLoad('k', () => 'old')).toBe('old');
      await arriving.reached;
      await soften(open().cache);
      arriving.open();
      await turn();
      const { cache } = open();
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
    });

    test('what was read just before it is promoted nowhere as fresh', async () => {
      const { tiers, open } = setUp(levels);
      const last = tiers.at(-1)!;
      await open({ tiers: [last] }).cache.set('k', 'old');
      const door = gate();
      const late = wrapTier(last, {
        read: async (entries) => {
          const answer = await last.read(entries);
          await door.pass();
          return answer;
        },
      });
      const { cache } = open({ tiers: [...tiers.slice(0, -1), late] });
      const reading = cache.get('k');
      await door.reached;
      await soften(open().cache);
      door.open();
      await reading;
      await turn();
      expect(cache.peek('k')).toBeUndefined();
      expect(await open().cache.get('k')).toBeUndefined();
      expect(await open().cache.getOrLoad('k', () => 'new')).toBe('new');
    });
  });
});

test('however often: the count in a stamp never makes an old frame fresh again', async () => {
  const clock = new FakeClock();
  const tier = new MemorySharedTier({ clock });
  const { open } = openLevels([]);
  const { cache } = open({ clock, tiers: [tier] });
  await cache.set('k', 'old');
  const keyspace = createKeyspace({ name: 'n' });
  const { namespace } = keyspace;
  const keys = [keyspace.keyOf('k')];
  const seen = new Set<unknown>([await open({ clock, tiers: [tier] }).cache.get('k')]);
  expect(seen).toEqual(new Set(['old'])); // Control.
  seen.clear();
  for (let time = 1; time <= 2 ** 17; time++) {
    await tier.invalidate({ kind: 'keys', namespace, keys, soft: true });
    if (time % 2 ** 14 < 2) seen.add(await open({ clock, tiers: [tier] }).cache.get('k'));
  }
  expect(seen).toEqual(new Set([undefined]));
});
