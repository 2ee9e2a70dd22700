import { describe, expect, test } from 'vitest';
import type { CacheOptions, SharedTier } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { Source, stateOf } from './source.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, timeToSettle, turn, wrapTier } from './tier.fixture.ts';

const TTL = 1000;
const GRACE = 10_000;
const never = (): Promise<never> => new Promise(() => {});
const fail = (): never => {
  throw new Error('source down');
};

/** A machine: one clock, one shared tier, and caches over it that behave like processes. */
function machine() {
  const clock = new FakeClock();
  const tier = new MemorySharedTier({ clock });
  const open = (more: Partial<CacheOptions<string>> = {}) => {
    const recorder = new Recorder();
    const onEvent = recorder.onEvent;
    const cache = createCache<string>({ name: 'n', clock, ttl: TTL, grace: GRACE, backOffMs: 0, onEvent, ...more });
    return { cache, recorder, source: new Source() };
  };
  return { clock, tier, open };
}

/** A cache, alone or over a shared tier, in which `k` is stale; the copy in this process may be missing. */
async function withStale(where: 'process' | 'process and host' | 'host', more: Partial<CacheOptions<string>> = {}) {
  const { clock, tier, open } = machine();
  const tiers = where === 'process' ? [] : [tier];
  const first = open({ tiers, ...more });
  await first.cache.getOrLoad('k', () => 'old');
  await turn();
  await clock.advance(TTL);
  const used = where === 'host' ? open({ tiers, ...more }) : first;
  used.recorder.events.length = 0;
  return { clock, tier, open: (m: Partial<CacheOptions<string>> = {}) => open({ tiers, ...more, ...m }), ...used };
}

