import type * as crypto from 'node:crypto';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, test, vi } from 'vitest';
import type { CacheDiagnostics, CacheOptions, Histogram } from './index.ts';
import { bytesCodec, createCache, MemorySharedTier } from './index.ts';
import { Source, watched } from './source.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, turn, wrapTier } from './tier.fixture.ts';

const hashes = vi.hoisted(() => ({ count: 0 }));

// Counts, and hashes as ever.
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof crypto>();
  const hash = (...args: Parameters<typeof real.hash>) => (hashes.count++, real.hash(...args));
  return { ...real, hash };
});

const TTL = 1000;

function setUp<V = unknown>(more: Partial<CacheOptions<V>> = {}) {
  const clock = new FakeClock();
  const tier = new MemorySharedTier({ clock });
  const open = (mine: Partial<CacheOptions<V>> = {}) => {
    const recorder = new Recorder();
    const options = { name: 'n', clock, ttl: TTL, tiers: [tier], ...more, ...mine };
    return { cache: createCache<V>({ ...options, onEvent: recorder.onEvent }), recorder };
  };
  const costing = (ms: number, value: V) => () => new Promise<V>((resolve) => clock.after(ms, () => resolve(value)));
  return { clock, tier, open, costing, ...open() };
}

/** All that was told since the last call, one line an event, without hashes. */
function told(recorder: Recorder): string[] {
  return recorder.events.splice(0).map(({ type, ...rest }) => {
    const said = Object.entries(rest).filter(([name]) => name !== 'keyHash' && name !== 'error');
    return [type, ...said.map(([name, value]) => `${name}=${String(value)}`)].join(' ');
  });
}

describe('events', () => {
  test('of freshness tell their story in order', async () => {
    const { cache, clock, recorder, costing } = setUp({ grace: 10_000, negativeTtl: 100, backOffMs: 5000 });
    const cold = cache.getOrLoad('k', costing(40, 'old'));
    void cache.getOrLoad('k', () => 'never');
    await turn();
    await clock.advance(40);
    await cold;
    await cache.getOrLoad('k', () => 'never');
    await clock.advance(TTL);
    await cache.getOrLoad('k', () => Promise.reject(new Error('down')));
    await turn();
    await cache.getOrLoad('k', () => 'never');
    await cache.getOrLoad('none', () => undefined);
    await cache.getOrLoad('none', () => 'never');
    await cache.softInvalidate('k');
    const deadline = watched(cache.getOrLoad('k', costing(100, 'new'), { deadlineMs: 10 }));
    await turn();
    await clock.advance(10);
    await deadline.catch(() => {});
    await clock.advance(90);
    expect(told(recorder)).toMatchInlineSnapshot(`
      [
        "shared",
        "miss",
        "load outcome=stored durationMs=40 reason=miss",
        "hit tier=process ageMs=40",
        "stale-hit ageMs=1040 reason=revalidating",
        "back-off delayMs=5000",
        "load outcome=failed durationMs=0 reason=refresh",
        "stale-hit ageMs=1040 reason=back-off",
        "miss",
        "load outcome=stored durationMs=0 reason=miss",
        "hit tier=process ageMs=0 negative=true",
        "invalidation kind=keys pending=false soft=true",
        "miss",
        "load outcome=stored durationMs=100 reason=miss",
      ]
    `);
  });

  test('of leases and breakers tell theirs', async () => {
    const { clock, tier, open, costing } = setUp({ leaseMs: 500 });
    const holder = open().cache.getOrLoad('k', costing(60, 'v'));
    await turn();
    const { cache, recorder } = open();
    const waiting = cache.getOrLoad('k', () => 'never');
    await turn();
    await clock.advance(200);
    expect(await Promise.all([holder, waiting])).toEqual(['v', 'v']);
    expect(told(recorder)).toEqual([expect.stringMatching(/^lease-wait tier=host outcome=filled durationMs=\d+$/), expect.stringMatching(/^hit tier=host /)]); // prettier-ignore

    let down = true;
    const moody = wrapTier(tier, {
      read: (entries) => (down ? Promise.reject(new Error('down')) : tier.read(entries)),
    });
    const second = open({ tiers: [moody], leaseMs: 0 });
    for (let lookup = 0; lookup < 6; lookup++) await second.cache.get('x');
    down = false;
    await clock.advance(500);
    await second.cache.get('x');
    await turn();
    const story = told(second.recorder);
    expect(story.filter((line) => line.startsWith('breaker'))).toEqual([
      'breaker tier=host operation=read sizeClass=small state=open',
      'breaker tier=host operation=read sizeClass=small state=half-open',
      'breaker tier=host operation=read sizeClass=small state=closed',
    ]);
    expect(story.filter((line) => !line.startsWith('breaker')).slice(0, 2)).toEqual(['tier-error tier=host operation=read', 'miss']); // prettier-ignore
  });

  test('carry no text of a key, value or tag, and one hash for one key', async () => {
    const secret = 'asha.rao@example.com';
    const heard: unknown[] = [];
    const listen = (message: unknown): void => void heard.push(message);
    subscribe('warmline:cache', listen);
    try {
      const { cache, clock, recorder } = setUp({ grace: 5000, negativeTtl: 10, tagsOf: (key) => [`tag of ${key}`] });
      const options = { tags: [`more ${secret}`], deadlineMs: 5000, hardTimeoutMs: 100 };
      await cache.getOrLoad(secret, () => `hello ${secret}`, options);
      await clock.advance(TTL);
      const hung = watched(cache.getOrLoad(secret, () => new Promise<never>(() => {}), { ...options, softTimeoutMs: 200 })); // prettier-ignore
      await turn();
      await clock.advance(100);
      await hung;
      await cache.getOrLoad(secret, () => 'never', options);
      await cache.getOrLoadMany([secret], () => new Map([[secret, secret]]), options);
      await cache.set(secret, secret, options);
      await cache.invalidateTags(`more ${secret}`);
      await cache.softInvalidate(secret);
      await cache.delete(secret);
      await cache.get(secret);
      await cache.getOrLoad(secret, () => undefined);
      expect(new Set(recorder.events.map((event) => event.type)).size).toBeGreaterThanOrEqual(5);
      const names = recorder.events.flatMap((event) => ('keyHash' in event ? [event.keyHash] : []));
      expect(new Set(names).size).toBe(1);
      expect(names[0]).toMatch(/^[0-9a-f]{16}$/);
      expect(heard.length).toBeGreaterThanOrEqual(recorder.events.length);
      const spelled = JSON.stringify([recorder.events, heard], (_, value: unknown) =>
        value instanceof Error ? `${value.name} ${value.message} ${value.stack}` : value,
      );
      expect(spelled).toContain('stale-hit');
      expect(spelled).not.toContain('asha');
      expect(spelled).not.toContain('tag of');
    } finally {
      unsubscribe('warmline:cache', listen);
    }
  });
});

