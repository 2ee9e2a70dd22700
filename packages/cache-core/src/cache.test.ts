import { describe, expect, test, vi } from 'vitest';
import type { CacheOptions, Codec } from './index.ts';
import { bytesCodec, createCache, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { gate, Recorder, turn, wrapTier } from './tier.fixture.ts';

function setUp<V = unknown>(more: Partial<CacheOptions<V>> = {}) {
  const clock = new FakeClock();
  const recorder = new Recorder();
  return { cache: createCache<V>({ name: 'n', clock, onEvent: recorder.onEvent, ...more }), clock, recorder };
}

describe('values', () => {
  test('null, zero, false and empty text are values: found again, not loaded again', async () => {
    for (const value of [null, 0, false, '']) {
      const { cache } = setUp();
      let loads = 0;
      const loader = (): unknown => {
        loads++;
        return value;
      };
      expect(await cache.getOrLoad('k', loader)).toBe(value);
      expect(await cache.getOrLoad('k', loader)).toBe(value);
      expect(await cache.get('k')).toBe(value);
      expect(cache.peek('k')).toBe(value);
      expect(await cache.getMany(['k'])).toEqual(new Map([['k', value]]));
      expect(loads).toBe(1);
    }
  });

  test('undefined is absence: returned, not stored, and refused by set', async () => {
    const { cache } = setUp({ tiers: [new MemorySharedTier()] });
    let loads = 0;
    const loader = (): undefined => void loads++;
    expect(await cache.getOrLoad('k', loader)).toBeUndefined();
    expect(await cache.getOrLoad('k', loader)).toBeUndefined();
    expect(loads).toBe(2);
    expect(cache.stats().entries).toBe(0);
    await expect(cache.set('k', undefined)).rejects.toThrow(TypeError);
  });

  test('objects come back frozen, to every caller of the load as well', async () => {
    const { cache } = setUp<{ list: number[] }>();
    const loaded = await cache.getOrLoad('k', () => ({ list: [1] }));
    expect(Object.isFrozen(loaded)).toBe(true);
    expect(Object.isFrozen(loaded?.list)).toBe(true);
    expect(await cache.get('k')).toBe(loaded);
  });

  test('a later change by their owner does not reach the cache', async () => {
    const { cache } = setUp<{ list: number[] }>({ tiers: [new MemorySharedTier()] });
    const set = { list: [1] };
    const loaded = { list: [1] };
    await cache.set('set', set);
    await cache.getOrLoad('loaded', () => loaded);
    set.list.push(2);
    loaded.list.push(2);
    expect(cache.peek('set')).toEqual({ list: [1] });
    expect(cache.peek('loaded')).toEqual({ list: [1] });
  });

  test('bytes come back to the bit, from every tier', async () => {
    const tiers = [new MemorySharedTier()];
    const pcm = Uint8Array.from({ length: 1000 }, (_, i) => (i * 31) % 256);
    const one = setUp<Uint8Array>({ tiers, codec: bytesCodec }).cache;
    const two = setUp<Uint8Array>({ tiers, codec: bytesCodec }).cache;
    expect(await one.getOrLoad('k', () => pcm)).toEqual(pcm);
    await one.close();
    expect(await two.getOrLoad('k', () => new Uint8Array())).toEqual(pcm);
  });

  test('a value the codec refuses is an error of set, with the reason, and not of a load', async () => {
    const { cache, recorder } = setUp();
    const value = { at: new Date(0) };
    await expect(cache.set('k', value)).rejects.toThrow(/date/);
    expect(await cache.getOrLoad('k', () => value)).toBe(value);
    expect(cache.peek('k')).toBeUndefined();
    expect(recorder.story()).toEqual(['miss', 'refused: unencodable', 'load not-stored']);
  });

  test('a value its codec cannot read back is refused by set too', async () => {
    const codec: Codec<string> = {
      id: 'broken/1',
      encode: (value) => new TextEncoder().encode(value),
      decode: () => {
        throw new Error('unreadable');
      },
    };
    const { cache } = setUp<string>({ codec });
    await expect(cache.set('k', 'v')).rejects.toThrow(/broken\/1/);
    expect(await cache.getOrLoad('k', () => 'v')).toBe('v');
  });

  test('set that fails leaves what was there', async () => {
    const { cache } = setUp();
    await cache.set('k', 1);
    await expect(cache.set('k', () => 1)).rejects.toThrow(TypeError);
    expect(cache.peek('k')).toBe(1);
  });
});

describe('peek', () => {
  test('is synchronous and looks at the process tier only', async () => {
    const tiers = [new MemorySharedTier()];
    const { cache: writer } = setUp({ tiers });
    const { cache } = setUp({ tiers });
    await writer.set('k', 1);
    expect(writer.peek('k')).toBe(1);
    expect(cache.peek('k')).toBeUndefined();
    await cache.get('k');
    expect(cache.peek('k')).toBe(1);
    expect(cache.stats().misses).toBe(0);
  });
});

describe('time to live', () => {
  test('an entry is found until its ttl is over', async () => {
    const { cache, clock } = setUp({ ttl: 1000 });
    await cache.set('k', 1);
    await clock.advance(999);
    expect(cache.peek('k')).toBe(1);
    await clock.advance(1);
    expect(cache.peek('k')).toBeUndefined();
    expect(await cache.get('k')).toBeUndefined();
  });

  test('age counts from the start of the load, here and below', async () => {
    const clock = new FakeClock();
    const tiers = [new MemorySharedTier({ clock })];
    const { cache } = setUp({ ttl: 1000, clock, tiers });
    const { cache: other } = setUp({ ttl: 1000, clock, tiers });
    const door = gate();
    const loading = cache.getOrLoad('k', () => door.pass().then(() => 1));
    await door.reached;
    await clock.advance(400);
    door.open();
    expect(await loading).toBe(1);
    await clock.advance(599);
    expect(cache.peek('k')).toBe(1);
    expect(await other.get('k')).toBe(1);
    await clock.advance(1);
    expect(cache.peek('k')).toBeUndefined();
    expect(other.peek('k')).toBeUndefined();
    expect(await other.get('k')).toBeUndefined();
  });

  test('what took longer to load than it may live is returned and written nowhere', async () => {
    const clock = new FakeClock();
    let writes = 0;
    const tier = new MemorySharedTier({ clock });
    const counting = wrapTier(tier, { write: async () => void writes++ });
    const { cache } = setUp({ ttl: 100, clock, tiers: [counting] });
    const door = gate();
    const loading = cache.getOrLoad('k', () => door.pass().then(() => 1));
    await door.reached;
    await clock.advance(100);
    door.open();
    expect(await loading).toBe(1);
    await turn();
    expect(cache.peek('k')).toBeUndefined();
    expect(writes).toBe(0);
  });

  test('processTtl ends an entry here earlier; the shared tiers still have it', async () => {
    const clock = new FakeClock();
    const { cache } = setUp({ ttl: 1000, processTtl: 100, clock, tiers: [new MemorySharedTier({ clock })] });
    await cache.set('k', 1);
    await clock.advance(100);
    expect(cache.peek('k')).toBeUndefined();
    expect(await cache.get('k')).toBe(1);
    await clock.advance(99);
    expect(cache.peek('k')).toBe(1);
    await clock.advance(801);
    expect(await cache.get('k')).toBeUndefined();
  });

  test('an entry may have its own, by options or by keep(), longer than the cache’s as well, in every tier', async () => {
    const clock = new FakeClock();
    const tiers = [new MemorySharedTier({ clock })];
    const { cache } = setUp({ ttl: 1000, clock, tiers });
    const hour = 3_600_000;
    await cache.set('set', 1, { ttl: hour });
    await cache.getOrLoad('loaded', () => 1, { ttl: hour });
    await cache.getOrLoad('kept', (context) => (context.keep({ ttl: hour }), 1));
    await cache.getOrLoad('short', (context) => (context.keep({ ttl: 10 }), 1));
    await clock.advance(10);
    expect(await cache.get('short')).toBeUndefined();
    await clock.advance(hour - 11);
    for (const key of ['set', 'loaded', 'kept']) {
      const { cache: other } = setUp({ ttl: 1000, clock, tiers });
      expect([key, await other.get(key)]).toEqual([key, 1]);
    }
    await clock.advance(1);
    for (const key of ['set', 'loaded', 'kept']) expect([key, await cache.get(key)]).toEqual([key, undefined]);
  });
});

describe('the loader’s context', () => {
  test('names the key and the reason; nothing is stale on a miss', async () => {
    const { cache } = setUp();
    await cache.getOrLoad('the key', (context) => {
      expect(context).toMatchObject({ key: 'the key', reason: 'miss', stale: undefined });
      expect(context.signal.aborted).toBe(false);
      return 1;
    });
  });

  test('doNotStore: the value reaches all who wait and no tier', async () => {
    const { cache, recorder } = setUp({ tiers: [new MemorySharedTier()] });
    const first = cache.getOrLoad('k', async (context) => {
      context.doNotStore();
      await turn();
      return 7;
    });
    expect(await Promise.all([first, cache.getOrLoad('k', () => 8)])).toEqual([7, 7]);
    expect(cache.peek('k')).toBeUndefined();
    expect(await cache.get('k')).toBeUndefined();
    expect(recorder.of('refused-write').map((event) => event.reason)).toEqual(['do-not-store']);
  });

  test('isCurrent turns false with an invalidation, by this cache or another on the tier', async () => {
    const tiers = [new MemorySharedTier()];
    const { cache } = setUp({ tiers });
    const { cache: other } = setUp({ tiers });
    for (const invalidate of [
      () => cache.delete('k'),
      () => cache.clear(),
      () => cache.set('k', 0),
      () => other.delete('k'),
      () => other.clear(),
    ]) {
      await cache.delete('k');
      await cache.getOrLoad('k', async (context) => {
        expect(context.isCurrent()).toBe(true);
        await other.delete('unrelated');
        expect(context.isCurrent()).toBe(true);
        await invalidate();
        expect(context.isCurrent()).toBe(false);
        return 1;
      });
    }
  });

  test('a bad keep() is the loader’s own error', async () => {
    const { cache } = setUp();
    await expect(cache.getOrLoad('k', (context) => context.keep({ ttl: -1 }))).rejects.toThrow(/^ttl .*got -1$/);
  });
});

describe('events', () => {
  test('tell a story in order', async () => {
    const tiers = [new MemorySharedTier()];
    const { cache, recorder } = setUp({ tiers });
    const { cache: other, recorder: heard } = setUp({ tiers });
    await Promise.all([cache.getOrLoad('k', () => 1), cache.getOrLoad('k', () => 1)]);
    await cache.get('k');
    await cache.get('none');
    await cache.delete('k');
    await cache.clear();
    await cache.getOrLoad('k', () => 2);
    expect(recorder.story()).toMatchInlineSnapshot(`
      [
        "shared",
        "miss",
        "load stored",
        "hit in process",
        "miss",
        "invalidation of keys",
        "invalidation of namespace",
        "miss",
        "load stored",
      ]
    `);
    await other.getOrLoad('k', () => 3);
    await other.getOrLoad('k', () => 3);
    expect(heard.story()).toMatchInlineSnapshot(`
      [
        "hit in host",
        "hit in process",
      ]
    `);
  });

  test('carry no text of keys or values, and the same hash for the same key', async () => {
    const { cache, recorder } = setUp({ tiers: [new MemorySharedTier()] });
    const secret = 'asha.rao@example.com';
    await cache.getOrLoad(secret, () => `hello ${secret}`);
    await cache.get(secret);
    await cache.delete(secret);
    await cache.get(secret);
    expect(JSON.stringify(recorder.events)).not.toContain('asha');
    const hashes = recorder.events.flatMap((event) => ('keyHash' in event ? [event.keyHash] : []));
    expect(hashes.length).toBeGreaterThan(3);
    expect(new Set(hashes).size).toBe(1);
    expect(hashes[0]).toMatch(/^[0-9a-f]{16}$/);
  });

  test('tell how old a hit is', async () => {
    const clock = new FakeClock();
    const tiers = [new MemorySharedTier({ clock })];
    const { cache } = setUp({ clock, tiers });
    const { cache: other, recorder } = setUp({ clock, tiers });
    await cache.set('k', 1);
    await clock.advance(250);
    await other.get('k');
    await clock.advance(50);
    other.peek('k');
    expect(recorder.of('hit')).toMatchObject([
      { tier: 'host', ageMs: 250 },
      { tier: 'process', ageMs: 300 },
    ]);
  });

  test('a listener that throws breaks nothing; it becomes a process warning', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const { cache } = setUp({
        tiers: [new MemorySharedTier()],
        onEvent: () => {
          throw new Error('listener');
        },
      });
      expect(await cache.getOrLoad('k', () => 1)).toBe(1);
      expect(cache.peek('k')).toBe(1);
      expect(await cache.get('none')).toBeUndefined();
      expect(await cache.delete('k')).toEqual({ pending: false });
      await cache.close();
      expect(warned).toHaveBeenCalled();
    } finally {
      warned.mockRestore();
    }
  });
});