describe.each(['process', 'process and host', 'host'] as const)('a value past its ttl, in %s', (where) => {
  test('is served at once, and refreshed by one load in the background', async () => {
    const { clock, cache, source, recorder, open } = await withStale(where);
    const asked = Array.from({ length: 100 }, () => cache.getOrLoad('k', source.load));
    expect(await timeToSettle(clock, Promise.all(asked), 0)).toBe(0);
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['old']));
    expect(source.runs).toHaveLength(1);
    expect(source.last.context).toMatchObject({ key: 'k', reason: 'refresh', stale: 'old' });
    expect(recorder.of('stale-hit')).toHaveLength(100);
    for (const event of recorder.of('stale-hit')) expect(event).toMatchObject({ ageMs: TTL, reason: 'revalidating' });
    expect(cache.stats()).toMatchObject({ staleHits: { revalidating: 100 }, refreshes: 1, loading: 1 });

    source.last.resolve('new');
    await turn();
    expect(cache.peek('k')).toBe('new');
    expect(await cache.getOrLoad('k', source.load)).toBe('new');
    const reader = where === 'process' ? cache : open().cache;
    expect(await reader.get('k')).toBe('new');
    expect(source.runs).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ refreshes: 1, loading: 0 });
  });

  test('is waited for no longer than softTimeoutMs; the load goes on and refreshes', async () => {
    const { clock, cache, source, recorder } = await withStale(where, { softTimeoutMs: 50 });
    const first = cache.getOrLoad('k', source.load);
    await turn();
    await clock.advance(49);
    expect(await stateOf(first)).toBe('pending');
    await clock.advance(1);
    expect(await stateOf(first)).toEqual({ value: 'old' });
    expect(recorder.of('stale-hit')).toMatchObject([{ ageMs: TTL + 50, reason: 'revalidating' }]);
    expect(source.last.context.signal.aborted).toBe(false);
    source.last.resolve('new');
    await turn();
    expect(cache.peek('k')).toBe('new');
    expect(source.runs).toHaveLength(1);
  });

  test('is not served to who waits softTimeoutMs when the load is quicker', async () => {
    const { clock, cache, source, recorder } = await withStale(where, { softTimeoutMs: 50 });
    const first = cache.getOrLoad('k', source.load);
    await turn();
    await clock.advance(30);
    const second = cache.getOrLoad('k', source.load);
    await clock.advance(10);
    source.last.resolve('new');
    expect(await Promise.all([first, second])).toEqual(['new', 'new']);
    expect(source.runs).toHaveLength(1);
    expect(recorder.of('stale-hit')).toEqual([]);
    await clock.advance(100);
    expect(recorder.of('stale-hit')).toEqual([]);
  });

  test('is what a caller gets who joins when the soft timeout is over, without a wait of its own', async () => {
    const { clock, cache, source } = await withStale(where, { softTimeoutMs: 50 });
    const first = cache.getOrLoad('k', source.load);
    await turn();
    await clock.advance(40);
    const late = cache.getOrLoad('k', source.load);
    await clock.advance(10);
    expect(await stateOf(first)).toEqual({ value: 'old' });
    // "How long the loader may run": it has run 50 ms for this one too.
    expect(await stateOf(late)).toEqual({ value: 'old' });
    const last = cache.getOrLoad('k', source.load);
    expect(await timeToSettle(clock, last, 0)).toBe(0);
    expect(await last).toBe('old');
    expect(source.runs).toHaveLength(1);
  });

  test('with softTimeoutMs Infinity is served only when the loader fails', async () => {
    const { clock, cache, source, recorder } = await withStale(where, { softTimeoutMs: Infinity });
    const asked = [cache.getOrLoad('k', source.load), cache.getOrLoad('k', source.load)];
    await turn();
    await clock.advance(5000);
    for (const call of asked) expect(await stateOf(call)).toBe('pending');
    expect(source.last.context.stale).toBe('old');
    source.last.reject(new Error('source down'));
    expect(await Promise.all(asked)).toEqual(['old', 'old']);
    expect(recorder.of('stale-hit')).toMatchObject([{ reason: 'error' }, { reason: 'error' }]);
    expect(cache.stats()).toMatchObject({ staleHits: { error: 2 }, loadErrors: 1 });
    const again = cache.getOrLoad('k', source.load);
    await turn();
    source.last.resolve('new');
    expect(await again).toBe('new');
  });

  test('is never found by get, getMany, peek and warm', async () => {
    const { clock, cache, source, recorder } = await withStale(where);
    const finds = async () => [
      cache.peek('k'),
      await cache.get('k'),
      await cache.getMany(['k']),
      await cache.warm(['k']),
      cache.peek('k'),
    ];
    expect(await finds()).toEqual([undefined, undefined, new Map(), 0, undefined]);
    expect(await cache.getOrLoad('k', source.load)).toBe('old'); // It was there, and a load is running now.
    expect(await finds()).toEqual([undefined, undefined, new Map(), 0, undefined]);
    source.last.resolve('new');
    await turn();
    expect(await finds()).toEqual(['new', 'new', new Map([['k', 'new']]), 1, 'new']);
    expect(recorder.of('stale-hit')).toHaveLength(1);
    await clock.advance(0);
  });

  test('and past its grace is never served, whatever is running', async () => {
    const { clock, cache, source } = await withStale(where);
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    await clock.advance(GRACE - 1);
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    await clock.advance(1);
    const tooLate = cache.getOrLoad('k', source.load);
    expect(await stateOf(tooLate)).toBe('pending');
    expect(source.runs).toHaveLength(1);
    source.last.resolve('new');
    expect(await tooLate).toBe('new');
  });

  test('and past its grace is not served for an error either', async () => {
    const { clock, cache, source } = await withStale(where, { softTimeoutMs: Infinity });
    expect(await cache.getOrLoad('k', fail)).toBe('old');
    const during = cache.getOrLoad('k', source.load);
    await turn();
    await clock.advance(GRACE);
    source.last.reject(new Error('source down'));
    await expect(during).rejects.toThrow('source down');
    await expect(cache.getOrLoad('k', fail)).rejects.toThrow('source down');
  });

  test('whose grace ends while a caller waits softTimeoutMs is not served', async () => {
    const { clock, cache, source } = await withStale(where, { softTimeoutMs: 50 });
    await clock.advance(GRACE - 20);
    const call = cache.getOrLoad('k', source.load);
    await turn();
    await clock.advance(60);
    expect(await stateOf(call)).toBe('pending');
    source.last.resolve('new');
    expect(await call).toBe('new');
  });

  test.each(['delete', 'clear'] as const)('is void with %s', async (action) => {
    const { cache } = await withStale(where);
    await cache[action]('k');
    await expect(cache.getOrLoad('k', fail)).rejects.toThrow('source down');
  });

  test('gives way to set', async () => {
    const { cache } = await withStale(where);
    await cache.set('k', 'set');
    expect(await cache.getOrLoad('k', fail)).toBe('set');
  });
});

