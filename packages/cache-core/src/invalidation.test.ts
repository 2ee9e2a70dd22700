import { describe, expect, test } from 'vitest';
import type { Cache, CacheOptions, SharedTier } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import type { Gate } from './tier.fixture.ts';
import { gate, Recorder, turn, wrapTier } from './tier.fixture.ts';

/** Within this time every process on a machine has heard of an invalidation. */
const MACHINE_MS = 5;

function setUp(levels: number) {
  const clock = new FakeClock();
  const tiers = Array.from({ length: levels }, (_, level) => new MemorySharedTier({ name: `tier${level}`, clock }));
  const open = (over: readonly SharedTier[] = tiers, more: Partial<CacheOptions<unknown>> = {}): Cache<unknown> =>
    createCache<unknown>({ name: 'n', clock, tiers: over, ...more });
  return { clock, tiers, open };
}

/** Starts a load that has read `value` from the source and is held before it returns it. */
async function heldLoad(cache: Cache<unknown>, value: unknown): Promise<{ result: Promise<unknown>; door: Gate }> {
  const door = gate();
  const result = cache.getOrLoad('k', () => door.pass().then(() => value));
  await door.reached;
  return { result, door };
}

/** `read` answers what the tier held when it was asked, but only when the gate is opened. */
function lateReads(tier: MemorySharedTier, door: Gate, more: { journal?: undefined } = {}): SharedTier {
  return wrapTier(tier, {
    read: async (entries) => {
      const answer = await tier.read(entries);
      await door.pass();
      return answer;
    },
    ...more,
  });
}

const invalidations: [string, (cache: Cache<unknown>) => Promise<unknown>][] = [
  ['delete', (cache) => cache.delete('k')],
  ['delete of several', (cache) => cache.delete('x', 'k', 'y')],
  ['clear', (cache) => cache.clear()],
];

describe.each([0, 1, 2])('over %d shared tiers', (levels) => {
  describe.each(invalidations)('%s', (_, invalidate) => {
    test('removes the entry from every tier at once', async () => {
      const { open } = setUp(levels);
      const cache = open();
      await cache.getOrLoad('k', () => 'old');
      await turn();
      expect(await invalidate(cache)).toEqual({ pending: false });
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.get('k')).toBeUndefined();
      expect(await open().get('k')).toBeUndefined();
      expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
    });

    test('of a load in flight: its waiters get the value, no tier does, and who comes after loads anew', async () => {
      const { open } = setUp(levels);
      const cache = open();
      const { result, door } = await heldLoad(cache, 'old');
      await invalidate(cache);
      const after = cache.getOrLoad('k', () => 'new');
      await turn();
      door.open();
      expect(await after).toBe('new');
      expect(await result).toBe('old');
      await turn();
      expect(cache.peek('k')).toBe('new');
      expect(await cache.get('k')).toBe('new');
      expect(await open().get('k')).toBe(levels > 0 ? 'new' : undefined);
    });

    test('of a load in flight when nobody comes after: nothing is found anywhere', async () => {
      const { tiers, open } = setUp(levels);
      const cache = open();
      const { result, door } = await heldLoad(cache, 'old');
      await invalidate(cache);
      door.open();
      expect(await result).toBe('old');
      await turn();
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.get('k')).toBeUndefined();
      for (const tier of tiers) expect(await open([tier]).get('k')).toBeUndefined();
      expect(cache.stats()).toMatchObject({ refusedWrites: { invalidated: 1 }, loading: 0 });
    });

    test('which is still under way: who comes meanwhile does not join the old load either', async () => {
      const { open } = setUp(levels);
      const cache = open();
      const { result, door } = await heldLoad(cache, 'old');
      const invalidating = invalidate(cache);
      const meanwhile = cache.getOrLoad('k', () => 'new');
      await invalidating;
      door.open();
      expect(await meanwhile).toBe('new');
      expect(await result).toBe('old');
    });
  });

  test('set voids a load in flight: the late value does not overwrite it in any tier', async () => {
    const { tiers, open } = setUp(levels);
    const cache = open();
    const { result, door } = await heldLoad(cache, 'old');
    await cache.set('k', 'set');
    const after = cache.getOrLoad('k', () => 'never');
    await turn();
    door.open();
    expect(await after).toBe('set');
    expect(await result).toBe('old');
    await turn();
    expect(cache.peek('k')).toBe('set');
    for (const tier of tiers) expect(await open([tier]).get('k')).toBe('set');
  });

  test('a load that begins while set is under way does not overwrite it either', async () => {
    const { tiers, open } = setUp(levels);
    const setting = gate();
    let first = true;
    const slow = tiers.map((tier) =>
      wrapTier(tier, {
        begin: async (...args) => {
          const begun = await tier.begin(...args);
          if (!first) return begun;
          first = false;
          await setting.pass();
          return begun;
        },
      }),
    );
    const cache = open(slow);
    const set = cache.set('k', 'set');
    if (levels > 0) await setting.reached;
    const { result, door } = levels > 0 ? await heldLoad(cache, 'old') : { result: undefined, door: gate() };
    setting.open();
    await set;
    door.open();
    await result;
    await turn();
    expect(cache.peek('k')).toBe('set');
    for (const tier of tiers) expect(await open([tier]).get('k')).toBe('set');
  });

  test('a delete that comes while set is under way wins', async () => {
    const { tiers, open } = setUp(levels);
    const setting = gate();
    const slow = tiers.map((tier) =>
      wrapTier(tier, { begin: (...args) => setting.pass().then(() => tier.begin(...args)) }),
    );
    const cache = open(slow);
    const set = cache.set('k', 'set');
    if (levels > 0) await setting.reached;
    await cache.delete('k');
    setting.open();
    await set;
    expect(cache.peek('k')).toBeUndefined();
    expect(await open().get('k')).toBeUndefined();
  });

  test('an invalidation names nothing else: other keys and other loads go on', async () => {
    const { open } = setUp(levels);
    const cache = open();
    await cache.set('other', 1);
    const { result, door } = await heldLoad(cache, 'value');
    await cache.delete('x');
    await cache.set('y', 1);
    const joined = cache.getOrLoad('k', () => 'never');
    door.open();
    expect(await Promise.all([result, joined])).toEqual(['value', 'value']);
    expect(cache.peek('k')).toBe('value');
    expect(cache.peek('other')).toBe(1);
  });
});

