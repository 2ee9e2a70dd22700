import { describe, expect, test } from 'vitest';
import type { SharedTier } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { gate, turn, wrapTier } from './tier.fixture.ts';

/** One machine: a tier, and processes over it whose calls can be held back. */
function setUp() {
  const clock = new FakeClock();
  const host = new MemorySharedTier({ clock });
  const open = (tier: SharedTier = host) => createCache<string>({ name: 'n', clock, tiers: [tier] });
  return { clock, host, open };
}

test('a read that begins while a delete is under way does not bring back what the tier that refuses it still has', async () => {
  const { host, open } = setUp();
  await open().set('k', 'old');
  const door = gate();
  const refusing = wrapTier(host, {
    journal: undefined,
    invalidate: () => Promise.reject(new Error('disk full')),
    read: async (...args) => {
      const frames = await host.read(...args);
      await door.pass();
      return frames;
    },
  });
  const cache = open(refusing);
  let resolved = false;
  const deleting = cache.delete('k').then((result) => {
    resolved = true;
    return result;
  });
  // Other requests of this process, one in every tick until it is told.
  const reads: Promise<unknown>[] = [];
  while (!resolved) {
    reads.push(cache.get('k'));
    await Promise.resolve();
  }
  expect(await deleting).toEqual({ pending: true });
  expect(reads.length).toBeGreaterThan(2);
  door.open();
  await Promise.all(reads);
  expect(cache.peek('k')).toBeUndefined();
  expect(await cache.get('k')).toBeUndefined();
  await cache.close();
});

describe('set', () => {
  test('is not overwritten by a read that began while it was under way', async () => {
    const { host, open } = setUp();
    const beginning = gate();
    const reading = gate();
    let holdsBegin = true;
    const slow = wrapTier(host, {
      begin: async (...args) => {
        if (holdsBegin) await beginning.pass();
        return host.begin(...args);
      },
      read: async (...args) => {
        const frames = await host.read(...args);
        await reading.pass();
        return frames;
      },
    });
    const cache = open(slow);
    const setting = cache.set('k', 'mine');
    await beginning.reached;
    await open().getOrLoad('k', () => 'of another');
    const read = cache.get('k');
    await reading.reached;
    holdsBegin = false;
    beginning.open();
    await setting;
    reading.open();
    expect(await read).toBe('of another'); // It began before the set resolved.
    await turn();
    expect(cache.peek('k')).toBe('mine');
  });

  test('is not undone for later callers by a load that began meanwhile, though this process has no room for it', async () => {
    const { clock, host } = setUp();
    const beginning = gate();
    let begun = 0;
    const slow = wrapTier(host, {
      begin: async (...args) => {
        if (++begun === 1) await beginning.pass();
        return host.begin(...args);
      },
    });
    const cache = createCache<string>({ name: 'n', clock, tiers: [slow], maxBytes: 1000 });
    const door = gate();
    const writing = cache.set('k', 'x'.repeat(2000));
    await beginning.reached;
    const early = cache.getOrLoad('k', () => door.pass().then(() => 'read before'));
    await door.reached;
    beginning.open();
    await writing;
    const late = cache.getOrLoad('k', () => 'not loaded');
    door.open();
    expect(await early).toBe('read before');
    expect(await late).toBe('x'.repeat(2000));
  });

  test('of two processes at the same time: both see the same one afterwards', async () => {
    for (const first of [0, 1]) {
      const { clock, host, open } = setUp();
      const gates = [gate(), gate()];
      const caches = gates.map((door) =>
        open(
          wrapTier(host, {
            invalidate: async (invalidation) => {
              await host.invalidate(invalidation);
              await door.pass();
            },
          }),
        ),
      );
      const setting = caches.map((cache, index) => cache.set('k', `of ${index}`));
      await Promise.all(gates.map(({ reached }) => reached));
      gates[first]!.open();
      await setting[first];
      gates[1 - first]!.open();
      await setting[1 - first];
      await clock.advance(5);
      const seen = await Promise.all(caches.map((cache) => cache.get('k')));
      expect(new Set(seen).size).toBe(1);
    }
  });
});

test('a loader slower than its hard timeout fills a key that is asked for all the time', async () => {
  const clock = new FakeClock();
  const cache = createCache<string>({ name: 'n', clock, hardTimeoutMs: 100, ttl: 10_000 });
  let loads = 0;
  const load = () => {
    loads++;
    return new Promise<string>((resolve) => clock.after(150, () => resolve('value')));
  };
  let served = 0;
  for (let ms = 0; ms < 2000; ms += 10) {
    cache.getOrLoad('k', load).then(
      () => served++,
      () => {},
    );
    await clock.advance(10);
  }
  expect(served).toBeGreaterThan(100);
  expect(loads).toBeLessThanOrEqual(3);
});
