import { describe, expect, test } from 'vitest';
import type { CacheOptions, Loader } from './index.ts';
import { createCache, MemorySharedTier } from './index.ts';
import { Source, watched } from './source.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, turn } from './tier.fixture.ts';

const TTL = 1000;

function setUp(more: Partial<CacheOptions<string>> = {}) {
  const clock = new FakeClock();
  const tier = new MemorySharedTier({ clock });
  const open = (mine: Partial<CacheOptions<string>> = {}) => {
    const recorder = new Recorder();
    const options = { name: 'n', clock, ttl: TTL, tiers: [tier], ...more, ...mine };
    return { cache: createCache<string>({ ...options, onEvent: recorder.onEvent }), recorder };
  };
  return { clock, tier, open, ...open() };
}

/** A loader that always fails, with an error of its own each time. */
class Broken {
  calls = 0;
  error: unknown;
  readonly how: (call: number) => unknown;

  constructor(how: (call: number) => unknown = (call) => new Error(`failure ${call}`)) {
    this.how = how;
  }

  readonly load: Loader<string> = () => {
    this.error = this.how(++this.calls);
    throw this.error;
  };
}

const outcome = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );

describe('without grace and backOffMs', () => {
  test('there is no back-off: the next caller asks the source again', async () => {
    const { cache, recorder } = setUp();
    const source = new Broken();
    for (let call = 1; call <= 3; call++) expect(await outcome(cache.getOrLoad('k', source.load))).toBe(source.error);
    expect(source.calls).toBe(3);
    expect(recorder.of('back-off')).toEqual([]);
    expect(cache.stats()).toMatchObject({ loads: 3, loadErrors: 3, backOffErrors: 0 });
  });
});

describe.each([
  ['the default with grace', { grace: 100 }],
  ['backOffMs without grace', { backOffMs: 1000 }],
])('%s', (_, options) => {
  test('gives the very same error for a second without asking the source', async () => {
    const { cache, clock, recorder } = setUp(options);
    const thrown = Object.freeze(new RangeError('no such voice'));
    const source = new Broken(() => thrown);
    const asked = await Promise.all(Array.from({ length: 100 }, () => outcome(cache.getOrLoad('k', source.load))));
    expect(new Set(asked)).toEqual(new Set([thrown]));
    expect(asked.every((error) => error === thrown)).toBe(true);
    expect(source.calls).toBe(1);
    expect(recorder.of('back-off')).toMatchObject([{ delayMs: 1000 }]);
    await clock.advance(999);
    expect(await outcome(cache.getOrLoad('k', source.load))).toBe(thrown);
    expect(source.calls).toBe(1);
    expect(cache.stats()).toMatchObject({ loads: 1, loadErrors: 1, backOffErrors: 1, loading: 0 });
    await clock.advance(1);
    expect(await outcome(cache.getOrLoad('k', source.load))).toBe(thrown);
    expect(source.calls).toBe(2);
  });

  test('doubles with each failure in a row, up to 30 s', async () => {
    const { cache, clock, recorder } = setUp(options);
    const source = new Broken();
    const delays = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000];
    for (const [round, delayMs] of delays.entries()) {
      expect(await outcome(cache.getOrLoad('k', source.load))).toBe(source.error);
      expect(source.calls).toBe(round + 1);
      await clock.advance(delayMs - 1);
      expect(await outcome(cache.getOrLoad('k', source.load))).toBe(source.error);
      expect(source.calls).toBe(round + 1);
      await clock.advance(1);
    }
    expect(recorder.of('back-off').map((event) => event.delayMs)).toEqual(delays);
  });

  test('counts from the failure, not from the start of the load', async () => {
    const { cache, clock } = setUp(options);
    const source = new Source();
    const call = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(5000);
    source.last.reject('late');
    await outcome(call);
    await clock.advance(999);
    expect(await outcome(cache.getOrLoad('k', source.load))).toBe('late');
    expect(source.runs).toHaveLength(1);
  });

  test('is one of its key alone', async () => {
    const { cache } = setUp(options);
    const source = new Broken();
    await outcome(cache.getOrLoad('k', source.load));
    expect(await cache.getOrLoad('other', () => 'v')).toBe('v');
  });

  test('bounds what a source that is down is asked: 8 calls in 100 s for 10 callers a second', async () => {
    const { cache, clock } = setUp(options);
    const source = new Broken();
    for (let second = 0; second < 1000; second++) {
      await outcome(cache.getOrLoad('k', source.load));
      await clock.advance(100);
    }
    expect(source.calls).toBe(8); // At 0, 1, 3, 7, 15, 31, 61 and 91 s.
    expect(cache.stats()).toMatchObject({ loadErrors: 8, backOffErrors: 992 });
  });
});

test('anything may be thrown, and is what back-off throws again', async () => {
  for (const thrown of [undefined, null, 0, 'text', Symbol('s'), { retryAfterMs: 'soon' }]) {
    const { cache } = setUp({ backOffMs: 1000 });
    const source = new Broken(() => thrown);
    for (const _ of [1, 2]) await expect(cache.getOrLoad('k', source.load)).rejects.toBe(thrown);
    expect(source.calls).toBe(1);
  }
});

