import { describe, expect, test } from 'vitest';
import type { CacheOptions } from './index.ts';
import { createCache } from './index.ts';
import { FakeClock } from './testing/index.ts';

const numbers = {
  'not a number': [Number.NaN, '5', null, {}, true, 5n],
  'below 0': [-1, -0.001, Number.NEGATIVE_INFINITY],
} as const;
const none = [...numbers['not a number'], ...numbers['below 0']];

/** Every option that is a number, and what it must not be besides. */
const bad: [keyof CacheOptions<unknown>, readonly unknown[]][] = [
  ['ttl', [...none, 0]],
  ['processTtl', [...none, 0]],
  ['grace', none],
  ['softTimeoutMs', none],
  ['hardTimeoutMs', [...none, 0]],
  ['jitter', [...none, 1.001, Infinity]],
  ['earlyRefresh', none],
  ['negativeTtl', none],
  ['backOffMs', none],
  ['leaseMs', none],
  ['leaseWaitMs', none],
  ['settleMs', none],
  ['maxBytes', [...none, 0, 0.5, Infinity]],
  ['tierBudgetMs', [...none, 0]],
  ['schemaVersion', [...none, 1.5, 65_536, Infinity]],
];

const good: [keyof CacheOptions<unknown>, readonly unknown[]][] = [
  ['ttl', [0.5, 1, Infinity, undefined]],
  ['processTtl', [0.5, 1, Infinity, undefined]],
  ['grace', [0, 1, Infinity, undefined]],
  ['softTimeoutMs', [0, 1, Infinity, undefined]],
  ['hardTimeoutMs', [1, Infinity, undefined]],
  ['jitter', [0, 0.5, 1, undefined]],
  ['earlyRefresh', [0, 1, 5, undefined]],
  ['negativeTtl', [0, 1, undefined]],
  ['backOffMs', [0, 1, undefined]],
  ['leaseMs', [0, 1, undefined]],
  ['leaseWaitMs', [0, 1, undefined]],
  ['settleMs', [0, 1, undefined]],
  ['maxBytes', [1, 1e9, undefined]],
  ['tierBudgetMs', [0.5, 1, undefined]],
  ['schemaVersion', [0, 1, 65_535, undefined]],
];

// `null` from a caller without types stands for "not given" here; the options of calls refuse it.
const table = (rows: typeof bad): [string, unknown][] =>
  rows.flatMap(([name, values]) =>
    values.filter((value) => value !== null).map((value): [string, unknown] => [name, value]),
  );

/** Names the option, says what is allowed, and what was given. */
const saying = (name: string, value: unknown): RegExp =>
  new RegExp(
    `^${name} must be a .*(above|at least|from).*, got ${String(value).replaceAll(/[[\]]/g, String.raw`\$&`)}$`,
  );

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('createCache', () => {
  test.each(table(bad))('refuses %s: %o', (name, value) => {
    const thrown = thrownBy(() => createCache({ name: 'n', [name]: value }));
    expect(thrown).toBeInstanceOf(TypeError);
    expect((thrown as TypeError).message).toMatch(saying(name, value));
  });

  test.each(table(good))('takes %s: %o', (name, value) => {
    expect(() => createCache({ name: 'n', [name]: value })).not.toThrow();
  });

  test.each([
    ['name', '', /^name .*""/],
    ['name', undefined, /^name /],
    ['name', 7, /^name .*7/],
    ['scope', '', /^scope .*""/],
    ['prefix', '', /^prefix .*""/],
  ])('refuses %s: %o', (name, value, message) => {
    const thrown = thrownBy(() => createCache({ name: 'n', [name]: value }));
    expect(thrown).toBeInstanceOf(TypeError);
    expect((thrown as TypeError).message).toMatch(message);
  });
});

const patience: [string, readonly unknown[]][] = [
  ['ttl', [...none, 0]],
  ['grace', none],
  ['softTimeoutMs', none],
  ['hardTimeoutMs', [...none, 0]],
  ['deadlineMs', none],
];
const calls = patience.flatMap(([name, values]) => values.map((value): [string, unknown] => [name, value]));

describe('a call', () => {
  test.each(calls)(
    'getOrLoad and getOrLoadMany refuse %s: %o by a rejection, and load nothing',
    async (name, value) => {
      const cache = createCache<string>({ name: 'n', clock: new FakeClock() });
      let loads = 0;
      const options = { [name]: value };
      const working = [
        () => cache.getOrLoad('k', () => `${++loads}`, options),
        () => cache.getOrLoadMany(['k', 'l'], (keys) => new Map(keys.map((key) => [key, `${++loads}`])), options),
      ];
      for (const call of working) {
        const error = await call().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(TypeError);
        expect((error as TypeError).message).toMatch(saying(name, value));
      }
      expect(loads).toBe(0);
      expect(cache.stats()).toMatchObject({ loading: 0, entries: 0 });
      // The key is not blocked.
      expect(await cache.getOrLoad('k', () => `${++loads}`)).toBe('1');
    },
  );

  test.each(calls.filter(([name]) => name === 'ttl' || name === 'grace'))(
    'set refuses %s: %o, and stores nothing',
    async (name, value) => {
      // prettier-ignore
      const cache = createCache<string>({ name: 'n', clock: new FakeClock() });
      await cache.set('k', 'before');
      const error = await cache.set('k', 'v', { [name]: value }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      expect((error as TypeError).message).toMatch(saying(name, value));
      expect(cache.peek('k')).toBe('before');
    },
  );

  test('getOrLoad rejects and never throws, on a hit that is refreshed early as well', async () => {
    const clock = new FakeClock();
    const cache = createCache<string>({ name: 'n', clock, ttl: 1000, earlyRefresh: 1e9 });
    const loading = cache.getOrLoad('k', () => new Promise<string>((resolve) => clock.after(100, () => resolve('v'))));
    await clock.advance(100);
    await loading;
    let call: Promise<unknown> | undefined;
    expect(() => (call = cache.getOrLoad('k', () => 'new', { ttl: -1 }))).not.toThrow();
    await Promise.allSettled([call]);
  });

  test.each([[[7]], [[undefined]], [{}]])('tags that are no list of names are refused: %j', async (tags) => {
    const cache = createCache<string>({ name: 'n', clock: new FakeClock() });
    const options = { tags: tags as never };
    await expect(cache.set('k', 'v', options)).rejects.toThrow(TypeError);
    await expect(cache.getOrLoad('l', () => 'v', options)).rejects.toThrow(TypeError);
  });
});
