import { describe, expect, test } from 'vitest';
import type { CacheOptions } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { Source, stateOf, watched } from './source.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, turn } from './tier.fixture.ts';

const TTL = 1000;

interface Config {
  readonly etag: string;
}

/** A cache over a shared tier in which `k` is stale, here and there. */
async function withStale(more: Partial<CacheOptions<Config>> = {}) {
  const clock = new FakeClock();
  const recorder = new Recorder();
  const tiers = [new MemorySharedTier({ clock })];
  const options = { name: 'n', clock, tiers, ttl: TTL, grace: 10_000, backOffMs: 0, ...more };
  const open = () => createCache<Config>(options);
  const cache = createCache<Config>({ ...options, onEvent: recorder.onEvent });
  await cache.getOrLoad('k', () => ({ etag: 'a' }));
  await turn();
  await clock.advance(TTL);
  recorder.events.length = 0;
  return { clock, cache, open, recorder, source: new Source<Config>() };
}

describe('a loader that returns what it was given as stale', () => {
  test.each([0, Infinity])('has loaded it anew, in every tier: softTimeoutMs %d', async (softTimeoutMs) => {
    const { clock, cache, open, recorder } = await withStale({ softTimeoutMs });
    const given: unknown[] = [];
    const conditional = (context: { stale: Config | undefined }): Config | undefined => {
      given.push(context.stale);
      return context.stale;
    };
    expect(await cache.getOrLoad('k', conditional)).toEqual({ etag: 'a' });
    await turn();
    expect(given).toEqual([{ etag: 'a' }]);
    expect(recorder.of('load')).toMatchObject([{ outcome: 'stored' }]);
    await clock.advance(TTL - 1);
    expect(cache.peek('k')).toEqual({ etag: 'a' });
    expect(await open().get('k')).toEqual({ etag: 'a' });
    await clock.advance(1);
    expect(cache.peek('k')).toBeUndefined();
    expect(await open().get('k')).toBeUndefined();
  });

  test('is given the very value that callers have, so that both are one object', async () => {
    const { cache, source } = await withStale();
    const served = await cache.getOrLoad('k', source.load);
    await turn();
    expect(source.last.context.stale).toBe(served);
    expect(Object.isFrozen(source.last.context.stale)).toBe(true);
  });

  test('is given the stale value of a shared tier, too', async () => {
    const { open, source } = await withStale({ softTimeoutMs: Infinity });
    const other = open();
    const call = other.getOrLoad('k', source.load);
    await turn();
    expect(source.last.context.stale).toEqual({ etag: 'a' });
    source.last.resolve(source.last.context.stale);
    expect(await call).toEqual({ etag: 'a' });
  });

  test('is given none after delete, nor when the value has passed its grace', async () => {
    const deleted = await withStale({ softTimeoutMs: Infinity });
    await deleted.cache.delete('k');
    const aged = await withStale({ softTimeoutMs: Infinity });
    await aged.clock.advance(10_000);
    for (const { cache, source } of [deleted, aged]) {
      void cache.getOrLoad('k', source.load);
      await turn();
      expect(source.last.context).toMatchObject({ reason: 'miss', stale: undefined });
    }
  });
});

describe('the reason', () => {
  test('is a refresh where a stale value is being served, and a miss on a cold key', async () => {
    const { cache, recorder, source } = await withStale();
    await cache.getOrLoad('k', source.load);
    await turn();
    const cold = cache.getOrLoad('cold', source.load);
    await turn();
    expect(source.runs.map((run) => run.context.reason)).toEqual(['refresh', 'miss']);
    for (const run of source.runs) run.resolve({ etag: 'b' });
    await cold;
    expect(recorder.of('load').map((event) => event.reason)).toEqual(['refresh', 'miss']);
    expect(cache.stats()).toMatchObject({ loads: 3, refreshes: 1 });
  });

  test('is a refresh for the process that finds the stale value in a shared tier', async () => {
    const { open, source } = await withStale();
    expect(await open().getOrLoad('k', source.load)).toEqual({ etag: 'a' });
    await turn();
    expect(source.last.context).toMatchObject({ reason: 'refresh', stale: { etag: 'a' } });
  });
});

describe('doNotStore in a refresh', () => {
  test('leaves the stale value where it is', async () => {
    const { clock, cache, open, recorder, source } = await withStale();
    expect(await cache.getOrLoad('k', source.load)).toEqual({ etag: 'a' });
    await turn();
    source.last.context.doNotStore();
    source.last.resolve({ etag: 'secret' });
    await turn();
    expect(recorder.of('refused-write').map((event) => event.reason)).toEqual(['do-not-store']);
    expect(recorder.of('load')).toMatchObject([{ outcome: 'not-stored' }]);
    expect(cache.peek('k')).toBeUndefined();
    expect(await open().get('k')).toBeUndefined();
    expect(await cache.getOrLoad('k', source.load)).toEqual({ etag: 'a' });
    await turn();
    expect(source.runs).toHaveLength(2);
    await clock.advance(10_000);
    const call = cache.getOrLoad('k', source.load);
    expect(await stateOf(call)).toBe('pending');
  });

  test.each([0, 500])('of "there is none" leaves it there as well: negativeTtl %d', async (negativeTtl) => {
    const { cache, open } = await withStale({ negativeTtl });
    const nothing = (context: { doNotStore: () => void }): undefined => {
      context.doNotStore();
      return undefined;
    };
    expect(await cache.getOrLoad('k', nothing)).toEqual({ etag: 'a' });
    await turn();
    const down = (): Promise<never> => Promise.reject(new Error('source down'));
    for (const reader of [cache, open()]) expect(await reader.getOrLoad('k', down)).toEqual({ etag: 'a' });
  });

  test('gives its value to who waits', async () => {
    const { cache, source } = await withStale({ softTimeoutMs: Infinity });
    const calls = [cache.getOrLoad('k', source.load), cache.getOrLoad('k', source.load)];
    await turn();
    source.last.context.doNotStore();
    source.last.resolve({ etag: 'b' });
    expect(await Promise.all(calls)).toEqual([{ etag: 'b' }, { etag: 'b' }]);
    expect(cache.peek('k')).toBeUndefined();
  });
});