describe('during back-off', () => {
  test('the stale value of this process is served', async () => {
    const { cache, clock, recorder } = setUp({ grace: 100_000, tiers: [] });
    await cache.getOrLoad('k', () => 'old');
    await clock.advance(TTL);
    const source = new Broken();
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    await turn();
    for (let call = 0; call < 5; call++) expect(await cache.getOrLoad('k', source.load)).toBe('old');
    expect(source.calls).toBe(1);
    expect(recorder.of('stale-hit').map((event) => event.reason).slice(-5)).toEqual(Array(5).fill('back-off')); // prettier-ignore
    expect(cache.stats()).toMatchObject({ staleHits: { 'back-off': 5 }, backOffErrors: 0 });
  });

  test('the stale value of a shared tier is served, to a soft timeout of Infinity as well', async () => {
    const { open, clock } = setUp({ grace: 100_000, softTimeoutMs: Infinity });
    const { cache, recorder } = open();
    const source = new Broken();
    expect(await outcome(cache.getOrLoad('k', source.load))).toBe(source.error);
    await open().cache.getOrLoad('k', () => 'old', { ttl: 10 });
    await clock.advance(500);
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    expect(source.calls).toBe(1);
    expect(recorder.of('stale-hit')).toMatchObject([{ reason: 'back-off' }]);
  });

  test('a value past its grace is not: it is the error', async () => {
    const { cache, clock } = setUp({ grace: 500, tiers: [], softTimeoutMs: Infinity });
    await cache.getOrLoad('k', () => 'old');
    await clock.advance(TTL + 400);
    const source = new Broken();
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    await clock.advance(100);
    await expect(cache.getOrLoad('k', source.load)).rejects.toBe(source.error);
    expect(source.calls).toBe(1);
  });

  test('a fresh value that another process has loaded is found', async () => {
    for (const options of [{ backOffMs: 1000 }, { grace: 100_000 }]) {
      const { open } = setUp(options);
      const { cache, recorder } = open();
      const source = new Broken();
      await outcome(cache.getOrLoad('k', source.load));
      expect(await outcome(cache.getOrLoad('k', source.load))).toBe(source.error);
      await open().cache.getOrLoad('k', () => 'of another');
      await turn();
      expect(await cache.getOrLoad('k', source.load)).toBe('of another');
      expect(source.calls).toBe(1);
      expect(recorder.story().at(-1)).toBe('hit in host');
    }
  });

  test('it is found also where this process still holds a stale one', async () => {
    const { open, clock } = setUp({ grace: 100_000 });
    const { cache } = open();
    const source = new Broken();
    await cache.getOrLoad('k', () => 'old');
    await clock.advance(TTL);
    expect(await cache.getOrLoad('k', source.load)).toBe('old');
    await turn();
    await open({ softTimeoutMs: Infinity }).cache.getOrLoad('k', () => 'of another');
    await turn();
    await cache.getOrLoad('k', source.load); // Stale at once, perhaps, but then the tiers have been asked.
    await turn();
    expect(await cache.getOrLoad('k', source.load)).toBe('of another');
    expect(source.calls).toBe(1);
  });

  test('get and peek find what they find otherwise: nothing, without an error', async () => {
    const { cache } = setUp({ backOffMs: 1000 });
    await outcome(cache.getOrLoad('k', new Broken().load));
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.getMany(['k'])).toEqual(new Map());
    expect(cache.peek('k')).toBeUndefined();
  });

  test('a batch gets the same error, and does not ask for that key', async () => {
    const { cache } = setUp({ backOffMs: 1000 });
    const source = new Broken();
    await outcome(cache.getOrLoad('k', source.load));
    const asked: string[][] = [];
    const loadMany = (keys: readonly string[]) => {
      asked.push([...keys]);
      return new Map(keys.map((key) => [key, 'v']));
    };
    await expect(cache.getOrLoadMany(['k', 'other'], loadMany)).rejects.toBe(source.error);
    expect(asked.flat()).not.toContain('k');
    expect(await cache.getOrLoadMany(['other'], loadMany)).toEqual(new Map([['other', 'v']]));
  });
});

