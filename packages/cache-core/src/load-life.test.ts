import { describe, expect, test } from 'vitest';
import type { CacheOptions, EntryOptions } from './index.ts';
import { down, hasSettled, heldLoad, LEVELS, openLevels, SHARED_LEVELS } from './levels.fixture.ts';
import { gate, timeToSettle, turn, wrapTier } from './tier.fixture.ts';

const TTL_MS = 1000;
/** How long a load that nobody has limited blocks its key. */
const BLOCKED_MS = 60_000;

const hang = (): Promise<never> => new Promise(() => {});

function setUp(levels: readonly string[], more: Partial<CacheOptions<unknown>> = {}) {
  return openLevels(levels, { ttl: TTL_MS, backOffMs: 0, ...more });
}

describe.each(LEVELS.map((levels) => ({ levels })))('over $levels', ({ levels }) => {
  const isShared = levels.length > 0;

  test('a value ends at its ttl from the start of its load, in every tier', async () => {
    const { clock, open } = setUp(levels);
    const { cache } = open();
    const { result, door } = await heldLoad(cache, 'v');
    await clock.advance(600);
    door.open();
    expect(await result).toBe('v');
    await turn();
    await clock.advance(399);
    expect(await cache.get('k')).toBe('v');
    expect(await open().cache.get('k')).toBe(isShared ? 'v' : undefined);
    await clock.advance(1);
    expect(cache.peek('k')).toBeUndefined();
    expect(await open().cache.get('k')).toBeUndefined();
    expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
  });

  test('grace too counts from there', async () => {
    const { clock, open } = setUp(levels, { grace: 500 });
    const { cache } = open();
    const { result, door } = await heldLoad(cache, 'v');
    await clock.advance(900);
    door.open();
    await result;
    await clock.advance(599);
    expect(await cache.getOrLoad('k', down)).toBe('v');
    const next = open()
      .cache.getOrLoad('k', down)
      .catch(() => 'lost');
    expect(await next).toBe(isShared ? 'v' : 'lost');
    await clock.advance(1);
    for (const each of [cache, open().cache]) await expect(each.getOrLoad('k', down)).rejects.toThrow('source down');
  });

  test('what was loaded for longer than its life is returned and found nowhere', async () => {
    const { clock, open } = setUp(levels);
    const { cache } = open();
    const { result, door } = await heldLoad(cache, 'v');
    await clock.advance(TTL_MS);
    door.open();
    expect(await result).toBe('v');
    await turn();
    expect(cache.peek('k')).toBeUndefined();
    expect(await open().cache.get('k')).toBeUndefined();
  });

  test('a loader that never answers blocks its key for a minute and no longer', async () => {
    const { clock, open } = setUp(levels);
    const { cache } = open();
    const hung = cache.getOrLoad('k', hang);
    await turn();
    const joined = cache.getOrLoad('k', () => 'never');
    await clock.advance(BLOCKED_MS - 1);
    expect(cache.stats().loading).toBe(1);
    expect(await hasSettled(joined)).toBe(false);
    await clock.advance(1);
    expect(cache.stats().loading).toBe(0);
    expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
    expect(await hasSettled(hung)).toBe(false); // It has not limited its wait.
  });

  test('at its hard timeout it has failed for all who wait; the next caller starts anew', async () => {
    const { clock, open } = setUp(levels, { hardTimeoutMs: 300 });
    const { cache, recorder } = open();
    const hung = cache.getOrLoad('k', hang);
    await turn();
    const outcomes = Promise.allSettled([hung, cache.getOrLoad('k', hang)]);
    expect(await timeToSettle(clock, outcomes, TTL_MS)).toBe(300);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CACHE_LOAD_TIMEOUT' } });
    }
    expect(cache.stats()).toMatchObject({ loading: 0, loads: 1 });
    expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
    expect(recorder.of('load').at(-1)).toMatchObject({ outcome: 'stored' });
    await turn();
    expect(clock.pending).toBe(0);
  });

  describe('a result that comes after the hard timeout', () => {
    async function late(value: unknown) {
      const world = setUp(levels, { hardTimeoutMs: 300 });
      const { cache } = world.open();
      const { result, door } = await heldLoad(cache, value);
      result.catch(() => {});
      await world.clock.advance(300);
      await expect(result).rejects.toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' });
      return { ...world, cache, door };
    }

    test('is stored when nobody has loaded since', async () => {
      const { open, cache, door } = await late('late');
      door.open();
      await turn();
      expect(cache.peek('k')).toBe('late');
      expect(await open().cache.get('k')).toBe(isShared ? 'late' : undefined);
    });

    test('does not take the place of what a later load has brought', async () => {
      const { open, cache, door } = await late('late');
      expect(await cache.getOrLoad('k', () => 'later load')).toBe('later load');
      await turn();
      door.open();
      await turn();
      expect(cache.peek('k')).toBe('later load');
      expect(await open().cache.get('k')).toBe(isShared ? 'later load' : undefined);
      expect(cache.stats().refusedWrites).toEqual({ superseded: 1 });
    });

    // Else a loader that is slower than its hard timeout would never fill a key that is asked for all the time.
    test('is stored while a later load runs, which then takes its place', async () => {
      const { open, cache, door } = await late('late');
      const second = await heldLoad(cache, 'later load');
      door.open();
      await turn();
      expect(cache.peek('k')).toBe('late');
      expect(await open().cache.get('k')).toBe(isShared ? 'late' : undefined);
      second.door.open();
      expect(await second.result).toBe('later load');
      await turn();
      expect(cache.peek('k')).toBe('later load');
    });

    test.each([
      ['set', 'set'],
      ['delete', undefined],
      ['clear', undefined],
    ] as const)('is not stored after %s', async (method, expected) => {
      const { open, cache, door } = await late('late');
      await (method === 'set' ? cache.set('k', 'set') : method === 'delete' ? cache.delete('k') : cache.clear()); // prettier-ignore
      door.open();
      await turn();
      expect(cache.peek('k')).toBe(expected);
      expect(await open().cache.get('k')).toBe(isShared ? expected : undefined);
    });
  });

  test('set during a load: neither the load nor its failure touches what was set', async () => {
    const { open } = setUp(levels, { backOffMs: 1000 });
    for (const fails of [false, true]) {
      const { cache } = open();
      const door = gate();
      const result = cache.getOrLoad('k', () => door.pass().then(() => (fails ? down() : 'old')));
      const outcome = Promise.allSettled([result]);
      await door.reached;
      await cache.set('k', 'set');
      door.open();
      expect((await outcome)[0].status).toBe(fails ? 'rejected' : 'fulfilled');
      await turn();
      expect(await cache.getOrLoad('k', () => 'never')).toBe('set');
      await cache.clear();
    }
  });

  test('the signal fires only when every caller has gone; the key is free at once', async () => {
    const { open } = setUp(levels);
    const { cache } = open();
    const [one, two] = [new AbortController(), new AbortController()];
    let signal: AbortSignal | undefined;
    const started = gate();
    const load = (context: { signal: AbortSignal }): Promise<void> => {
      ({ signal } = context);
      return started.pass();
    };
    const first = cache.getOrLoad('k', load, { signal: one.signal });
    await started.reached;
    const second = cache.getOrLoad('k', load, { signal: two.signal });
    const outcomes = Promise.allSettled([first, second]);
    one.abort(new Error('one has gone'));
    await expect(first).rejects.toThrow('one has gone');
    expect(signal?.aborted).toBe(false);
    expect(cache.stats().loading).toBe(1);
    two.abort(new Error('two has gone'));
    expect((await outcomes)[1]).toMatchObject({ reason: new Error('two has gone') });
    expect(signal?.aborted).toBe(true);
    expect(cache.stats().loading).toBe(0);
    expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
    started.open();
    await turn();
    expect(cache.peek('k')).toBe('new');
  });

  test('a caller who never goes keeps the load for the others who do', async () => {
    const { open } = setUp(levels);
    const { cache } = open();
    const leaving = new AbortController();
    const { result, door } = await heldLoad(cache, 'v');
    const left = cache.getOrLoad('k', down, { signal: leaving.signal });
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    door.open();
    expect(await result).toBe('v');
    await turn();
    expect(cache.peek('k')).toBe('v');
  });

  test('a refresh behind a served value goes on, though all who asked have gone', async () => {
    const { clock, open } = setUp(levels, { grace: BLOCKED_MS });
    const { cache } = open();
    await cache.set('k', 'stale');
    await clock.advance(TTL_MS);
    const leaving = new AbortController();
    const door = gate();
    const load = (): Promise<unknown> => door.pass().then(() => 'new');
    expect(await cache.getOrLoad('k', load, { signal: leaving.signal })).toBe('stale');
    await door.reached;
    leaving.abort();
    door.open();
    await turn();
    expect(cache.peek('k')).toBe('new');
  });

  test('whatever becomes of loads, none is left', async () => {
    const { clock, open } = setUp(levels, { hardTimeoutMs: 500 });
    const { cache } = open();
    const leaving = new AbortController();
    const outcomes = Promise.allSettled([
      cache.getOrLoad('resolves', () => 1),
      cache.getOrLoad('rejects', down),
      cache.getOrLoad('rejects later', () => Promise.resolve().then(down)),
      cache.getOrLoad('aborted', hang, { signal: leaving.signal }),
      cache.getOrLoad('never settles', hang),
      cache.getOrLoad('cannot be stored', () => () => 1),
      cache.getOrLoad('is none', () => undefined), // oxlint-disable-line unicorn/no-useless-undefined
      cache.getOrLoadMany(['many', 'never'], hang),
      cache.getOrLoadMany(['of', 'these'], () => new Map()),
      cache.getOrLoadMany(['wrong'], () => ({}) as never),
      cache.getOrLoad('deadline', hang, { deadlineMs: 100 }),
    ]);
    await turn();
    expect(cache.stats().loading).toBe(5); // Control: those that hang.
    leaving.abort();
    await clock.advance(500);
    await outcomes;
    expect(cache.stats().loading).toBe(0);
    await cache.close();
    expect(clock.pending).toBe(0);
  });
});