describe('the diagnostics channel', () => {
  test('has every event of every cache with its namespace, for who listens, from when it listens', async () => {
    const heard: CacheDiagnostics[] = [];
    const listen = (message: unknown): void => void heard.push(message as CacheDiagnostics);
    const { clock } = setUp();
    const one = createCache({ name: 'one', scope: 'acme', clock });
    const recorder = new Recorder();
    const two = createCache({ name: 'two', prefix: 'p', clock, onEvent: recorder.onEvent });
    await one.get('unheard');
    subscribe('warmline:cache', listen);
    try {
      await one.get('k');
      await two.getOrLoad('k', () => 1);
      const late = createCache({ name: 'late', clock });
      late.peek('k');
      await late.get('k');
    } finally {
      unsubscribe('warmline:cache', listen);
    }
    await one.get('unheard');
    await two.get('unheard');
    expect(heard.map(({ namespace, event }) => `${namespace} ${event.type}`)).toEqual([
      'warmline:acme:one miss',
      'p:default:two miss',
      'p:default:two load',
      'warmline:default:late miss',
    ]);
    expect(heard.slice(1, 3).map(({ event }) => event)).toEqual(recorder.events.slice(0, 2));
  });

  test('whose listener throws breaks no call', async () => {
    const { cache, recorder } = setUp();
    const listen = (): never => {
      throw new Error('listener');
    };
    const uncaught: unknown[] = [];
    const catchIt = (error: unknown): void => void uncaught.push(error);
    // diagnostics_channel reports a throwing listener as an uncaught exception of its own, outside the publisher.
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', catchIt);
    subscribe('warmline:cache', listen);
    try {
      expect(await cache.getOrLoad('k', () => 1)).toBe(1);
      expect(await cache.get('k')).toBe(1);
      await turn();
    } finally {
      unsubscribe('warmline:cache', listen);
      process.off('uncaughtException', catchIt);
      for (const listener of before) process.on('uncaughtException', listener);
    }
    expect(uncaught.length).toBeGreaterThan(0);
    expect(recorder.events.map((event) => event.type)).toEqual(['miss', 'load', 'hit']);
  });

  test('and no listener at all: no key is hashed to tell of it', async () => {
    expect(channel('warmline:cache').hasSubscribers).toBe(false);
    /** Hits, misses, stale hits and errors of a cache without tiers, in which only events need the hash of a key. */
    const hashesOf = async (more: Partial<CacheOptions<unknown>>): Promise<number> => {
      const clock = new FakeClock();
      const cache = createCache<unknown>({ name: 'n', clock, ttl: TTL, grace: 1e6, ...more });
      await cache.getOrLoad('k', () => 1);
      const before = hashes.count;
      await cache.getOrLoad('k', () => 2);
      await cache.get('k');
      cache.peek('k');
      await cache.getMany(['k', 'none']);
      await cache.get('none');
      await clock.advance(TTL);
      const hung = { load: () => new Promise<never>(() => {}) };
      await cache.getOrLoad('k', hung.load);
      const begun = hashes.count;
      await cache.getOrLoad('k', hung.load);
      await cache.getOrLoad('k', hung.load);
      // The refresh itself has a name to go by; those who are served meanwhile need none.
      return hashes.count - before - (more.onEvent === undefined ? begun - before : 0);
    };
    expect(await hashesOf({})).toBe(0);
    expect(await hashesOf({ onEvent: () => {} })).toBeGreaterThanOrEqual(8);
  });

  test('nor for hits and misses', async () => {
    const cache = createCache<unknown>({ name: 'n', clock: new FakeClock() });
    await cache.set('k', 1);
    const before = hashes.count;
    for (let hit = 0; hit < 10; hit++) {
      cache.peek('k');
      await cache.get('k');
      await cache.get('none');
      await cache.getOrLoad('k', () => 2);
      await cache.getMany(['k', 'none']);
    }
    expect(hashes.count).toBe(before);
  });
});