describe('stats', () => {
  test('add up', async () => {
    const clock = new FakeClock();
    const tiers = [new MemorySharedTier({ clock })];
    const { cache } = setUp({ clock, tiers });
    const { cache: other } = setUp({ clock, tiers });
    await other.set('below', 1);

    await cache.getOrLoad('below', () => 0); // 1 hit in host
    await cache.get('below'); // 1 hit here
    cache.peek('below'); // 2
    cache.peek('nothing'); // a peek misses nothing
    await cache.get('nothing'); // 1 miss
    await cache.getMany(['below', 'nothing', 'nothing']); // 3 hits here, 2 misses
    const door = gate();
    const slow = [1, 2, 3].map(() => cache.getOrLoad('slow', () => door.pass().then(() => 1))); // 3 misses, 1 load, 2 shared
    await door.reached;
    expect(cache.stats().loading).toBe(1);
    await clock.advance(30);
    door.open();
    await Promise.all(slow);
    await cache.getOrLoad('bad', () => Promise.reject(new Error('x'))).catch(() => {}); // 4 misses, 2 loads
    await cache.set('mine', 1);
    await cache.delete('mine');
    await cache.clear();

    const stats = cache.stats();
    expect(stats).toMatchObject({
      hits: { process: 3, host: 1 },
      misses: 4,
      shared: 2,
      hitRate: 4 / (4 + 4 + 2),
      loads: 2,
      loadErrors: 1,
      loadMs: 30,
      sets: 1,
      invalidations: 2,
      frameFaults: 0,
      tierErrors: 0,
      evictions: 0,
      entries: 0,
      bytes: 0,
      loading: 0,
    });
    await cache.get('nothing');
    expect(stats.misses).toBe(4);
    expect(cache.stats().misses).toBe(5);
  });

  test('of a new cache are zero', () => {
    expect(setUp().cache.stats()).toMatchObject({ misses: 0, shared: 0, hitRate: 0, loads: 0, entries: 0, bytes: 0 });
  });
});