describe('a promotion of what was read just before an invalidation', () => {
  describe.each(['get', 'getMany', 'warm', 'getOrLoad'] as const)('by %s', (method) => {
    test.each(invalidations)('is refused after %s', async (_, invalidate) => {
      const { tiers, open } = setUp(1);
      await open().set('k', 'old');
      const door = gate();
      const recorder = new Recorder();
      const cache = open([lateReads(tiers[0]!, door)], { onEvent: recorder.onEvent });
      const read =
        method === 'get' ? cache.get('k')
        : method === 'getOrLoad' ? cache.getOrLoad('k', () => 'new')
        : cache[method](['k']); // prettier-ignore
      await door.reached;
      await invalidate(cache);
      door.open();
      await read;
      await turn();
      expect(cache.peek('k')).not.toBe('old');
      expect(await open().get('k')).not.toBe('old');
      expect(recorder.of('refused-write').map((event) => event.reason)).toContain('invalidated');
    });
  });

  test('is refused when another process invalidates, too', async () => {
    const { tiers, open } = setUp(1);
    const other = open();
    await other.set('k', 'old');
    const door = gate();
    const cache = open([lateReads(tiers[0]!, door)]);
    const read = cache.get('k');
    await door.reached;
    await other.delete('k');
    door.open();
    await read;
    expect(cache.peek('k')).toBeUndefined();
  });

  test('from a farther tier into a nearer one does not survive an invalidation that was between the two', async () => {
    const { clock, tiers, open } = setUp(2);
    // An outbox would keep the neighbour away from the cluster.
    const [host, cluster] = [wrapTier(tiers[0]!, { outbox: undefined }), tiers[1]!];
    // A real cluster keeps no journal: only its stamps and the host's journal are left to hold the promise.
    const far = wrapTier(cluster, { journal: undefined });
    await open([far]).set('k', 'old');
    const between = gate();
    const slow = wrapTier(cluster, {
      journal: undefined,
      invalidate: (what) => between.pass().then(() => cluster.invalidate(what)),
    });
    const cache = open([host, slow]);
    const neighbour = open([host, far]);
    const deleting = cache.delete('k');
    await between.reached; // The host has been invalidated, the cluster not yet.
    expect(await neighbour.get('k')).toBe('old');
    expect(await cache.get('k')).toBe('old');
    between.open();
    await deleting;
    expect(cache.peek('k')).toBeUndefined();
    expect(await cache.get('k')).toBeUndefined();
    expect(await open([host, far]).get('k')).toBeUndefined();
    await clock.advance(MACHINE_MS);
    expect(neighbour.peek('k')).toBeUndefined();
    expect(await neighbour.get('k')).toBeUndefined();
  });

  test.each(invalidations)('into this process, while a tier without a journal hears of %s', async (_, invalidate) => {
    const { tiers, open } = setUp(1);
    const tier = tiers[0]!;
    await open().set('k', 'old');
    const hearing = gate();
    const slow = wrapTier(tier, {
      journal: undefined,
      invalidate: (what) => hearing.pass().then(() => tier.invalidate(what)),
    });
    const cache = open([slow]);
    const invalidating = invalidate(cache);
    await hearing.reached;
    expect(await cache.get('k')).toBe('old'); // Started before the invalidation resolved: either is right.
    hearing.open();
    await invalidating;
    expect(cache.peek('k')).toBeUndefined();
    expect(await cache.get('k')).toBeUndefined();
  });
});