const filled = (histogram: Histogram): Record<number, number> =>
  Object.fromEntries([...histogram.counts.entries()].filter(([, count]) => count > 0));

/** "`counts[i]` are the values below `2 ** i` that no earlier count holds; the last has the rest." */
function bucketOf(value: number, { counts }: Histogram): number {
  const index = counts.findIndex((_, i) => value < 2 ** i);
  return index === -1 ? counts.length - 1 : index;
}

describe('histograms', () => {
  const durations = [0, 1, 2, 3, 4, 7, 8, 1000, 1023, 1024, 65_536];

  test('of load times put each value where it is documented to be', async () => {
    const { cache, clock, costing } = setUp({ ttl: 10 ** 9, tiers: [] });
    for (const [id, ms] of durations.entries()) {
      const loading = cache.getOrLoad(`${id}`, ms === 0 ? () => 1 : costing(ms, 1));
      await clock.advance(ms);
      await loading;
    }
    await cache.getOrLoad('bad', () => Promise.reject(new Error('not counted'))).catch(() => {});
    const { loadTimeMs, loadMs } = cache.stats();
    const sum = durations.reduce((total, ms) => total + ms, 0);
    expect(loadTimeMs).toMatchObject({ count: durations.length, sum, max: 65_536 });
    expect(loadMs).toBe(sum);
    const expected: Record<number, number> = {};
    for (const ms of durations) expected[bucketOf(ms, loadTimeMs)] = (expected[bucketOf(ms, loadTimeMs)] ?? 0) + 1;
    expect(filled(loadTimeMs)).toEqual(expected);
    expect(filled(loadTimeMs)).toEqual({ 0: 1, 1: 1, 2: 2, 3: 2, 4: 1, 10: 2, 11: 1, 17: 1 });
  });

  test('take fractions as they take whole numbers', async () => {
    const clock = new FakeClock();
    const cache = createCache<unknown>({ name: 'n', clock });
    const loading = cache.getOrLoad('k', () => new Promise((resolve) => clock.after(0.5, () => resolve(1))));
    await clock.advance(0.5);
    await loading;
    const { loadTimeMs } = cache.stats();
    expect(loadTimeMs).toMatchObject({ count: 1, sum: 0.5, max: 0.5 });
    expect(filled(loadTimeMs)).toEqual({ [bucketOf(0.5, loadTimeMs)]: 1 });
  });

  test('of value sizes and of hit ages', async () => {
    const { cache, clock, open } = setUp<Uint8Array>({ codec: bytesCodec });
    await cache.getOrLoad('small', () => new Uint8Array(5));
    await cache.getOrLoad('large', () => new Uint8Array(4096));
    await turn();
    expect(filled(cache.stats().valueBytes)).toEqual({ 3: 1, 13: 1 });
    expect(cache.stats().valueBytes).toMatchObject({ count: 2, sum: 4101, max: 4096 });
    await cache.get('small');
    await clock.advance(100);
    cache.peek('small');
    const { cache: other } = open();
    await other.get('small');
    expect(filled(cache.stats().hitAgeMs)).toEqual({ 0: 1, 7: 1 });
    expect(filled(other.stats().hitAgeMs)).toEqual({ 7: 1 });
    expect(other.stats().valueBytes.count).toBe(0);
  });

  test('of value sizes count what was loaded, not what was set', async () => {
    const { cache } = setUp();
    await cache.set('set', 'v');
    expect(cache.stats().valueBytes.count).toBe(0);
    await cache.getOrLoad('loaded', () => 'v');
    expect(cache.stats().valueBytes.count).toBe(1);
  });

  test('are snapshots', async () => {
    const { cache } = setUp();
    await cache.getOrLoad('k', () => 1);
    const before = cache.stats();
    await cache.getOrLoad('l', () => 1);
    expect(before.loadTimeMs.count).toBe(1);
    expect(before.loadTimeMs.counts[0]).toBe(1);
    expect(cache.stats().loadTimeMs.count).toBe(2);
  });
});

