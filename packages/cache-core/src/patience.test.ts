import { describe, expect, test } from 'vitest';
import type { CacheOptions } from './index.ts';
import { CacheError, createCache, MemorySharedTier } from './index.ts';
import { Source, stateOf, watched } from './source.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, timeToSettle, turn, wrapTier } from './tier.fixture.ts';

const TTL = 100_000;
const never = (): Promise<never> => new Promise(() => {});

function setUp(more: Partial<CacheOptions<string>> = {}, clock = new FakeClock()) {
  const recorder = new Recorder();
  const tier = new MemorySharedTier({ clock });
  const options = { name: 'n', clock, ttl: TTL, tiers: [tier], onEvent: recorder.onEvent, ...more };
  const cache = createCache<string>(options);
  const sibling = () => createCache<string>({ ...options, onEvent: () => {} });
  return { cache, sibling, clock, tier, recorder, source: new Source() };
}

/** As `setUp`, with a value that is stale in every tier. */
async function withStale(more: Partial<CacheOptions<string>> = {}, clock = new FakeClock()) {
  const made = setUp({ grace: 50_000, softTimeoutMs: Infinity, backOffMs: 0, ...more }, clock);
  await made.cache.getOrLoad('k', () => 'old');
  await made.clock.advance(TTL);
  return made;
}

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error('gone')) };
}

const timeout = { error: expect.objectContaining({ name: 'CacheError', code: 'ERR_CACHE_LOAD_TIMEOUT' }) as unknown };
const deadline = { error: expect.objectContaining({ name: 'CacheError', code: 'ERR_CACHE_DEADLINE' }) as unknown };

