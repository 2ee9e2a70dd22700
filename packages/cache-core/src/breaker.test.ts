import { describe, expect, test } from 'vitest';
import type { CacheOptions, Clock, SharedTier, TierOperation } from './index.ts';
import { bytesCodec, createCache, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { gate, Recorder, timeToSettle, turn, wrapTier } from './tier.fixture.ts';

const BUDGET_MS = 15;
const LARGE = 64 * 1024;
const never = (): Promise<never> => new Promise(() => {});
const down = (): Promise<never> => Promise.reject(new Error('tier down'));

type Mood = 'well' | 'fails' | 'hangs';

/** A tier with moods, that counts what it is asked. */
function moody(inner: SharedTier) {
  const made = { mood: 'well' as Mood, calls: { read: 0, begin: 0, write: 0, invalidate: 0, release: 0 } };
  const of =
    <A extends unknown[], R>(operation: TierOperation, call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> => {
      made.calls[operation]++;
      if (made.mood === 'well') return call(...args);
      return made.mood === 'fails' ? down() : never();
    };
  const tier = wrapTier(inner, {
    read: of('read', (entries) => inner.read(entries)),
    begin: of('begin', (...args) => inner.begin(...args)),
    beginMany: undefined,
    write: of('write', (...args) => inner.write(...args)),
    invalidate: of('invalidate', (invalidation) => inner.invalidate(invalidation)),
  });
  return Object.assign(made, { tier });
}

function setUp<V = unknown>(more: Partial<CacheOptions<V>> = {}) {
  const clock = new FakeClock();
  const host = moody(new MemorySharedTier({ clock }));
  const open = (mine: Partial<CacheOptions<V>> = {}) => {
    const recorder = new Recorder();
    const options = { name: 'n', clock, tiers: [host.tier], tierBudgetMs: BUDGET_MS, ...more, ...mine };
    return { cache: createCache<V>({ ...options, onEvent: recorder.onEvent }), recorder };
  };
  let keys = 0;
  return { clock, host, open, ...open(), newKey: () => `key ${keys++}` };
}

const changes = (recorder: Recorder): string[] =>
  recorder.of('breaker').map(({ tier, operation, sizeClass, state }) => `${tier} ${operation} ${sizeClass} ${state}`);

/** Cold keys until the breaker opens. @returns how many. */
async function openBreaker({ clock, cache, recorder, newKey }: ReturnType<typeof setUp<unknown>>): Promise<number> {
  for (let lookups = 1; lookups <= 50; lookups++) {
    await timeToSettle(clock, cache.getOrLoad(newKey(), () => 1), 100); // prettier-ignore
    const opened = new Set(changes(recorder).filter((change) => change.endsWith('small open')));
    if (opened.has('host read small open') && opened.has('host begin small open')) return lookups;
  }
  throw new Error('the breaker did not open in 50 lookups');
}

describe.each(['fails', 'hangs'] as const)('a tier that %s', (mood) => {
  test('is left out before long: nothing of its budget is paid, and it is not called', async () => {
    const made = setUp();
    const { clock, cache, host, newKey } = made;
    host.mood = mood;
    expect(await openBreaker(made)).toBeLessThanOrEqual(10);
    const before = { ...host.calls };
    for (let lookup = 0; lookup < 20; lookup++) {
      const load = () => new Promise((resolve) => clock.after(7, () => resolve(1)));
      expect(await timeToSettle(clock, cache.getOrLoad(newKey(), load), 100)).toBe(7);
      expect(await timeToSettle(clock, cache.get(newKey()), 0)).toBe(0);
      expect(await timeToSettle(clock, cache.getMany([newKey(), newKey()]), 0)).toBe(0);
    }
    expect(clock.now() - 1000).toBeLessThan(1000); // So a probe or two may have been made.
    expect(host.calls.read + host.calls.begin - before.read - before.begin).toBeLessThanOrEqual(1);
    expect(host.calls.write - before.write).toBeLessThanOrEqual(1);
  });

  test('is asked again by a probe that nobody waits for, again and again', async () => {
    const made = setUp();
    const { clock, cache, host, newKey } = made;
    host.mood = mood;
    await openBreaker(made);
    const before = host.calls.read + host.calls.begin + host.calls.write;
    for (let second = 0; second < 10; second++) {
      await clock.advance(1000);
      for (let lookup = 0; lookup < 5; lookup++) {
        expect(await timeToSettle(clock, cache.getOrLoad(newKey(), () => 1), 0)).toBe(0); // prettier-ignore
        expect(await timeToSettle(clock, cache.get(newKey()), 0)).toBe(0);
      }
      await clock.advance(BUDGET_MS);
    }
    const probes = host.calls.read + host.calls.begin + host.calls.write - before;
    expect(probes).toBeGreaterThanOrEqual(5);
    expect(probes).toBeLessThanOrEqual(20);
    const ofReads = changes(made.recorder).filter((change) => change.startsWith('host read'));
    expect(ofReads.slice(0, 4)).toEqual(['open', 'half-open', 'open', 'half-open'].map((state) => `host read small ${state}`)); // prettier-ignore
  });

  test('is used again once it has recovered', async () => {
    const made = setUp();
    const { clock, cache, host, open, recorder, newKey } = made;
    await open().cache.set('stored', 'here');
    host.mood = mood;
    await openBreaker(made);
    host.mood = 'well';
    await clock.advance(5500); // Hung writes have their own, longer limit.
    for (let probe = 0; probe < 3; probe++) {
      await cache.getOrLoad(newKey(), () => 1);
      await turn();
    }
    const last = new Map(recorder.of('breaker').map(({ operation, state }) => [operation, state]));
    expect(new Set(last.values())).toEqual(new Set(['closed']));
    expect(last.get('read')).toBe('closed');
    expect(await cache.get('stored')).toBe('here');
    await cache.getOrLoad('loaded', () => 'anew');
    await turn();
    expect(await open().cache.get('loaded')).toBe('anew');
  });

  test('is told of every invalidation all the same', async () => {
    const made = setUp();
    const { clock, cache, host } = made;
    host.mood = mood;
    await openBreaker(made);
    const actions = [
      () => cache.delete('k'),
      () => cache.clear(),
      () => cache.invalidateTags('t'),
      () => cache.softInvalidate('k'),
      () => cache.set('k', 1),
    ];
    for (const act of actions) {
      const before = host.calls.invalidate;
      const acting = act();
      await turn();
      expect(host.calls.invalidate).toBeGreaterThan(before);
      await timeToSettle(clock, acting, 30_000);
    }
  });

  test('and whose invalidation alone is well serves no deleted value when the breaker closes', async () => {
    const made = setUp();
    const { clock, cache, host, open, newKey } = made;
    const inner = open().cache;
    await inner.set('k', 'old');
    host.mood = mood;
    await openBreaker(made);
    const deleting = cache.delete('k');
    await timeToSettle(clock, deleting, 30_000);
    expect(await deleting).toEqual({ pending: true });
    host.mood = 'well';
    await clock.advance(60_000);
    await cache.get(newKey());
    await turn();
    expect(await cache.get('k')).toBeUndefined();
    expect(await open().cache.get('k')).toBeUndefined();
  });
});

test('a few failures among many answers do not open it', async () => {
  const { cache, host, recorder, newKey } = setUp();
  for (let lookup = 0; lookup < 100; lookup++) {
    host.mood = lookup % 5 === 0 ? 'fails' : 'well';
    await cache.get(newKey());
  }
  expect(host.calls.read).toBe(100);
  expect(recorder.of('tier-error')).toHaveLength(20);
  expect(changes(recorder)).toEqual([]);
});

test('what a tier still does it is still asked for: reads go on where writes fail', async () => {
  const { clock, host, open } = setUp();
  const inner = host.tier;
  await open().cache.set('stored', 'here');
  const full = wrapTier(inner, { begin: down, beginMany: undefined, write: down });
  const { cache, recorder } = open({ tiers: [full] });
  for (let lookup = 0; lookup < 50; lookup++) await cache.getOrLoad(`cold ${lookup}`, () => 1);
  expect(changes(recorder)).toContain('host begin small open');
  expect(changes(recorder)).not.toContain('host read small open');
  expect(await cache.get('stored')).toBe('here');
  await clock.advance(0);
});

test('each tier has its own', async () => {
  const made = setUp();
  const cluster = moody(new MemorySharedTier({ name: 'cluster', clock: made.clock }));
  const { cache, recorder } = made.open({ tiers: [made.host.tier, cluster.tier] });
  made.host.mood = 'hangs';
  await openBreaker({ ...made, cache, recorder });
  const before = cluster.calls.read;
  for (let lookup = 0; lookup < 10; lookup++) await cache.get(made.newKey());
  expect(cluster.calls.read - before).toBe(10);
  expect(changes(recorder).toSorted()).toEqual(['host begin small open', 'host read small open']);
  await made.open({ tiers: [cluster.tier] }).cache.set('far', 'found');
  expect(await cache.get('far')).toBe('found');
});

describe('large values', () => {
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

  /** A cache over a tier that takes small values only. */
  function mixed() {
    const clock = new FakeClock();
    const inner = new MemorySharedTier({ clock });
    const writes = { small: 0, large: 0 };
    const tier = wrapTier(inner, {
      write: (ref, frame, options) => {
        const large = frame.byteLength > 32 * 1024;
        writes[large ? 'large' : 'small']++;
        return large ? down() : inner.write(ref, frame, options);
      },
    });
    const recorder = new Recorder();
    const options = { clock, tiers: [tier], codec: bytesCodec };
    const cache = createCache({ name: 'n', ...options, onEvent: recorder.onEvent });
    const load = async (size: 'small' | 'large', n: number) => {
      await cache.getOrLoad(`${size} ${n}`, () => bytes(size === 'small' ? 100 : LARGE));
      await turn();
    };
    return { load, recorder, writes, sibling: () => createCache({ name: 'n', ...options }) };
  }

  test('whose writes fail leave small ones alone', async () => {
    const { load, recorder, writes, sibling } = mixed();
    for (let n = 0; n < 50; n++) await load('large', n);
    for (let n = 0; n < 50; n++) await load('small', n);
    expect(recorder.of('tier-error').length).toBeGreaterThan(3);
    expect(changes(recorder)).not.toContain('host write small open');
    expect(writes.small).toBeGreaterThanOrEqual(49); // The class of a lookup is that of the values before it.
    const other = sibling();
    for (let n = 1; n < 50; n++) expect(await other.get(`small ${n}`)).toBeDefined();
  });

  test.each([
    ['only large ones', ['large', 'large']],
    ['large and small ones in turn', ['large', 'small']],
  ] as const)('whose writes fail are left out before long: %s', async (_, sizes) => {
    const { load, recorder, writes } = mixed();
    for (let n = 0; n < 100; n++) await load(sizes[n % 2]!, n);
    expect(changes(recorder)).toContain('host write large open');
    expect(writes.large).toBeLessThanOrEqual(20);
  });

  test.each([
    ['large', LARGE],
    ['small', 100],
  ])('a cache of %s values judges its reads by their size class', async (sizeClass, length) => {
    const made = setUp<Uint8Array>({ codec: bytesCodec });
    const { cache, host, recorder, newKey, clock } = made;
    for (let n = 0; n < 20; n++) await cache.getOrLoad(newKey(), () => bytes(length));
    await turn();
    host.mood = 'hangs';
    for (let n = 0; n < 20; n++) await timeToSettle(clock, cache.get(newKey()), 100);
    expect(changes(recorder)[0]).toBe(`host read ${sizeClass} open`);
    const before = host.calls.read;
    expect(await timeToSettle(clock, cache.get(newKey()), 0)).toBe(0);
    expect(host.calls.read).toBe(before);
  });
});

describe('an event loop that stalls', () => {
  /** A clock whose timers are noticed late: time jumps, then what has fallen due runs. */
  function stalling() {
    const inner = new FakeClock();
    let lateMs = 0;
    const clock: Clock = { now: () => inner.now() + lateMs, after: (delayMs, run) => inner.after(delayMs, run) };
    return { clock, inner, stall: (ms: number) => (lateMs += ms) };
  }

  async function lookups(stallMs: number) {
    const { clock, inner, stall } = stalling();
    const host = new MemorySharedTier({ clock });
    let door = gate();
    const slow = wrapTier(host, { read: (entries) => door.pass().then(() => host.read(entries)) });
    const recorder = new Recorder();
    const cache = createCache({ name: 'n', clock, tiers: [slow], tierBudgetMs: BUDGET_MS, onEvent: recorder.onEvent });
    for (let lookup = 0; lookup < 20; lookup++) {
      door = gate();
      const finding = cache.get(`${lookup}`);
      await turn();
      stall(stallMs);
      const advancing = inner.advance(BUDGET_MS); // The timer runs now, in this very call.
      door.open(); // And here is the answer, which was there all the time.
      await advancing;
      await finding;
    }
    return { recorder, cache };
  }

  test('is not the tier’s fault', async () => {
    const { recorder } = await lookups(1000);
    expect(changes(recorder)).toEqual([]);
    for (const event of recorder.of('tier-timeout')) expect(event).toMatchObject({ stalled: true });
  });

  test('is told from a tier that is late: that one is left out', async () => {
    const { recorder } = await lookups(0);
    expect(changes(recorder)[0]).toBe('host read small open');
    expect(recorder.of('tier-timeout')[0]).not.toMatchObject({ stalled: true });
  });

  test('below 5 ms is no stall', async () => {
    const { recorder } = await lookups(4);
    expect(changes(recorder)[0]).toBe('host read small open');
  });

  test('does not hide a tier that hangs for good', async () => {
    const { clock, inner, stall } = stalling();
    const hung = wrapTier(new MemorySharedTier({ clock }), { read: never });
    const recorder = new Recorder();
    const cache = createCache({ name: 'n', clock, tiers: [hung], tierBudgetMs: BUDGET_MS, onEvent: recorder.onEvent });
    for (let lookup = 0; lookup < 20; lookup++) {
      const finding = cache.get(`${lookup}`);
      await turn();
      if (lookup % 2 === 0) stall(1000);
      await timeToSettle(inner, finding, 1000);
    }
    expect(recorder.of('breaker').length).toBeGreaterThan(0);
  });
});

describe('a tier that says it is away', () => {
  function setUpAway() {
    const clock = new FakeClock();
    const host = moody(new MemorySharedTier({ clock }));
    const state = { isAvailable: false };
    const tier = wrapTier(host.tier, {
      get isAvailable() {
        return state.isAvailable;
      },
    });
    const recorder = new Recorder();
    const cache = createCache({ name: 'n', clock, tiers: [tier], tierBudgetMs: BUDGET_MS, onEvent: recorder.onEvent });
    return { host, state, cache, recorder };
  }

  test('is not asked, and that is no event; what it is owed waits', async () => {
    const { host, cache, recorder } = setUpAway();
    host.mood = 'fails';
    for (let key = 0; key < 20; key++) await cache.getOrLoad(String(key), () => 1);
    expect(await cache.get('cold')).toBeUndefined();
    expect(host.calls).toMatchObject({ read: 0, begin: 0, write: 0 });
    expect(recorder.events.filter(({ type }) => ['tier-error', 'tier-timeout', 'breaker'].includes(type))).toEqual([]);
    expect(await cache.delete('0')).toEqual({ pending: true });
    expect(host.calls.invalidate).toBe(0);
    await cache.close();
  });

  test('is used as soon as it is back, although its breaker was open when it went', async () => {
    const { host, state, cache } = setUpAway();
    state.isAvailable = true;
    host.mood = 'fails';
    for (let key = 0; key < 20; key++) await cache.getOrLoad(String(key), () => 1);
    const { read } = host.calls;
    expect(read).toBeLessThan(20); // Control: it is open.
    state.isAvailable = false;
    await cache.getOrLoad('away', () => 1);
    [state.isAvailable, host.mood] = [true, 'well'];
    await cache.getOrLoad('back', () => 1);
    expect(host.calls.read).toBe(read + 1);
  });
});