describe('an invalidation by another process on the machine', () => {
  const inPlace: typeof invalidations = [...invalidations, ['set', (cache) => cache.set('k', 'new')]];

  test.each(inPlace)(`is seen by every kind of read after ${MACHINE_MS} ms: %s`, async (name, invalidate) => {
    const { clock, open } = setUp(1);
    const [writer, reader] = [open(), open()];
    const expected = name === 'set' ? 'new' : undefined;
    for (const read of [
      async () => reader.peek('k'),
      () => reader.get('k'),
      async () => (await reader.getMany(['k'])).get('k'),
      () => reader.getOrLoad('k', () => undefined),
      async () => (await reader.warm(['k']), reader.peek('k')),
    ]) {
      await writer.set('k', 'old');
      await clock.advance(MACHINE_MS);
      expect(await reader.get('k')).toBe('old');
      await invalidate(writer);
      await clock.advance(MACHINE_MS);
      const seen = await read();
      expect(seen).not.toBe('old');
      expect(await reader.get('k')).toBe(expected);
    }
  });

  test('voids a load in flight here: it is not joined after that time, and not stored', async () => {
    const { clock, open } = setUp(1);
    const [writer, reader] = [open(), open()];
    const { result, door } = await heldLoad(reader, 'old');
    await writer.delete('k');
    await clock.advance(MACHINE_MS);
    const after = reader.getOrLoad('k', () => 'new');
    await turn();
    door.open();
    expect(await after).toBe('new');
    expect(await result).toBe('old');
    await turn();
    expect(reader.peek('k')).toBe('new');
    expect(await open().get('k')).toBe('new');
  });

  test('is seen although so many followed that the journal no longer reaches back', async () => {
    const { clock, open } = setUp(1);
    const [writer, reader] = [open(), open()];
    await writer.set('kept', 'old');
    await reader.get('kept');
    const { result, door } = await heldLoad(reader, 'old');
    await writer.delete('k', 'kept');
    for (let id = 0; id < 3_000; id++) await writer.delete(`other ${id}`);
    door.open();
    await result;
    await clock.advance(MACHINE_MS);
    expect(reader.peek('k')).toBeUndefined();
    expect(reader.peek('kept')).toBeUndefined();
    expect(await reader.getMany(['k', 'kept'])).toEqual(new Map());
  });
});

test('a write-back that arrives late, on a tier without a journal, is not valid: its stamps have gone', async () => {
  const { tiers, open } = setUp(1);
  const tier = tiers[0]!;
  const arriving = gate();
  const far = wrapTier(tier, {
    journal: undefined,
    write: (...args) => arriving.pass().then(() => tier.write(...args)),
  });
  const cache = open([far]);
  expect(await cache.getOrLoad('k', () => 'old')).toBe('old');
  await arriving.reached;
  await open().delete('k');
  arriving.open();
  await turn();
  expect(await open().get('k')).toBeUndefined();
});

test('a load without stamps in hand writes nothing that could be served', async () => {
  const { clock, tiers, open } = setUp(1);
  const tier = tiers[0]!;
  const cache = open([wrapTier(tier, { begin: () => Promise.reject(new Error('no stamps')) })]);
  const { result, door } = await heldLoad(cache, 'old');
  await open().delete('k');
  door.open();
  expect(await result).toBe('old');
  await clock.advance(MACHINE_MS);
  expect(await open().get('k')).toBeUndefined();
  expect(cache.peek('k')).toBeUndefined();
});

test('an entry whose stamps were forgotten is a miss, and stays one when new stamps are made', async () => {
  const clock = new FakeClock();
  const tier = new MemorySharedTier({ clock, maxStamps: 8 });
  const open = (): Cache<unknown> => createCache<unknown>({ name: 'n', clock, tiers: [tier] });
  await open().set('k', 'old');
  for (let id = 0; id < 20; id++) await open().getOrLoad(`${id}`, () => id);
  expect(await open().get('k')).toBeUndefined();
  expect(await open().getOrLoad('k', () => 'new')).toBe('new');
});