describe('hardTimeoutMs', () => {
  test('ends the wait of all callers with a CacheError that names nothing', async () => {
    const { cache, clock, source } = setUp({ hardTimeoutMs: 200 });
    const asked = ['secret key', 'secret key', 'secret key'].map((key) => watched(cache.getOrLoad(key, source.load)));
    await turn();
    await clock.advance(199);
    for (const call of asked) expect(await stateOf(call)).toBe('pending');
    await clock.advance(1);
    for (const call of asked) expect(await stateOf(call)).toEqual(timeout);
    const error = await asked[0]!.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CacheError);
    expect(String(error)).not.toContain('secret');
    expect(source.runs).toHaveLength(1);
  });

  test('serves the stale value if there is one', async () => {
    const { cache, clock, source, recorder } = await withStale({ hardTimeoutMs: 200 });
    const asked = [cache.getOrLoad('k', source.load), cache.getOrLoad('k', source.load)];
    await turn();
    await clock.advance(199);
    for (const call of asked) expect(await stateOf(call)).toBe('pending');
    await clock.advance(1);
    for (const call of asked) expect(await stateOf(call)).toEqual({ value: 'old' });
    expect(recorder.of('stale-hit').map((event) => event.reason)).toEqual(['error', 'error']);
  });

  test('does not abort the loader, whose late value is stored', async () => {
    const { cache, sibling, clock, source } = setUp({ hardTimeoutMs: 200 });
    const call = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(200);
    expect(await stateOf(call)).toEqual(timeout);
    expect(source.last.context.signal.aborted).toBe(false);
    expect(source.last.context.isCurrent()).toBe(true);
    source.last.resolve('late');
    await turn();
    expect(cache.peek('k')).toBe('late');
    expect(await sibling().get('k')).toBe('late');
  });

  test('lets the next caller start anew; the late value of the first does not replace that of the second', async () => {
    const { cache, sibling, clock, source, recorder } = setUp({ hardTimeoutMs: 200 });
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(200);
    expect(await stateOf(first)).toEqual(timeout);
    const second = watched(cache.getOrLoad('k', source.load));
    await turn();
    expect(source.runs).toHaveLength(2);
    source.runs[1]!.resolve('second');
    expect(await second).toBe('second');
    source.runs[0]!.resolve('first');
    await turn();
    expect(cache.peek('k')).toBe('second');
    expect(await sibling().get('k')).toBe('second');
    expect(recorder.of('refused-write').map((event) => event.reason)).toEqual(['superseded']);
    expect(cache.stats().refusedWrites).toEqual({ superseded: 1 });
  });

  test('a late value is stored while a later load is still running, which takes its place; its callers get their own', async () => {
    const { cache, sibling, clock, source } = setUp({ hardTimeoutMs: 200 });
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(200);
    expect(await stateOf(first)).toEqual(timeout);
    const second = watched(cache.getOrLoad('k', source.load));
    await turn();
    source.runs[0]!.resolve('first');
    await turn();
    expect(await stateOf(second)).toBe('pending');
    expect(cache.peek('k')).toBe('first');
    expect(await cache.getOrLoad('k', source.load)).toBe('first');
    source.runs[1]!.resolve('second');
    expect(await second).toBe('second');
    await turn();
    expect(cache.peek('k')).toBe('second');
    expect(await sibling().get('k')).toBe('second');
    expect(source.runs).toHaveLength(2);
  });

  test('a late failure harms nobody and is no unhandled rejection', async () => {
    const { cache, clock, source } = setUp({ hardTimeoutMs: 200 });
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(200);
    expect(await stateOf(first)).toEqual(timeout);
    const second = watched(cache.getOrLoad('k', source.load));
    await turn();
    source.runs[0]!.reject(new Error('late'));
    await turn();
    expect(await stateOf(second)).toBe('pending');
    source.runs[1]!.resolve('second');
    expect(await second).toBe('second');
  });

  test('counts as a failure: the key backs off', async () => {
    const { cache, clock, source, recorder } = setUp({ hardTimeoutMs: 200, backOffMs: 1000 });
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(200);
    expect(await stateOf(first)).toEqual(timeout);
    expect(recorder.of('back-off')).toMatchObject([{ delayMs: 1000 }]);
    await expect(cache.getOrLoad('k', source.load)).rejects.toHaveProperty('code', 'ERR_CACHE_LOAD_TIMEOUT');
    expect(source.runs).toHaveLength(1);
    await clock.advance(1000);
    void cache.getOrLoad('k', source.load);
    await turn();
    expect(source.runs).toHaveLength(2);
  });

  test('is over long before it matters when the loader answers: nothing is left behind', async () => {
    const { cache, clock } = setUp({ hardTimeoutMs: 200 });
    expect(await cache.getOrLoad('k', () => 'quick', { softTimeoutMs: 10, deadlineMs: 20 })).toBe('quick');
    await expect(cache.getOrLoad('bad', () => Promise.reject(new Error('quick')))).rejects.toThrow('quick');
    await turn();
    expect(clock.pending).toBe(0);
  });

  test('may be that of one call, and is then the one of the load that it starts', async () => {
    const { cache, clock, source } = setUp();
    const first = watched(cache.getOrLoad('k', source.load, { hardTimeoutMs: 50 }));
    const joiner = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(50);
    expect(await stateOf(first)).toEqual(timeout);
    expect(await stateOf(joiner)).toEqual(timeout);
  });
});

describe('without hardTimeoutMs', () => {
  test('a hung loader blocks its key for 60 s and no longer; who waits for it goes on waiting', async () => {
    const { cache, sibling, clock, source } = setUp();
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(59_999);
    const joiner = watched(cache.getOrLoad('k', source.load));
    await turn();
    expect(source.runs).toHaveLength(1);
    await clock.advance(1);
    const second = watched(cache.getOrLoad('k', source.load));
    await turn();
    expect(source.runs).toHaveLength(2);
    for (const call of [first, joiner, second]) expect(await stateOf(call)).toBe('pending');
    source.runs[1]!.resolve('second');
    expect(await second).toBe('second');
    source.runs[0]!.resolve('first');
    expect(await first).toBe('first');
    expect(await joiner).toBe('first');
    await turn();
    expect(cache.peek('k')).toBe('second');
    expect(await sibling().get('k')).toBe('second');
  });

  test('a slow load that nobody has overtaken is stored, after 60 s as well', async () => {
    const { cache, sibling, clock, source } = setUp();
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(61_000);
    source.last.resolve('slow');
    expect(await first).toBe('slow');
    await turn();
    expect(cache.peek('k')).toBe('slow');
    expect(await sibling().get('k')).toBe('slow');
  });
});