describe('back-off ends', () => {
  const ends: [string, (made: ReturnType<typeof setUp>) => Promise<unknown>][] = [
    ['with delete', ({ cache }) => cache.delete('k')],
    ['with clear', ({ cache }) => cache.clear()],
    ['with a tag', ({ cache }) => cache.invalidateTags('t')],
    ['with a soft delete', ({ cache }) => cache.softInvalidate('k')],
    ['with a soft tag', ({ cache }) => cache.softInvalidateTags('t')],
    ['with a delete by another process', ({ open }) => open().cache.delete('k')],
  ];

  test.each(ends)('%s: the source is asked again, and the doubling begins anew', async (_, end) => {
    const made = setUp({ backOffMs: 1000, tagsOf: () => ['t'] });
    const { cache, clock, recorder } = made;
    const source = new Broken();
    for (const waitMs of [1000, 2000, 0]) {
      await outcome(cache.getOrLoad('k', source.load));
      await clock.advance(waitMs);
    }
    await outcome(cache.getOrLoad('k', source.load));
    expect(source.calls).toBe(3);
    await end(made);
    await clock.advance(5); // "within 5 ms on this machine"
    await outcome(cache.getOrLoad('k', source.load));
    expect(source.calls).toBe(4);
    expect(recorder.of('back-off').at(-1)).toMatchObject({ delayMs: 1000 });
  });

  test.each(['delete', 'clear', 'softInvalidate'] as const)(
    'with %s in a cache without shared tiers',
    async (action) => {
      const { cache } = setUp({ backOffMs: 1000, tiers: [] });
      const source = new Broken();
      for (const calls of [1, 1]) {
        await outcome(cache.getOrLoad('k', source.load));
        expect(source.calls).toBe(calls);
      }
      await cache[action]('k');
      expect(await cache.getOrLoad('k', () => 'v')).toBe('v');
    },
  );

  test('with an unrelated invalidation it does not', async () => {
    const { cache } = setUp({ backOffMs: 1000, tagsOf: (key) => [`of ${key}`] });
    const source = new Broken();
    await outcome(cache.getOrLoad('k', source.load));
    await cache.delete('other');
    await cache.invalidateTags('of other');
    await outcome(cache.getOrLoad('k', source.load));
    expect(source.calls).toBe(1);
  });

  test('with a success: the doubling begins anew', async () => {
    const { cache, clock, recorder } = setUp({ backOffMs: 1000 });
    const source = new Broken();
    for (const waitMs of [1000, 2000]) {
      await outcome(cache.getOrLoad('k', source.load));
      await clock.advance(waitMs);
    }
    expect(await cache.getOrLoad('k', () => 'v')).toBe('v');
    await clock.advance(TTL);
    await outcome(cache.getOrLoad('k', source.load));
    expect(recorder.of('back-off').map((event) => event.delayMs)).toEqual([1000, 2000, 1000]);
  });

  test('with set: its value is found, and nothing of the failures is left', async () => {
    const { cache, clock, recorder } = setUp({ backOffMs: 1000 });
    const source = new Broken();
    for (const waitMs of [1000, 0]) {
      await outcome(cache.getOrLoad('k', source.load));
      await clock.advance(waitMs);
    }
    await cache.set('k', 'set');
    expect(await cache.getOrLoad('k', source.load)).toBe('set');
    await clock.advance(TTL);
    await outcome(cache.getOrLoad('k', source.load));
    expect(recorder.of('back-off').map((event) => event.delayMs)).toEqual([1000, 2000, 1000]);
  });
});

describe('the failure of a load that has been overtaken', () => {
  test('by an invalidation does not reach who came after it', async () => {
    const { cache } = setUp({ backOffMs: 1000 });
    const source = new Source();
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await cache.delete('k');
    source.last.reject('of the deleted');
    expect(await outcome(first)).toBe('of the deleted');
    expect(await cache.getOrLoad('k', () => 'v')).toBe('v');
  });

  test('nor does the late failure of a load whose successor has succeeded', async () => {
    const { cache, clock, recorder } = setUp({ hardTimeoutMs: 50, backOffMs: 10_000 });
    const source = new Source();
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(50);
    expect(await outcome(first)).toHaveProperty('code', 'ERR_CACHE_LOAD_TIMEOUT');
    await clock.advance(10_000);
    expect(await cache.getOrLoad('k', () => 'v')).toBe('v');
    source.last.reject(new Error('late'));
    await turn();
    await clock.advance(TTL);
    expect(await cache.getOrLoad('k', () => 'newer')).toBe('newer');
    expect(recorder.of('back-off')).toHaveLength(1);
  });

  test('one load is one failure, also when it fails after its hard timeout', async () => {
    const { cache, clock, recorder } = setUp({ hardTimeoutMs: 50, backOffMs: 1000 });
    const source = new Source();
    const first = watched(cache.getOrLoad('k', source.load));
    await turn();
    await clock.advance(50);
    expect(await outcome(first)).toHaveProperty('code', 'ERR_CACHE_LOAD_TIMEOUT');
    source.last.reject(new Error('late'));
    await turn();
    expect(recorder.of('back-off').map((event) => event.delayMs)).toEqual([1000]);
    await clock.advance(1000);
    expect(await cache.getOrLoad('k', () => 'v')).toBe('v');
  });
});

describe('an abort is no failure', () => {
  test.each([
    ['with the reason', (signal: AbortSignal) => signal.reason as unknown],
    ['with an error of its own', () => new Error('request cancelled')],
  ])('a loader that ends %s when all callers have left does not back off its key', async (_, error) => {
    const { cache, recorder } = setUp({ backOffMs: 1000 });
    const controller = new AbortController();
    const obedient: Loader<string> = ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(error(signal))));
    const call = watched(cache.getOrLoad('k', obedient, { signal: controller.signal }));
    await turn();
    controller.abort(new Error('hung up'));
    await expect(call).rejects.toThrow('hung up');
    await turn();
    expect(await cache.getOrLoad('k', () => 'v')).toBe('v');
    expect(recorder.of('back-off')).toEqual([]);
  });
});
