import { describe, expect, test } from 'vitest';
import type { Cache, CacheOptions, Lease, SharedTier } from './index.ts';
import { down, hasSettled, heldLoad, openLevels, SHARED_LEVELS } from './levels.fixture.ts';
import { gate, timeToSettle, turn, wrapTier } from './tier.fixture.ts';

const LEASE_MS = 2000;
/** How often at least a waiting process looks whether it may go on. */
const LOOK_MS = 60;
const FOR_EVER_MS = 10_000;

/** Caches are processes; the lease is in every shared tier. */
function setUp(levels: readonly string[], common: Partial<CacheOptions<unknown>> = {}) {
  return openLevels(levels, { leaseMs: LEASE_MS, backOffMs: 0, tagsOf: () => ['t'], ...common });
}

const invalidations: [string, (cache: Cache<unknown>) => Promise<unknown>][] = [
  ['delete', (cache) => cache.delete('k')],
  ['invalidateTags', (cache) => cache.invalidateTags('t')],
  ['clear', (cache) => cache.clear()],
  ['softInvalidate', (cache) => cache.softInvalidate('k')],
  ['softInvalidateTags', (cache) => cache.softInvalidateTags('t')],
  ['softClear', (cache) => cache.softClear()],
];

describe.each(SHARED_LEVELS.map((levels) => ({ levels })))('over $levels', ({ levels }) => {
  test('a cold key that many processes ask for is loaded once; without a lease by each', async () => {
    for (const leaseMs of [0, LEASE_MS]) {
      const { clock, open } = setUp(levels, { leaseMs });
      const door = gate();
      let loads = 0;
      const load = (): Promise<unknown> => {
        loads++;
        return door.pass().then(() => 'value');
      };
      const answers = Array.from({ length: 10 }, () => open().cache.getOrLoad('k', load));
      await clock.advance(LEASE_MS / 2);
      expect(loads).toBe(leaseMs === 0 ? 10 : 1);
      door.open();
      await turn();
      await clock.advance(LOOK_MS);
      expect(await Promise.all(answers)).toEqual(answers.map(() => 'value'));
      expect(loads).toBe(leaseMs === 0 ? 10 : 1);
      expect(clock.pending).toBe(0);
    }
  });

  test('who waits is told what it waited for, and for how long', async () => {
    const { clock, open } = setUp(levels);
    const { result, door } = await heldLoad(open().cache, 'value');
    const { cache, recorder } = open();
    const waiting = cache.getOrLoad('k', down);
    await clock.advance(300);
    expect(await hasSettled(waiting)).toBe(false);
    door.open();
    await result;
    expect(await timeToSettle(clock, waiting, LOOK_MS)).toBeLessThanOrEqual(LOOK_MS);
    expect(await waiting).toBe('value');
    expect(cache.peek('k')).toBe('value');
    const [told] = recorder.of('lease-wait');
    expect(told).toMatchObject({ outcome: 'filled', tier: levels[0] });
    expect(told?.durationMs).toBeGreaterThanOrEqual(300);
    expect(cache.stats()).toMatchObject({ loads: 0, loading: 0 });
  });

  test('the wait for a process that is seen to work is not bounded by the tiers’ budget', async () => {
    const { clock, open } = setUp(levels, { tierBudgetMs: 15 });
    const { door } = await heldLoad(open().cache, 'value');
    let loads = 0;
    const waiting = open().cache.getOrLoad('k', () => ++loads);
    await clock.advance(1000);
    expect(loads).toBe(0);
    door.open();
    await turn();
    await clock.advance(LOOK_MS);
    expect(await waiting).toBe('value');
  });

  test('it is bounded by leaseWaitMs', async () => {
    const { clock, open } = setUp(levels, { leaseWaitMs: 400 });
    const { result, door } = await heldLoad(open().cache, 'slow');
    const { cache, recorder } = open();
    const waiting = cache.getOrLoad('k', () => 'own');
    const elapsedMs = await timeToSettle(clock, waiting, FOR_EVER_MS);
    expect(elapsedMs).toBe(400);
    expect(await waiting).toBe('own');
    expect(recorder.of('lease-wait')[0]).toMatchObject({ outcome: 'timeout', durationMs: 400 });
    door.open();
    expect(await result).toBe('slow');
  });

  test('a holder who dies costs the rest of its lease and no more', async () => {
    const { clock, open } = setUp(levels, { leaseWaitMs: 60_000 });
    await heldLoad(open().cache, 'never'); // It never comes to its end.
    await clock.advance(500);
    const { cache, recorder } = open();
    const waiting = cache.getOrLoad('k', () => 'own');
    expect(await timeToSettle(clock, waiting, FOR_EVER_MS)).toBeLessThanOrEqual(LEASE_MS - 500 + LOOK_MS);
    expect(await waiting).toBe('own');
    expect(recorder.of('lease-wait')[0]).toMatchObject({ outcome: 'freed' });
  });

  test('a holder who fails frees it: each of the others loads at most once itself', async () => {
    const { clock, open } = setUp(levels);
    const door = gate();
    const failing = open().cache.getOrLoad('k', () => door.pass().then(down));
    await door.reached;
    let loads = 0;
    const others = Array.from({ length: 5 }, () =>
      open().cache.getOrLoad('k', () => {
        loads++;
        return down();
      }),
    );
    const outcomes = Promise.allSettled([failing, ...others]);
    await clock.advance(100);
    expect(loads).toBe(0);
    door.open();
    expect(await timeToSettle(clock, outcomes, LEASE_MS)).toBeLessThan(LEASE_MS / 2);
    expect((await outcomes).map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'rejected'));
    expect(loads).toBe(5);
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['that doNotStore()', (cache: Cache<unknown>) => cache.getOrLoad('k', (context) => (context.doNotStore(), 1))],
    ['of undefined', (cache: Cache<unknown>) => cache.getOrLoad('k', () => undefined)], // oxlint-disable-line unicorn/no-useless-undefined
    ['of what cannot be encoded', (cache: Cache<unknown>) => cache.getOrLoad('k', () => () => 0)],
    ['that fails', (cache: Cache<unknown>) => cache.getOrLoad('k', down).catch(() => {})],
    ['of many', (cache: Cache<unknown>) => cache.getOrLoadMany(['k', 'l'], () => new Map([['l', 1]]))],
  ])('a load %s does not keep it', async (_, load) => {
    const { clock, open } = setUp(levels);
    await load(open().cache);
    await turn();
    const { cache, recorder } = open();
    expect(await timeToSettle(clock, cache.getOrLoad('k', () => 'own'), FOR_EVER_MS)).toBe(0); // prettier-ignore
    expect(recorder.of('lease-wait')).toEqual([]);
  });

  test('it is given back only when the value is there for who waits', async () => {
    const { clock, tiers, open } = setUp(levels);
    const writing = gate();
    const slow = tiers.map((tier) =>
      wrapTier(tier, { write: (...args) => writing.pass().then(() => tier.write(...args)) }),
    );
    expect(await open({ tiers: slow }).cache.getOrLoad('k', () => 'value')).toBe('value');
    await writing.reached;
    let loads = 0;
    const waiting = open().cache.getOrLoad('k', () => ++loads);
    await clock.advance(LEASE_MS / 2);
    expect(loads).toBe(0);
    expect(await hasSettled(waiting)).toBe(false);
    writing.open();
    await turn();
    await clock.advance(LOOK_MS);
    expect(await waiting).toBe('value');
  });

  test('a stale value is served instead of waiting', async () => {
    const { clock, open } = setUp(levels, { ttl: 1000, grace: 60_000 });
    await open().cache.set('k', 'stale');
    await clock.advance(1000);
    const door = gate();
    const holder = open({ softTimeoutMs: Infinity }).cache.getOrLoad('k', () => door.pass().then(() => 'new'));
    await door.reached;
    const at0 = open({ softTimeoutMs: 0 });
    expect(await timeToSettle(clock, at0.cache.getOrLoad('k', down), 0)).toBe(0);
    expect(at0.recorder.of('stale-hit')).toMatchObject([{ reason: 'revalidating' }]);
    expect(await timeToSettle(clock, open({ softTimeoutMs: 100 }).cache.getOrLoad('k', down), 200)).toBe(100);
    const patient = open({ softTimeoutMs: Infinity }).cache.getOrLoad('k', down);
    await clock.advance(500);
    expect(await hasSettled(patient)).toBe(false);
    door.open();
    await turn();
    await clock.advance(LOOK_MS);
    expect(await Promise.all([holder, patient])).toEqual(['new', 'new']);
  });

  test('ten processes that refresh the same stale entry load once, at once or one after the other', async () => {
    const { clock, open } = setUp(levels, { ttl: 1000, grace: 60_000, softTimeoutMs: 0 });
    await open().cache.set('k', 'old');
    const caches = Array.from({ length: 10 }, () => open().cache);
    for (const cache of caches) expect(await cache.get('k')).toBe('old');
    await clock.advance(1000);
    let loads = 0;
    const door = gate();
    const load = (): Promise<unknown> => {
      loads++;
      return door.pass().then(() => 'new');
    };
    for (const cache of caches.slice(0, 5)) expect(await cache.getOrLoad('k', load)).toBe('old');
    await clock.advance(100);
    door.open();
    await turn();
    await clock.advance(LOOK_MS);
    for (const cache of caches.slice(5)) expect(await cache.getOrLoad('k', load)).toBe('old');
    await clock.advance(LOOK_MS);
    for (const cache of caches) expect(cache.peek('k')).toBe('new');
    expect(loads).toBe(1);
  });

  describe.each(invalidations)('%s', (_, invalidate) => {
    test('voids it: who comes after loads at once, and who waits is not served the old value', async () => {
      const { clock, open } = setUp(levels);
      const { result, door } = await heldLoad(open().cache, 'old');
      const early = open().cache.getOrLoad('k', () => 'new');
      await clock.advance(100);
      expect(await hasSettled(early)).toBe(false);
      const { cache } = open();
      await invalidate(cache);
      const late = cache.getOrLoad('k', () => 'new');
      expect(await timeToSettle(clock, Promise.all([early, late]), FOR_EVER_MS)).toBeLessThanOrEqual(2 * LOOK_MS);
      expect(await Promise.all([early, late])).toEqual(['new', 'new']);
      door.open();
      expect(await result).toBe('old');
      await turn();
      expect(await open().cache.get('k')).toBe('new');
    });

    test('of this process’s own load: the next caller starts anew', async () => {
      const { clock, open } = setUp(levels);
      const { cache } = open();
      const { door } = await heldLoad(cache, 'old');
      await invalidate(cache);
      const next = cache.getOrLoad('k', () => 'new');
      expect(await timeToSettle(clock, next, FOR_EVER_MS)).toBeLessThanOrEqual(LOOK_MS);
      door.open();
      await turn();
      expect(cache.peek('k')).toBe('new');
    });
  });

  test('a load that its hard timeout has ended does not hold it: the next caller starts anew', async () => {
    const { clock, open } = setUp(levels, { leaseMs: 60_000 });
    const { cache } = open();
    const started = gate();
    const hung = cache.getOrLoad('k', () => started.pass(), { hardTimeoutMs: 500 });
    hung.catch(() => {});
    await started.reached;
    await clock.advance(500);
    await expect(hung).rejects.toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' });
    expect(await timeToSettle(clock, cache.getOrLoad('k', () => 'new'), FOR_EVER_MS)).toBeLessThanOrEqual(LOOK_MS); // prettier-ignore
  });

  test('a load that all its callers have left does not hold it, though its loader does not listen', async () => {
    const { clock, open } = setUp(levels, { leaseMs: 60_000 });
    const { cache } = open();
    const leaving = new AbortController();
    const started = gate();
    const left = cache.getOrLoad('k', () => started.pass(), { signal: leaving.signal });
    left.catch(() => {});
    await started.reached;
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(await timeToSettle(clock, cache.getOrLoad('k', () => 'new'), FOR_EVER_MS)).toBeLessThanOrEqual(LOOK_MS); // prettier-ignore
  });

  test('a caller who leaves while it waits is gone at once; its process loads nothing', async () => {
    const { clock, open } = setUp(levels);
    const { door } = await heldLoad(open().cache, 'value');
    const { cache } = open();
    const leaving = new AbortController();
    let loads = 0;
    const waiting = cache.getOrLoad('k', () => ++loads, { signal: leaving.signal });
    waiting.catch(() => {});
    await clock.advance(100);
    leaving.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await clock.advance(LOOK_MS);
    expect(loads).toBe(0);
    expect(cache.stats().loading).toBe(0);
    door.open();
    await turn();
    expect(clock.pending).toBe(0);
  });

  test('a deadline ends the wait for one caller', async () => {
    const { clock, open } = setUp(levels);
    await heldLoad(open().cache, 'value');
    const waiting = open().cache.getOrLoad('k', () => 'own', { deadlineMs: 200 });
    waiting.catch(() => {});
    expect(await timeToSettle(clock, waiting, FOR_EVER_MS)).toBe(200);
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CACHE_DEADLINE' });
  });

  test('close() ends the wait', async () => {
    const { clock, open } = setUp(levels);
    const { door } = await heldLoad(open().cache, 'value');
    const { cache } = open();
    const waiting = cache.getOrLoad('k', () => 'own');
    await clock.advance(100);
    await timeToSettle(clock, cache.close(), LOOK_MS);
    expect(await timeToSettle(clock, waiting.catch(() => 'refused'), LOOK_MS)).toBeLessThanOrEqual(LOOK_MS); // prettier-ignore
    door.open();
    await turn();
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('cannot'))],
    ['throws', () => { throw new Error('cannot'); }], // prettier-ignore
  ])('giving it back that %s is an event and nothing else', async (_, release) => {
    const { clock, tiers, open } = setUp(levels);
    const clumsy = tiers.map((tier) =>
      wrapTier(tier, {
        begin: async (...args) => {
          const begun = await tier.begin(...args);
          return typeof begun.lease === 'object' ? { ...begun, lease: { release } as Lease } : begun;
        },
      }),
    );
    const { cache, recorder } = open({ tiers: clumsy });
    expect(await cache.getOrLoad('k', () => 'value')).toBe('value');
    await turn();
    expect(recorder.of('tier-error')).toMatchObject(levels.map((tier) => ({ tier, operation: 'release' })));
    expect(await open().cache.get('k')).toBe('value');
    await timeToSettle(clock, cache.close(), FOR_EVER_MS);
    expect(clock.pending).toBe(0);
  });

  test('other keys and caches are not held up', async () => {
    const { clock, open } = setUp(levels);
    await heldLoad(open().cache, 'value');
    const others = [
      open().cache.getOrLoad('l', () => 1),
      open({ name: 'm' }).cache.getOrLoad('k', () => 1),
      open({ scope: 's' }).cache.getOrLoad('k', () => 1),
    ];
    expect(await timeToSettle(clock, Promise.all(others), 0)).toBe(0);
    expect(await open().cache.get('k')).toBeUndefined(); // Who only looks waits for nobody.
  });
});