describe('deadlineMs', () => {
  test('ends one caller’s wait for the loader; the load goes on for those who come after', async () => {
    const { cache, clock, source } = setUp();
    const hurried = watched(cache.getOrLoad('k', source.load, { deadlineMs: 30 }));
    const patient = cache.getOrLoad('k', source.load);
    const joiner = watched(cache.getOrLoad('k', source.load, { deadlineMs: 50 }));
    await turn();
    await clock.advance(29);
    expect(await stateOf(hurried)).toBe('pending');
    await clock.advance(1);
    expect(await stateOf(hurried)).toEqual(deadline);
    await clock.advance(19);
    expect(await stateOf(joiner)).toBe('pending');
    await clock.advance(1);
    expect(await stateOf(joiner)).toEqual(deadline);
    expect(source.last.context.signal.aborted).toBe(false);
    source.last.resolve('v');
    expect(await patient).toBe('v');
    expect(source.runs).toHaveLength(1);
  });

  test('does not end the load when nobody waits any more', async () => {
    const { cache, clock, source, recorder } = setUp({ backOffMs: 1000 });
    const hurried = watched(cache.getOrLoad('k', source.load, { deadlineMs: 30 }));
    await turn();
    await clock.advance(30);
    expect(await stateOf(hurried)).toEqual(deadline);
    expect(source.last.context.signal.aborted).toBe(false);
    const joiner = watched(cache.getOrLoad('k', source.load));
    source.last.resolve('v');
    expect(await joiner).toBe('v');
    await turn();
    expect(cache.peek('k')).toBe('v');
    expect(recorder.of('back-off')).toEqual([]);
  });

  test('ends the call: its signal, when it fires later, stops no load', async () => {
    const { cache, clock, source } = setUp();
    const { signal, abort } = abortable();
    const hurried = watched(cache.getOrLoad('k', source.load, { deadlineMs: 30, signal }));
    await turn();
    await clock.advance(30);
    expect(await stateOf(hurried)).toEqual(deadline);
    abort();
    expect(source.last.context.signal.aborted).toBe(false);
    source.last.resolve('v');
    await turn();
    expect(cache.peek('k')).toBe('v');
  });

  test('leaves the signal its meaning until it is over', async () => {
    const { cache, source } = setUp();
    const { signal, abort } = abortable();
    const hurried = watched(cache.getOrLoad('k', source.load, { deadlineMs: 30, signal }));
    await turn();
    abort();
    await expect(hurried).rejects.toThrow('gone');
    expect(source.last.context.signal.aborted).toBe(true);
  });

  test('serves the best stale value', async () => {
    const { cache, clock, source, recorder } = await withStale();
    const call = watched(cache.getOrLoad('k', source.load, { deadlineMs: 30 }));
    await turn();
    await clock.advance(29);
    expect(await stateOf(call)).toBe('pending');
    await clock.advance(1);
    expect(await stateOf(call)).toEqual({ value: 'old' });
    expect(recorder.of('stale-hit')).toMatchObject([{ reason: 'deadline' }]);
    expect(cache.stats().staleHits).toEqual({ deadline: 1 });
    source.last.resolve('new');
    await turn();
    expect(cache.peek('k')).toBe('new');
  });

  test('is the end of the call for the statistics, too: what the load brings later is not served to it', async () => {
    const { cache, clock, source, recorder } = await withStale();
    const call = watched(cache.getOrLoad('k', source.load, { deadlineMs: 30 }));
    await turn();
    await clock.advance(30);
    expect(await stateOf(call)).toEqual({ value: 'old' });
    source.last.reject(new Error('source down'));
    await turn();
    expect(recorder.of('stale-hit').map((event) => event.reason)).toEqual(['deadline']);
    expect(cache.stats().staleHits).toEqual({ deadline: 1 });
  });

  test.each(['read', 'begin'] as const)('bounds the wait for tiers: %s hangs', async (operation) => {
    const { tier, clock, source } = setUp();
    const hung = wrapTier(tier, { [operation]: never });
    const { cache } = setUp({ tiers: [hung], tierBudgetMs: 100 }, clock);
    const call = watched(cache.getOrLoad('k', source.load, { deadlineMs: 30 }));
    await turn();
    await clock.advance(29);
    expect(await stateOf(call)).toBe('pending');
    await clock.advance(1);
    expect(await stateOf(call)).toEqual(deadline);
    await clock.advance(70);
    expect(source.runs).toHaveLength(1);
    source.last.resolve('v');
    await turn();
    expect(cache.peek('k')).toBe('v');
  });

  test('bounds the wait for tiers with a stale value in this process', async () => {
    const clock = new FakeClock();
    const tier = new MemorySharedTier({ clock });
    let hangs = false;
    const moody = wrapTier(tier, {
      read: (entries) => (hangs ? never() : tier.read(entries)),
      begin: (...args) => (hangs ? never() : tier.begin(...args)),
    });
    const { cache, source } = await withStale({ tiers: [moody], tierBudgetMs: 100, softTimeoutMs: 1000 }, clock);
    hangs = true;
    const call = watched(cache.getOrLoad('k', source.load, { deadlineMs: 30 }));
    await turn();
    await clock.advance(30);
    expect(await stateOf(call)).toEqual({ value: 'old' });
  });

  test('bounds the wait for another process’s lease', async () => {
    const { cache, sibling, clock, source } = setUp({ leaseMs: 1000 });
    const holder = sibling().getOrLoad('k', source.load);
    await turn();
    const call = watched(cache.getOrLoad('k', source.load, { deadlineMs: 30 }));
    await turn();
    await clock.advance(29);
    expect(await stateOf(call)).toBe('pending');
    expect(source.runs).toHaveLength(1);
    await clock.advance(1);
    expect(await stateOf(call)).toEqual(deadline);
    source.last.resolve('v');
    expect(await holder).toBe('v');
  });

  test('0 serves what is there, at once, and starts the load', async () => {
    const { cache, source, clock } = await withStale();
    const calls = ['k', 'cold'].map((key) => watched(cache.getOrLoad(key, source.load, { deadlineMs: 0 })));
    await clock.advance(0);
    expect(await Promise.all(calls.map(stateOf))).toEqual([{ value: 'old' }, deadline]);
    expect(source.runs.map((run) => run.context.key)).toEqual(['k', 'cold']);
    for (const run of source.runs) run.resolve('new');
    await turn();
    expect(await cache.getOrLoad('cold', source.load, { deadlineMs: 0 })).toBe('new');
  });

  test('an error of the loader comes before it, untouched; a fresh value needs none', async () => {
    const { cache } = setUp();
    const error = new Error('mine');
    await expect(cache.getOrLoad('k', () => Promise.reject(error), { deadlineMs: 30 })).rejects.toBe(error);
    expect(await cache.getOrLoad('k', () => 'v', { deadlineMs: 30 })).toBe('v');
  });

  test('a joiner whose soft timeout the load has passed gets the stale value before its deadline', async () => {
    const { cache, clock, source } = await withStale({ softTimeoutMs: 20 });
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(20);
    expect(await stateOf(first)).toEqual({ value: 'old' });
    expect(await timeToSettle(clock, cache.getOrLoad('k', source.load, { deadlineMs: 500 }), 0)).toBe(0);
  });
});