describe('statistics', () => {
  test('savedMs is the loader time that hits and stale hits have spared, in every process', async () => {
    const { cache, clock, open, costing } = setUp({ grace: 5000 });
    const loading = cache.getOrLoad('k', costing(80, 'v'));
    await turn();
    await clock.advance(80);
    await loading;
    expect(cache.stats().savedMs).toBe(0);
    await cache.get('k');
    cache.peek('k');
    expect(cache.stats().savedMs).toBe(160);
    const { cache: other } = open();
    await other.getMany(['k']);
    expect(other.stats().savedMs).toBe(80);
    await clock.advance(TTL);
    await other.getOrLoad('k', () => Promise.reject(new Error('down')));
    expect(other.stats().savedMs).toBe(160);
  });

  test('count hits by tier, stale hits by reason, and what was shared', async () => {
    const { cache, clock, open } = setUp({ grace: 5000 });
    const source = new Source<unknown>();
    const calls = [1, 2, 3].map(() => cache.getOrLoad('k', source.load));
    await turn();
    source.last.resolve('v');
    await Promise.all(calls);
    await turn();
    await cache.get('k');
    const { cache: other } = open();
    await other.get('k');
    await other.get('k');
    await clock.advance(TTL);
    await cache.getOrLoad('k', source.load);
    await turn();
    source.last.reject(new Error('down'));
    await turn();
    await cache.getOrLoad('k', source.load);
    expect(other.stats()).toMatchObject({ hits: { process: 1, host: 1 }, misses: 0, hitRate: 1 });
    expect(cache.stats()).toMatchObject({
      hits: { process: 1 },
      misses: 1,
      shared: 2,
      hitRate: 0.25,
      loads: 2,
      refreshes: 1,
      loadErrors: 1,
      staleHits: { revalidating: 1, 'back-off': 1 },
      backOffErrors: 0,
    });
  });

  test('count refused writes by reason', async () => {
    const { open } = setUp({ versionOf: (value) => (typeof value === 'number' ? value : 0), maxBytes: 100_000 });
    const { cache, recorder } = open();
    await cache.getOrLoad('older', () => 7);
    await cache.delete('older');
    expect(await cache.getOrLoad('older', () => 6)).toBe(6);
    await cache.getOrLoad('kept to itself', (context) => (context.doNotStore(), 1));
    await cache.getOrLoad('function', () => () => 1);
    await cache.getOrLoad('huge', () => 'x'.repeat(200_000));
    await cache.getOrLoad('deleted', async () => {
      await cache.delete('deleted');
      return 1;
    });
    const expected = { 'older-version': 1, 'do-not-store': 1, unencodable: 1, 'too-large': 1, invalidated: 1 };
    expect(cache.stats().refusedWrites).toEqual(expected);
    expect(recorder.of('refused-write').map((event) => event.reason)).toEqual(Object.keys(expected));
    for (const key of ['older', 'kept to itself', 'function', 'deleted']) expect(cache.peek(key)).toBeUndefined();
  });
});