describe('a tier that is late to say who holds the lease', () => {
  /** A crowd of processes at once makes any tier late. */
  const LATE_MS = 100;

  function crowd(lateMs: number) {
    const stage = setUp(['host'], { tierBudgetMs: 15 });
    const tiers = stage.tiers.map((tier) =>
      wrapTier(tier, {
        begin: async (...args: Parameters<SharedTier['begin']>) => {
          await new Promise<void>((resolve) => stage.clock.after(lateMs, resolve));
          return tier.begin(...args);
        },
      }),
    );
    return { ...stage, caches: Array.from({ length: 5 }, () => stage.open({ tiers }).cache) };
  }

  test('is waited for: still one load for all', async () => {
    const { clock, caches } = crowd(LATE_MS);
    let loads = 0;
    const answers = Promise.all(caches.map((cache) => cache.getOrLoad('k', () => ++loads)));
    expect(await timeToSettle(clock, answers, FOR_EVER_MS)).toBeLessThan(LEASE_MS);
    expect(await answers).toEqual([1, 1, 1, 1, 1]);
  });

  test('for a quarter of `leaseWaitMs`: one that hangs costs no more', async () => {
    const { clock, caches } = crowd(FOR_EVER_MS);
    expect(
      await timeToSettle(
        clock,
        caches[0]!.getOrLoad('k', () => 1),
        FOR_EVER_MS,
      ),
    ).toBeLessThanOrEqual(LEASE_MS / 4);
  });
});