describe('close', () => {
  test.each(['getOrLoad', 'set'] as const)('waits for what %s is still writing', async (store) => {
    const tier = new MemorySharedTier();
    const door = gate();
    const slow = wrapTier(tier, { write: (...args) => door.pass().then(() => tier.write(...args)) });
    const { cache } = setUp({ tiers: [slow] });
    if (store === 'set') void cache.set('k', 1);
    else await cache.getOrLoad('k', () => 1);
    await door.reached;
    let closed = false;
    const closing = cache.close().then(() => (closed = true));
    await turn();
    expect(closed).toBe(false);
    door.open();
    await closing;
    expect(await setUp({ tiers: [tier] }).cache.get('k')).toBe(1);
  });

  test('later calls find nothing and store nothing, but loaders still work', async () => {
    const tiers = [new MemorySharedTier()];
    const { cache } = setUp({ tiers });
    await cache.set('k', 1);
    await cache.close();
    expect(cache.peek('k')).toBeUndefined();
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.getMany(['k'])).toEqual(new Map());
    expect(await cache.warm(['k'])).toBe(0);
    expect(await cache.getOrLoad('k', () => 2)).toBe(2);
    expect(await cache.getOrLoad('k', () => 3)).toBe(3);
    await cache.set('k', 4);
    expect(cache.peek('k')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
    const { cache: other } = setUp({ tiers });
    expect(await other.get('k')).toBe(1);
  });

  test('tells loads in flight; what they still bring is returned and not stored', async () => {
    const tiers = [new MemorySharedTier()];
    const { cache } = setUp({ tiers });
    const door = gate();
    const signals: AbortSignal[] = [];
    const loading = cache.getOrLoad('k', ({ signal }) => {
      signals.push(signal);
      return door.pass().then(() => 1);
    });
    await door.reached;
    await cache.close();
    expect(signals[0]?.aborted).toBe(true);
    expect(await cache.getOrLoad('k', () => 2)).toBe(2);
    door.open();
    expect(await loading).toBe(1);
    expect(cache.peek('k')).toBeUndefined();
    expect(await setUp({ tiers }).cache.get('k')).toBeUndefined();
  });

  test('may be called twice, and leaves no call of the clock behind', async () => {
    const clock = new FakeClock();
    const { cache } = setUp({ clock, tiers: [new MemorySharedTier({ clock })] });
    await cache.getOrLoad('k', () => 1);
    await cache.close();
    await cache.close();
    expect(clock.pending).toBe(0);
  });
});