describe('failures and back-off', () => {
  test('a load that failed after an invalidation is not the answer of who comes after it', async () => {
    const { open } = setUp([], { backOffMs: 1000 });
    const { cache } = open();
    const door = gate();
    const before = cache.getOrLoad('k', () => door.pass().then(down));
    const outcome = Promise.allSettled([before]);
    await door.reached;
    await cache.delete('k');
    door.open();
    await outcome;
    expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
    await expect(cache.getOrLoad('l', down)).rejects.toThrow('source down');
    await expect(cache.getOrLoad('l', () => 'new')).rejects.toThrow('source down'); // Control: a key that rests.
  });

  test('a late failure says nothing against the load that has succeeded since', async () => {
    const { clock, open } = setUp([], { backOffMs: 5000, hardTimeoutMs: 300 });
    const { cache } = open();
    const door = gate();
    const outcome = Promise.allSettled([cache.getOrLoad('k', () => door.pass().then(down))]);
    await door.reached;
    await clock.advance(300);
    await outcome;
    await clock.advance(5000);
    expect(await cache.getOrLoad('k', () => 'v')).toBe('v');
    door.open();
    await turn();
    await clock.advance(TTL_MS);
    expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
  });

  test('an invalidation wakes the keys it names and no others, whoever invalidates', async () => {
    for (const [levels, own] of [
      [[], true],
      [['host'], true],
      [['host'], false],
    ] as const) {
      const { clock, open } = setUp(levels, { backOffMs: 60_000, tagsOf: (key) => [`tag of ${key}`] });
      const { cache } = open();
      const invalidator = own ? cache : open().cache;
      for (const invalidate of [
        () => invalidator.delete('k'),
        () => invalidator.softInvalidate('k'),
        () => invalidator.invalidateTags('tag of k'),
        () => invalidator.softInvalidateTags('tag of k'),
      ]) {
        for (const key of ['k', 'l']) await expect(cache.getOrLoad(key, down)).rejects.toThrow('source down');
        await invalidate();
        await clock.advance(5);
        expect(await cache.getOrLoad('k', () => 'awake')).toBe('awake');
        await expect(cache.getOrLoad('l', () => 'never')).rejects.toThrow('source down');
        await cache.delete('k');
      }
    }
  });

  test('one load fails once, although it is late and then fails as well', async () => {
    const { clock, open } = setUp([], { backOffMs: 5000, hardTimeoutMs: 300 });
    const { cache, recorder } = open();
    const door = gate();
    const outcome = Promise.allSettled([cache.getOrLoad('k', () => door.pass().then(down))]);
    await door.reached;
    await clock.advance(300);
    await outcome;
    door.open();
    await turn();
    expect(recorder.of('back-off').map(({ delayMs }) => delayMs)).toEqual([5000]);
  });
});

test.each(SHARED_LEVELS.map((levels) => ({ levels })))(
  'over $levels a tier that is slow to take a value does not lengthen its life',
  async ({ levels }) => {
    for (const life of [{}, { ttl: 2 * TTL_MS }] satisfies EntryOptions[]) {
      const ttlMs = life.ttl ?? TTL_MS;
      const { clock, tiers, open } = setUp(levels);
      const loaded = gate();
      let isLoaded = false;
      const slow = tiers.map((tier) =>
        wrapTier(tier, {
          begin: (...args) => (isLoaded ? loaded.pass() : Promise.resolve()).then(() => tier.begin(...args)),
          write: (...args) => loaded.pass().then(() => tier.write(...args)),
        }),
      );
      const startedMs = clock.now();
      await open({ tiers: slow }).cache.getOrLoad('k', () => ((isLoaded = true), 'v'), life);
      await loaded.reached;
      await clock.advance(ttlMs / 2);
      loaded.open();
      await turn();
      expect(await open().cache.get('k')).toBe('v');
      await clock.advance(startedMs + ttlMs - clock.now());
      expect(await open().cache.get('k')).toBeUndefined();
    }
  },
);