describe('the signal of a background refresh', () => {
  test('is not that of the caller who set it off', async () => {
    const { cache, source } = await withStale();
    const controller = new AbortController();
    expect(await cache.getOrLoad('k', source.load, { signal: controller.signal })).toEqual({ etag: 'a' });
    controller.abort();
    await turn();
    expect(source.last.context.signal.aborted).toBe(false);
    source.last.resolve({ etag: 'b' });
    await turn();
    expect(cache.peek('k')).toEqual({ etag: 'b' });
  });

  test('is not that of the process which found the stale value in a shared tier', async () => {
    const { open, source } = await withStale();
    const other = open();
    const controller = new AbortController();
    expect(await other.getOrLoad('k', source.load, { signal: controller.signal })).toEqual({ etag: 'a' });
    controller.abort(); // In the very tick in which it has its value, as a request that ends does.
    await turn();
    expect(source.last.context.signal.aborted).toBe(false);
    source.last.resolve({ etag: 'b' });
    await turn();
    expect(other.peek('k')).toEqual({ etag: 'b' });
  });

  test('is not that of a joiner who waits for the new value and leaves', async () => {
    const { clock, cache, source } = await withStale({ grace: 100 });
    expect(await cache.getOrLoad('k', source.load)).toEqual({ etag: 'a' });
    await clock.advance(100); // Nothing stale is left to be served.
    const controllers = [new AbortController(), new AbortController()];
    const joined = controllers.map(({ signal }) => watched(cache.getOrLoad('k', source.load, { signal })));
    expect(await stateOf(joined[0]!)).toBe('pending');
    for (const controller of controllers) controller.abort(new Error('gone'));
    for (const call of joined) await expect(call).rejects.toThrow('gone');
    expect(source.runs).toHaveLength(1);
    expect(source.last.context.signal.aborted).toBe(false);
    source.last.resolve({ etag: 'b' });
    await turn();
    expect(cache.peek('k')).toEqual({ etag: 'b' });
  });

  test('is not that of callers who were served when their soft timeout was over', async () => {
    const { clock, cache, source } = await withStale({ softTimeoutMs: 50 });
    const controller = new AbortController();
    const call = cache.getOrLoad('k', source.load, { signal: controller.signal });
    await turn();
    await clock.advance(50);
    expect(await call).toEqual({ etag: 'a' });
    controller.abort();
    expect(source.last.context.signal.aborted).toBe(false);
  });

  test('fires with close', async () => {
    const { cache, source } = await withStale();
    await cache.getOrLoad('k', source.load);
    await turn();
    const closing = cache.close();
    await turn();
    expect(source.last.context.signal.aborted).toBe(true);
    source.last.reject(new Error('stopped'));
    await closing;
  });
});

describe('onOutcome is told once', () => {
  const failing = (): never => {
    throw new Error('source down');
  };
  type Made = Awaited<ReturnType<typeof withStale>>;
  const ways: [string, (made: Made) => Promise<Pick<Made, 'cache'>>][] = [
    ['stale here', async (made) => made],
    ['stale in a shared tier', async ({ open }) => ({ cache: open() })],
    [
      'stale here, during back-off',
      async ({ cache }) => {
        await cache.getOrLoad('k', failing);
        await turn();
        return { cache };
      },
    ],
  ];
  test.each(ways)('for a value that is %s', async (_, prepare) => {
    const { cache } = await prepare(await withStale({ backOffMs: 10_000 }));
    const told: unknown[] = [];
    const options = { onOutcome: (outcome: unknown) => void told.push(outcome) };
    expect(await cache.getOrLoad('k', failing, options)).toEqual({ etag: 'a' });
    await turn();
    expect(told).toEqual([{ from: expect.stringMatching(/^(tier|loader)$/) as unknown, ...(told[0] as object) }]);
  });
});

test('a cold load, on the other hand, is stopped when its only caller leaves', async () => {
  const { cache, source } = await withStale();
  const controller = new AbortController();
  const call = watched(cache.getOrLoad('cold', source.load, { signal: controller.signal }));
  await turn();
  controller.abort(new Error('gone'));
  await expect(call).rejects.toThrow('gone');
  expect(source.last.context.signal.aborted).toBe(true);
});
