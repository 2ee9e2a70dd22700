import { describe, expect, test } from 'vitest';
import type { CacheOptions } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { gate, Recorder, turn } from './tier.fixture.ts';

function setUp(more: Partial<CacheOptions<unknown>> = {}) {
  const clock = new FakeClock();
  const recorder = new Recorder();
  return { cache: createCache({ name: 'n', clock, onEvent: recorder.onEvent, ...more }), clock, recorder };
}

describe.each([0, 1, 2])('over %d shared tiers, 1000 callers of one cold key', (levels) => {
  const tiers = (): MemorySharedTier[] =>
    Array.from({ length: levels }, (_, level) => new MemorySharedTier({ name: `tier ${level}` }));

  test('cause one load and get its value', async () => {
    const { cache } = setUp({ tiers: tiers() });
    let loads = 0;
    const loader = async (): Promise<{ n: number }> => {
      await turn();
      return { n: ++loads };
    };
    const values = await Promise.all(Array.from({ length: 1000 }, () => cache.getOrLoad('k', loader)));
    expect(loads).toBe(1);
    expect(values).toHaveLength(1000);
    expect([...new Set(values)]).toEqual([{ n: 1 }]);
    expect(cache.stats()).toMatchObject({ loads: 1, misses: 1, shared: 999, loading: 0 });
  });

  test('cause one load and get its error, the very object; the next caller loads again', async () => {
    const { cache } = setUp({ tiers: tiers() });
    let loads = 0;
    const error = Object.freeze(new RangeError('no such voice'));
    const failing = async (): Promise<never> => {
      loads++;
      await turn();
      throw error;
    };
    const results = await Promise.allSettled(Array.from({ length: 1000 }, () => cache.getOrLoad('k', failing)));
    expect(loads).toBe(1);
    expect(results.filter((result) => result.status === 'rejected' && result.reason === error)).toHaveLength(1000);
    expect(await cache.getOrLoad('k', () => 'now')).toBe('now');
    expect(cache.stats()).toMatchObject({ loads: 2, loadErrors: 1, loading: 0 });
  });
});

test('a loader may throw at once, and anything at all', async () => {
  const { cache } = setUp();
  for (const thrown of [new Error('sync'), 'text', undefined, null, 7]) {
    const loader = (): never => {
      throw thrown; // oxlint-disable-line typescript/only-throw-error
    };
    const outcome = await cache.getOrLoad('k', loader).then(
      () => 'resolved',
      (error: unknown) => ({ error }),
    );
    expect(outcome).toEqual({ error: thrown });
  }
  expect(cache.stats().loading).toBe(0);
});

test('a caller who asks again in the moment of failure starts a new load', async () => {
  const { cache } = setUp();
  let loads = 0;
  const loader = async (): Promise<number> => {
    if (++loads === 1) throw new Error('first');
    return loads;
  };
  expect(await cache.getOrLoad('k', loader).catch(() => cache.getOrLoad('k', loader))).toBe(2);
});

test('different keys load side by side', async () => {
  const { cache } = setUp();
  const gates = [gate(), gate()];
  const both = gates.map((each, id) => cache.getOrLoad(`${id}`, () => each.pass().then(() => id)));
  await Promise.all(gates.map((each) => each.reached));
  expect(cache.stats().loading).toBe(2);
  for (const each of gates) each.open();
  expect(await Promise.all(both)).toEqual([0, 1]);
});

test('a loader may ask the cache for another key', async () => {
  const { cache } = setUp();
  const outer = await cache.getOrLoad('outer', async () => [await cache.getOrLoad('inner', () => 'in'), 'side']);
  expect(outer).toEqual(['in', 'side']);
});

/** A load that can be released, and notes whether it was told to stop. */
function slowLoad() {
  const door = gate();
  const signals: AbortSignal[] = [];
  const loader = async ({ signal }: { signal: AbortSignal }): Promise<string> => {
    signals.push(signal);
    await door.pass();
    return 'value';
  };
  return { door, loader, signals };
}

/** A loader that ends when it is told to. */
function obedient({ signal }: { signal: AbortSignal }): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