describe('options', () => {
  const refused: [Record<string, unknown>, RegExp][] = [
    [{ name: '' }, /^name must be a non-empty string, got ""$/],
    [{ scope: '' }, /^scope must be a non-empty string/],
    [{ prefix: 5 }, /^prefix must be a non-empty string, got 5$/],
    [{ ttl: 0 }, /^ttl must be a number above 0, got 0$/],
    [{ ttl: '60' }, /^ttl must be a number above 0, got 60$/],
    [{ ttl: Number.NaN }, /^ttl .*got NaN$/],
    [{ processTtl: -5 }, /^processTtl must be a number above 0, got -5$/],
    [{ tierBudgetMs: -1 }, /^tierBudgetMs must be a number above 0, got -1$/],
    [{ maxBytes: 0 }, /^maxBytes must be .* at least 1, got 0$/],
    [{ maxBytes: 0.5 }, /^maxBytes must be .* at least 1, got 0.5$/],
    [{ maxBytes: Number.POSITIVE_INFINITY }, /^maxBytes must be a finite number .*got Infinity$/],
    [{ maxBytes: '1MB' }, /^maxBytes .*got 1MB$/],
  ];
  test.each(refused)('%o: refused with name, value and what is allowed', (options, message) => {
    const create = (): unknown => createCache({ name: 'n', ...options });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });

  test('of a call are refused too, before anything happens', async () => {
    const { cache } = setUp();
    let loads = 0;
    await expect(async () => cache.getOrLoad('k', () => ++loads, { ttl: 0 })).rejects.toThrow(/^ttl .*got 0$/);
    await expect(cache.set('k', 1, { ttl: Number.NaN })).rejects.toThrow(/^ttl .*got NaN$/);
    expect(loads).toBe(0);
    expect(cache.stats()).toMatchObject({ entries: 0, loading: 0 });
  });

  test('are read once and never written to', async () => {
    const tiers = [new MemorySharedTier()];
    const options = { name: 'n', ttl: 1000, tiers };
    const cache = createCache(options);
    Object.freeze(tiers);
    await cache.set('k', 1);
    expect(options).toEqual({ name: 'n', ttl: 1000, tiers });
    options.ttl = 1;
    await cache.set('l', 1);
    expect(cache.peek('l')).toBe(1);
  });

  test('the system clock is the default', async () => {
    const cache = createCache({ name: 'n' });
    await cache.set('k', 1);
    expect(cache.peek('k')).toBe(1);
  });
});