test('without grace nothing is stale', async () => {
  const { clock, tier, open } = machine();
  const { cache } = open({ grace: 0, tiers: [tier] });
  await cache.getOrLoad('k', () => 'old');
  await clock.advance(TTL - 1);
  expect(await cache.getOrLoad('k', fail)).toBe('old');
  await clock.advance(1);
  await expect(cache.getOrLoad('k', fail)).rejects.toThrow('source down');
});

test('softTimeoutMs and grace may be those of one call, ttl and grace those of one set', async () => {
  const { clock, open } = machine();
  const { cache, source } = open({ grace: 0, softTimeoutMs: Infinity });
  await cache.getOrLoad('loaded', () => 'old', { grace: 500 });
  await cache.set('set', 'old', { ttl: 2000, grace: 500 });
  await clock.advance(TTL);
  const waiting = cache.getOrLoad('loaded', source.load);
  expect(await stateOf(waiting)).toBe('pending');
  expect(await cache.getOrLoad('loaded', source.load, { softTimeoutMs: 0 })).toBe('old');
  source.last.reject(new Error('source down'));
  expect(await waiting).toBe('old');
  await clock.advance(TTL);
  await expect(cache.getOrLoad('loaded', fail)).rejects.toThrow('source down');
  expect(await cache.getOrLoad('set', fail)).toBe('old');
  await clock.advance(500);
  await expect(cache.getOrLoad('set', fail)).rejects.toThrow('source down');
});

describe('a refresh reads the tiers below before it asks the source', () => {
  test('and takes what another process has loaded meanwhile', async () => {
    const { open, source, cache, recorder } = await withStale('process and host');
    const other = open();
    const refreshed = other.cache.getOrLoad('k', () => 'of the other', { softTimeoutMs: Infinity });
    expect(await refreshed).toBe('of the other');
    await turn();
    const value = await cache.getOrLoad('k', source.load);
    expect(['old', 'of the other']).toContain(value);
    await turn();
    expect(source.runs).toHaveLength(0);
    expect(cache.peek('k')).toBe('of the other');
    expect(recorder.of('load')).toEqual([]);
    expect(cache.stats()).toMatchObject({ loads: 1, refreshes: 0 });
  });

  test('so that 100 processes refresh once', async () => {
    const { clock, tier, open } = machine();
    const all = Array.from({ length: 100 }, () => open({ tiers: [tier] }).cache);
    for (const cache of all) await cache.getOrLoad('k', () => 'old');
    await clock.advance(TTL);
    let loads = 0;
    for (const cache of all) {
      await cache.getOrLoad('k', () => `new ${++loads}`);
      await turn();
    }
    expect(loads).toBe(1);
    for (const cache of all) expect(cache.peek('k')).toBe('new 1');
  });

  test('and a tier that hangs holds nobody up who is served a stale value', async () => {
    const { clock, tier, open } = machine();
    let hangs = false;
    const moody = wrapTier(tier, {
      read: (entries) => (hangs ? never() : tier.read(entries)),
      begin: (...args) => (hangs ? never() : tier.begin(...args)),
    });
    const { cache, source } = open({ tiers: [moody] });
    await cache.getOrLoad('k', () => 'old');
    await clock.advance(TTL);
    hangs = true;
    const call = cache.getOrLoad('k', source.load);
    expect(await timeToSettle(clock, call, 15)).toBeLessThanOrEqual(15);
    expect(await call).toBe('old');
    await clock.advance(15);
    source.last.resolve('new');
    await turn();
    expect(cache.peek('k')).toBe('new');
  });
});