describe('abort', () => {
  test('ends the wait of the one who leaves; the other gets the value', async () => {
    const { cache } = setUp();
    const { door, loader, signals } = slowLoad();
    const leaver = new AbortController();
    const stayer = new AbortController();
    const left = cache.getOrLoad('k', loader, { signal: leaver.signal });
    const stayed = cache.getOrLoad('k', loader, { signal: stayer.signal });
    const reason = new Error('the caller hung up');
    leaver.abort(reason);
    await expect(left).rejects.toBe(reason);
    expect(signals.map((signal) => signal.aborted)).toEqual([false]);
    door.open();
    expect(await stayed).toBe('value');
    expect(cache.peek('k')).toBe('value');
  });

  test('reaches the loader when all have left', async () => {
    const { cache } = setUp();
    const { loader, signals } = slowLoad();
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }) => cache.getOrLoad('k', loader, { signal }));
    await turn();
    for (const controller of controllers) controller.abort(new Error('gone'));
    for (const call of calls) await expect(call).rejects.toThrow('gone');
    expect(signals.map((signal) => signal.aborted)).toEqual([true]);
    expect(signals[0]?.reason).toEqual(new Error('gone'));
  });

  test('a caller without a signal never leaves', async () => {
    const { cache } = setUp();
    const { door, loader, signals } = slowLoad();
    const controller = new AbortController();
    const left = cache.getOrLoad('k', loader, { signal: controller.signal });
    const stayed = cache.getOrLoad('k', loader);
    controller.abort();
    await expect(left).rejects.toHaveProperty('name', 'AbortError');
    expect(signals[0]?.aborted).toBe(false);
    door.open();
    expect(await stayed).toBe('value');
  });

  test('a caller who comes after all have left gets a load of its own, not the abort of another', async () => {
    const { cache } = setUp();
    const controller = new AbortController();
    const left = cache.getOrLoad('k', obedient, { signal: controller.signal });
    await turn();
    controller.abort();
    const [gone, mine] = await Promise.allSettled([left, cache.getOrLoad('k', () => 'mine')]);
    expect(gone.status).toBe('rejected');
    expect(mine).toEqual({ status: 'fulfilled', value: 'mine' });
  });

  test('a load that went on after all had left does not overwrite what a later one brought', async () => {
    const { cache } = setUp({ tiers: [new MemorySharedTier()] });
    const { door, loader } = slowLoad();
    const controller = new AbortController();
    const left = cache.getOrLoad('k', loader, { signal: controller.signal });
    await door.reached;
    controller.abort();
    await expect(left).rejects.toHaveProperty('name', 'AbortError');
    const later = cache.getOrLoad('k', () => 'later');
    await turn();
    door.open();
    expect(await later).toBe('later');
    await turn();
    expect(cache.peek('k')).toBe('later');
    expect(await cache.getOrLoad('k', () => 'never')).toBe('later');
  });

  test('a signal that has fired already ends the call before anything is loaded; a hit is still a hit', async () => {
    const { cache } = setUp();
    await cache.set('hit', 1);
    const signal = AbortSignal.abort(new Error('before'));
    let loads = 0;
    await expect(cache.getOrLoad('k', () => ++loads, { signal })).rejects.toThrow('before');
    expect(await cache.getOrLoad('hit', () => ++loads, { signal })).toBe(1);
    expect(loads).toBe(0);
  });
});

describe('onOutcome', () => {
  test('tells each caller how it comes by its value', async () => {
    const tier = new MemorySharedTier();
    const { cache } = setUp({ tiers: [tier] });
    const { cache: other } = setUp({ tiers: [tier] });
    const door = gate();
    const told: unknown[] = [];
    const options = { onOutcome: (outcome: unknown) => void told.push(outcome) };
    const loader = (): Promise<number> => {
      told.push('loader called');
      return door.pass().then(() => 1);
    };
    const first = cache.getOrLoad('k', loader, options);
    await door.reached;
    expect(told).toEqual([{ from: 'loader' }, 'loader called']);
    const second = cache.getOrLoad('k', loader, options);
    expect(told.at(-1)).toEqual({ from: 'flight' });
    door.open();
    await Promise.all([first, second]);
    await cache.getOrLoad('k', loader, options);
    expect(told.at(-1)).toEqual({ from: 'tier', tier: 'process' });
    await other.getOrLoad('k', loader, options);
    expect(told.at(-1)).toEqual({ from: 'tier', tier: 'host' });
    expect(told).toHaveLength(5);
  });
});