describe('a copy that processTtl has ended', () => {
  const lost = (tier: SharedTier): SharedTier =>
    wrapTier(tier, { read: () => Promise.reject(new Error('down')), begin: () => Promise.reject(new Error('down')) });

  async function ended() {
    const { clock, tier, open } = machine();
    let down = false;
    const moody = wrapTier(tier, {
      read: (entries) => (down ? lost(tier) : tier).read(entries),
      begin: (...args) => (down ? lost(tier) : tier).begin(...args),
    });
    const made = open({ tiers: [moody], processTtl: 100 });
    await made.cache.getOrLoad('k', () => 'old');
    await turn();
    await clock.advance(100);
    return { ...made, clock, fall: () => (down = true) };
  }

  test('is found fresh in the tier below', async () => {
    const { cache, source } = await ended();
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    expect(source.runs).toHaveLength(0);
  });

  test('is not served while a load is running: the tier might know better', async () => {
    const { clock, cache, source, fall, recorder } = await ended();
    fall();
    const call = cache.getOrLoad('k', source.load);
    await turn();
    await clock.advance(500);
    expect(await stateOf(call)).toBe('pending');
    source.last.resolve('new');
    expect(await call).toBe('new');
    expect(recorder.of('stale-hit')).toEqual([]);
  });

  test('is the last good value when the loader fails', async () => {
    const { cache, fall, recorder } = await ended();
    fall();
    expect(await cache.getOrLoad('k', fail)).toBe('old');
    expect(recorder.of('stale-hit')).toMatchObject([{ reason: 'error' }]);
  });

  test('is not that once it was deleted', async () => {
    const { cache, fall } = await ended();
    await cache.delete('k');
    fall();
    await expect(cache.getOrLoad('k', fail)).rejects.toThrow('source down');
  });
});

test('a stale value that is too large to be kept here is served all the same, to late callers as well', async () => {
  const { clock, tier, open } = machine();
  await open({ tiers: [tier] }).cache.getOrLoad('k', () => 'old');
  await clock.advance(TTL);
  const { cache, source } = open({ tiers: [tier], maxBytes: 1, softTimeoutMs: 50 });
  const first = cache.getOrLoad('k', source.load);
  await turn();
  await clock.advance(50);
  expect(await stateOf(first)).toEqual({ value: 'old' });
  const late = cache.getOrLoad('k', source.load);
  expect(await stateOf(late)).toEqual({ value: 'old' });
  source.last.reject(new Error('source down'));
  expect(await late).toBe('old');
});

test('a value stale in the near tier gives way to a fresh one in a farther tier', async () => {
  const { clock, tier, open } = machine();
  const cluster = new MemorySharedTier({ name: 'cluster', clock });
  await open({ tiers: [tier] }).cache.getOrLoad('k', () => 'old');
  await clock.advance(TTL);
  await open({ tiers: [cluster] }).cache.getOrLoad('k', () => 'fresh');
  const { cache, source } = open({ tiers: [tier, cluster], softTimeoutMs: Infinity });
  expect(await cache.getOrLoad('k', source.load)).toBe('fresh');
  expect(source.runs).toHaveLength(0);
  expect(await open({ tiers: [tier, cluster] }).cache.get('k')).toBe('fresh');
});

test('of two stale values the younger one is served', async () => {
  const { clock, tier, open } = machine();
  const cluster = new MemorySharedTier({ name: 'cluster', clock });
  await open({ tiers: [tier] }).cache.getOrLoad('k', () => 'older');
  await clock.advance(500);
  await open({ tiers: [cluster] }).cache.getOrLoad('k', () => 'younger');
  await clock.advance(TTL);
  for (const tiers of [[tier, cluster], [cluster, tier]]) expect(await open({ tiers }).cache.getOrLoad('k', fail)).toBe('younger'); // prettier-ignore
});

test('close stops a refresh, and what it brings is stored nowhere', async () => {
  const { cache, source, open } = await withStale('process and host');
  expect(await cache.getOrLoad('k', source.load)).toBe('old');
  const closing = cache.close();
  await turn();
  expect(source.last.context.signal.aborted).toBe(true);
  source.last.resolve('new');
  await closing;
  expect(await open().cache.get('k')).toBeUndefined();
});
