import { describe, expect, test, vi } from 'vitest';
import type { Bus, Cache, CacheOptions, Invalidation, SharedTier } from './index.ts';
import { MemoryBus } from './index.ts';
import { down, openLevels } from './levels.fixture.ts';
import type { Recorder } from './tier.fixture.ts';
import { gate, timeToSettle, turn, wrapTier } from './tier.fixture.ts';

/** Within this time after a tier is back, everything it has missed has been repeated. */
const REPEATED_MS = 20_000;

const invalidations: [string, (cache: Cache<unknown>) => Promise<unknown>][] = [
  ['delete', (cache) => cache.delete('k')],
  ['delete of several', (cache) => cache.delete('x', 'k')],
  ['invalidateTags', (cache) => cache.invalidateTags('t')],
  ['clear', (cache) => cache.clear()],
  ['softInvalidate', (cache) => cache.softInvalidate('k')],
  ['softInvalidateTags', (cache) => cache.softInvalidateTags('t')],
  ['softClear', (cache) => cache.softClear()],
];

const refusals: [string, () => Promise<never>][] = [
  ['refuses', () => Promise.reject(new Error('tier down'))],
  ['hangs', () => new Promise(() => {})],
];

/** A cluster that answers everything but invalidations while it is `deaf`, so that it still gives the old value. */
function setUp(
  levels: readonly string[],
  common: Partial<CacheOptions<unknown>> = {},
  { hasOutbox = true }: { hasOutbox?: boolean } = {},
) {
  const { clock, tiers, open } = openLevels(levels, { tagsOf: () => ['t'], backOffMs: 0, ...common });
  const heard: Invalidation[] = [];
  const cluster = tiers.at(-1)!;
  const state = { refusal: undefined as (() => Promise<never>) | undefined, heard, attempts: 0 };
  const moody = wrapTier(cluster, {
    invalidate: async (invalidation) => {
      state.attempts++;
      if (state.refusal !== undefined) return state.refusal();
      heard.push(invalidation);
      return cluster.invalidate(invalidation);
    },
  });
  const nearer = tiers.slice(0, -1).map((tier) => (hasOutbox ? tier : wrapTier(tier, { outbox: undefined })));
  const over: readonly SharedTier[] = [...nearer, moody];
  return {
    clock,
    state,
    host: tiers[0]!,
    /** A process of this machine. */
    open: (more: Partial<CacheOptions<unknown>> = {}) => open({ tiers: over, ...more }),
    /** A process elsewhere, which only shares the cluster and hears of nothing. */
    elsewhere: () => open({ tiers: [cluster] }).cache,
  };
}

const pendingTold = (recorder: Recorder): [string, number][] =>
  recorder.of('outbox').map(({ to, pending }) => [to, pending]);

describe.each([{ levels: ['cluster'] }, { levels: ['host', 'cluster'] }])('over $levels', ({ levels }) => {
  describe.each(refusals)('a cluster that %s', (_, refusal) => {
    test.each(invalidations)('%s is pending, and repeated until it has arrived', async (__, invalidate) => {
      const { clock, state, open, elsewhere } = setUp(levels);
      const { cache, recorder } = open();
      await cache.set('k', 'old');
      state.refusal = refusal;
      const result = invalidate(cache);
      expect(cache.peek('k')).toBeUndefined();
      await timeToSettle(clock, result, REPEATED_MS);
      expect(await result).toEqual({ pending: true });
      expect(pendingTold(recorder)).toEqual([['cluster', 1]]);
      expect(await elsewhere().get('k')).toBe('old'); // Control: the cluster still gives the old value.
      const tried = state.attempts;
      await clock.advance(REPEATED_MS);
      expect(state.attempts).toBeGreaterThan(tried);
      expect(state.attempts).toBeLessThan(tried + 500);
      expect(await elsewhere().get('k')).toBe('old');
      state.refusal = undefined;
      await clock.advance(REPEATED_MS);
      expect(await elsewhere().get('k')).toBeUndefined();
      expect(pendingTold(recorder).at(-1)).toEqual(['cluster', 0]);
      const arrived = state.attempts;
      await clock.advance(REPEATED_MS);
      expect(state.attempts).toBe(arrived);
      expect(clock.pending).toBe(0);
    });

    test.each(invalidations)('after %s it is not read by this cache until then', async (name, invalidate) => {
      const { clock, state, open, elsewhere } = setUp(levels);
      const { cache } = open();
      await cache.set('k', 'old');
      state.refusal = refusal;
      await timeToSettle(clock, invalidate(cache), REPEATED_MS);
      expect(await elsewhere().get('k')).toBe('old');
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.getMany(['k'])).toEqual(new Map());
      expect(await cache.warm(['k'])).toBe(0);
      expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
      expect(await cache.getOrLoadMany(['k'], () => new Map([['k', 'never']]))).toEqual(new Map([['k', 'new']]));
      await turn();
      expect(cache.peek('k')).toBe('new');
      expect(await elsewhere().get('k')).toBe('old');
      state.refusal = undefined;
      await clock.advance(REPEATED_MS);
      await elsewhere().set('k', 'of another');
      await elsewhere().set('l', 'of another');
      expect(await cache.get('l')).toBe('of another');
      if (name === 'softInvalidate') await cache.delete('k');
    });
  });

  test('set does not leave the old value either', async () => {
    const { clock, state, open, elsewhere } = setUp(levels);
    const { cache, recorder } = open();
    await cache.set('k', 'old');
    const reader = elsewhere();
    state.refusal = refusals[0]![1];
    await timeToSettle(clock, cache.set('k', 'set'), REPEATED_MS);
    expect(pendingTold(recorder)).toEqual([['cluster', 1]]);
    expect(await cache.get('k')).toBe('set');
    state.refusal = undefined;
    await clock.advance(REPEATED_MS);
    expect(await reader.get('k')).not.toBe('old');
    expect(await cache.getOrLoad('k', () => 'set')).toBe('set');
  });

  test('this process does not take its own unfinished invalidation for one of others', async () => {
    const { clock, state, open } = setUp(levels);
    const { cache } = open();
    state.refusal = refusals[0]![1];
    await cache.set('k', 'set');
    expect(cache.peek('k')).toBe('set');
    await cache.delete('l');
    const door = gate();
    let loads = 0;
    const load = (): Promise<unknown> => door.pass().then(() => ++loads);
    const first = cache.getOrLoad('l', load);
    await door.reached;
    await clock.advance(10);
    expect(cache.peek('k')).toBe('set');
    const second = cache.getOrLoad('l', load);
    door.open();
    expect(await Promise.all([first, second])).toEqual([1, 1]);
  });

  test('a load in flight is neither stored nor joined, although the invalidation has not arrived', async () => {
    const { state, open } = setUp(levels);
    const { cache } = open();
    const door = gate();
    const result = cache.getOrLoad('k', () => door.pass().then(() => 'old'));
    await door.reached;
    state.refusal = refusals[0]![1];
    expect(await cache.delete('k')).toEqual({ pending: true });
    const after = cache.getOrLoad('k', () => 'new');
    door.open();
    expect(await Promise.all([result, after])).toEqual(['old', 'new']);
    await turn();
    expect(cache.peek('k')).toBe('new');
  });

  test('a soft one that is repeated stays soft', async () => {
    const { clock, state, open, elsewhere } = setUp(levels);
    const { cache } = open();
    await cache.set('k', 'old');
    state.refusal = refusals[0]![1];
    await cache.softInvalidate('k');
    await clock.advance(1000);
    state.refusal = undefined;
    await clock.advance(REPEATED_MS);
    expect(await elsewhere().get('k')).toBeUndefined();
    expect(await elsewhere().getOrLoad('k', down)).toBe('old');
    expect(await cache.getOrLoad('k', down)).toBe('old');
  });

  test('other namespaces are read as before', async () => {
    const { state, open } = setUp(levels);
    await open({ name: 'other' }).cache.set('k', 'of other');
    const [cache, other] = [open().cache, open({ name: 'other' }).cache];
    state.refusal = refusals[0]![1];
    expect(await cache.delete('k')).toEqual({ pending: true });
    expect(await other.get('k')).toBe('of other');
  });

  test('G1: what was loaded after it is not thrown away each time it is repeated', async () => {
    const { clock, state, open } = setUp(levels);
    const { cache } = open();
    await cache.set('k', 'old');
    state.refusal = refusals[0]![1];
    await cache.delete('k');
    let loads = 0;
    for (let second = 0; second < 20; second++) {
      expect(await cache.getOrLoad('k', () => `new ${++loads}`)).toContain('new');
      await clock.advance(1000);
    }
    expect(loads).toBe(1); // One key, one invalidation.
  });

  test('one that is added while others are repeated is not forgotten', async () => {
    const { clock, state, open, elsewhere } = setUp(levels);
    const { cache, recorder } = open();
    await cache.set('k', 'old');
    await cache.set('l', 'old');
    state.refusal = refusals[0]![1];
    await cache.delete('k');
    const repeating = gate();
    state.refusal = () => repeating.pass().then(() => Promise.reject(new Error('tier down')));
    await clock.advance(1000);
    await repeating.reached;
    state.refusal = refusals[0]![1];
    expect(await cache.delete('l')).toEqual({ pending: true });
    state.refusal = undefined;
    repeating.open();
    await turn();
    expect(await cache.get('l')).toBeUndefined();
    await clock.advance(REPEATED_MS);
    for (const key of ['k', 'l']) expect(await elsewhere().get(key)).toBeUndefined();
    expect(pendingTold(recorder).at(-1)).toEqual(['cluster', 0]);
  });

  test('more than 1000 are repeated as one of the whole namespace', async () => {
    const { clock, state, open, elsewhere } = setUp(levels);
    const { cache, recorder } = open();
    await cache.set('k', 'old');
    await cache.set('never invalidated', 'old');
    state.refusal = refusals[0]![1];
    await cache.delete('k');
    for (let id = 2; id <= 1000; id++) await cache.delete(`${id}`);
    expect(pendingTold(recorder).at(-1)).toEqual(['cluster', 1000]); // Control: so far each is its own.
    await cache.delete('1001');
    expect(pendingTold(recorder).at(-1)).toEqual(['cluster', 1]);
    state.refusal = undefined;
    await clock.advance(REPEATED_MS);
    expect(state.heard.filter(({ kind }) => kind === 'keys').length).toBeLessThanOrEqual(4);
    expect(state.heard).toContainEqual(expect.objectContaining({ kind: 'namespace' }));
    for (const key of ['k', 'never invalidated']) expect(await elsewhere().get(key)).toBeUndefined();
    expect(pendingTold(recorder).at(-1)).toEqual(['cluster', 0]);
  });

  test.each(refusals)('close() ends the repetition by a cluster that %s', async (_, refusal) => {
    const { clock, state, open } = setUp(levels);
    for (const waitMs of [0, 100, 250, 1000]) {
      state.refusal = refusal;
      const { cache } = open();
      await timeToSettle(clock, cache.delete('k'), REPEATED_MS);
      await clock.advance(waitMs);
      await timeToSettle(clock, cache.close(), REPEATED_MS);
      expect(clock.pending).toBe(0);
      const tried = state.attempts;
      await clock.advance(REPEATED_MS);
      expect(state.attempts).toBe(tried);
      await timeToSettle(clock, cache.delete('k'), REPEATED_MS); // Nobody would repeat it any more.
      expect(clock.pending).toBe(0);
    }
  });
});

describe('what a neighbour has promoted from a cluster that refuses, on a machine without an outbox', () => {
  async function setUpPromoted() {
    const world = setUp(['host', 'cluster'], {}, { hasOutbox: false });
    const { cache } = world.open();
    await cache.set('k', 'old');
    world.state.refusal = refusals[0]![1];
    // 1. The host is invalidated, the cluster is not. 2. A neighbour, who knows nothing of it, reads the old value there.
    expect(await cache.delete('k')).toEqual({ pending: true });
    const neighbour = world.open().cache;
    expect(await neighbour.get('k')).toBe('old');
    await turn(); // 3. It is in the host again.
    return { ...world, cache, neighbour };
  }

  test('is gone when the invalidation has arrived', async () => {
    const { clock, state, open, cache, neighbour } = await setUpPromoted();
    state.refusal = undefined;
    await clock.advance(REPEATED_MS);
    expect(neighbour.peek('k')).toBeUndefined();
    for (const each of [cache, neighbour, open().cache]) expect(await each.get('k')).toBeUndefined();
  });

  test('is not served by who has invalidated it', async () => {
    const { cache } = await setUpPromoted();
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.getOrLoad('k', () => 'new')).toBe('new');
  });
});

describe('the outbox of a machine', () => {
  const setUpOwing = async () => {
    const world = setUp(['host', 'cluster']);
    const { cache } = world.open();
    await cache.set('k', 'old');
    await cache.set('beside', 'kept');
    world.state.refusal = refusals[0]![1];
    return { ...world, cache, outbox: world.host.outbox! };
  };

  test('nobody on the machine looks for what it owes to the cluster there; for the rest everybody does', async () => {
    const { open, cache, outbox } = await setUpOwing();
    expect(await cache.delete('k')).toEqual({ pending: true });
    expect(outbox.owed()).toHaveLength(1);
    const neighbour = open().cache;
    expect(await neighbour.get('k')).toBeUndefined();
    expect(await neighbour.getOrLoad('k', () => 'new')).toBe('new');
    expect(await neighbour.get('beside')).toBe('kept');
  });

  test('has an invalidation before any tier hears of it, and no longer when it has arrived everywhere', async () => {
    const { open, outbox, host, state, clock } = await setUpOwing();
    state.refusal = undefined;
    const owedThen: number[] = [];
    const telling = wrapTier(host, {
      invalidate: (what) => {
        owedThen.push(outbox.owed().length);
        return host.invalidate(what);
      },
    });
    const cluster = setUp(['cluster']).host;
    const cache = open({ tiers: [telling, cluster] }).cache;
    expect(await cache.delete('k')).toEqual({ pending: false });
    expect(owedThen).toEqual([1, 1]);
    await clock.advance(1);
    expect(outbox.owed()).toEqual([]);
  });

  test('is emptied when what was pending has arrived', async () => {
    const { cache, outbox, state, clock } = await setUpOwing();
    await cache.delete('k');
    await cache.invalidateTags('t');
    expect(outbox.owed()).toHaveLength(2);
    state.refusal = undefined;
    await clock.advance(REPEATED_MS);
    expect(outbox.owed()).toEqual([]);
  });

  test('keeps what a closed cache has not delivered', async () => {
    const { cache, outbox, open } = await setUpOwing();
    await cache.delete('k');
    await cache.close();
    expect(outbox.owed()).toHaveLength(1);
    expect(await open().cache.get('k')).toBeUndefined();
  });

  test('that fails holds nothing up', async () => {
    const { open, host, state } = await setUpOwing();
    state.refusal = undefined;
    const broken = { owe: () => Promise.reject(new Error('disk full')), settle: async () => {}, owed: () => [] };
    const { cache } = open({ tiers: [wrapTier(host, { outbox: broken })] });
    expect(await cache.delete('k')).toEqual({ pending: false });
  });

  test('is not asked where there is nobody to owe to', async () => {
    const { tiers, open } = openLevels(['host']);
    const owed = vi.spyOn(tiers[0]!.outbox!, 'owe');
    await open().cache.delete('k');
    expect(owed).not.toHaveBeenCalled();
  });
});

describe('who is known to be away', () => {
  /** How soon after its return it must have heard; others are to be right within 100 ms. */
  const SOON_MS = 25;

  test('is not troubled, without an event, and a tier is told as soon as it is back', async () => {
    const { clock, tiers, open } = openLevels(['host', 'cluster'], { tagsOf: () => ['t'] });
    const [host, cluster] = [tiers[0]!, tiers[1]!];
    const state = { isAvailable: true };
    const invalidate = vi.fn<SharedTier['invalidate']>((what) => cluster.invalidate(what));
    const far = wrapTier(cluster, {
      invalidate,
      get isAvailable() {
        return state.isAvailable;
      },
    });
    const { cache, recorder } = open({ tiers: [host, far] });
    await cache.set('k', 'old');
    invalidate.mockClear();
    state.isAvailable = false;
    expect(await cache.delete('k')).toEqual({ pending: true });
    await clock.advance(REPEATED_MS);
    expect(invalidate).not.toHaveBeenCalled();
    expect(recorder.of('tier-error')).toEqual([]);
    state.isAvailable = true;
    await clock.advance(SOON_MS);
    expect(invalidate).toHaveBeenCalled();
    expect(pendingTold(recorder).at(-1)).toEqual(['cluster', 0]);
  });

  test('a bus is told as soon as it is back', async () => {
    const { clock, open } = openLevels(['cluster']);
    const state = { isAvailable: false };
    const inner = new MemoryBus();
    const publish = vi.fn<Bus['publish']>((what) => inner.publish(what));
    const bus: Bus = {
      get isAvailable() {
        return state.isAvailable;
      },
      publish,
      subscribe: (...args) => inner.subscribe(...args),
    };
    const { cache, recorder } = open({ bus });
    await turn();
    publish.mockClear();
    expect(await cache.delete('k')).toEqual({ pending: true });
    await clock.advance(500);
    const ofIt = (): number => publish.mock.calls.filter(([what]) => what.namespace !== '~heartbeat').length;
    expect(ofIt()).toBe(0);
    state.isAvailable = true;
    await clock.advance(SOON_MS);
    expect(ofIt()).toBe(1);
    expect(pendingTold(recorder).at(-1)).toEqual(['bus', 0]);
    await cache.close();
  });
});

describe('a bus that takes no messages', () => {
  function broken(bus: MemoryBus) {
    const state = { refuses: false, accepted: [] as Invalidation[] };
    const moody: Bus = {
      subscribe: (...args) => bus.subscribe(...args),
      publish: async (invalidation) => {
        if (state.refuses) throw new Error('bus down');
        if (invalidation.namespace.includes(':')) state.accepted.push(invalidation);
        return bus.publish(invalidation);
      },
    };
    return { state, bus: moody };
  }

  function lone() {
    const { state, bus } = broken(new MemoryBus());
    const { clock, open } = openLevels([], { bus, tagsOf: () => ['t'], backOffMs: 0 });
    return { clock, state, open };
  }

  test.each(invalidations)('%s is pending, and published when it takes some again', async (_, invalidate) => {
    const { clock, state, open } = lone();
    const [{ cache, recorder }, other] = [open(), open().cache];
    await turn();
    await other.set('k', 'old');
    state.refuses = true;
    expect(await invalidate(cache)).toEqual({ pending: true });
    expect(other.peek('k')).toBe('old'); // Control: it has heard of nothing.
    expect(recorder.of('bus-error')).toMatchObject([{ operation: 'publish', error: new Error('bus down') }]);
    expect(pendingTold(recorder)).toEqual([['bus', 1]]);
    await clock.advance(1000);
    state.refuses = false;
    await clock.advance(REPEATED_MS);
    expect(other.peek('k')).toBeUndefined();
    expect(pendingTold(recorder).at(-1)).toEqual(['bus', 0]);
    await Promise.all([cache.close(), other.close()]);
    expect(clock.pending).toBe(0);
  });

  test('the tiers, which have acknowledged, are still read', async () => {
    const { state, bus } = broken(new MemoryBus());
    const { open } = openLevels(['cluster'], { bus });
    const [cache, other] = [open().cache, open().cache];
    await turn();
    state.refuses = true;
    expect(await cache.delete('k')).toEqual({ pending: true });
    await other.getOrLoad('l', () => 'of another');
    await turn();
    expect(await cache.get('l')).toBe('of another');
  });

  test('a value just set survives the repetition of its own message', async () => {
    const { clock, state, open } = lone();
    const { cache } = open();
    await turn();
    state.refuses = true;
    await cache.set('k', 'set');
    expect(cache.peek('k')).toBe('set');
    await clock.advance(1000);
    state.refuses = false;
    await clock.advance(1000);
    expect(state.accepted.length).toBeGreaterThan(0);
    expect(cache.peek('k')).toBe('set');
  });

  test('nothing is published before the tiers have acknowledged', async () => {
    const { state, bus } = broken(new MemoryBus());
    const { clock, state: cluster, open } = setUp(['cluster'], { bus });
    const { cache } = open();
    await turn();
    await cache.delete('k');
    expect(state.accepted).toHaveLength(1); // Control.
    cluster.refusal = refusals[0]![1];
    await cache.delete('k');
    await clock.advance(1000);
    expect(state.accepted).toHaveLength(1);
    cluster.refusal = undefined;
    await clock.advance(REPEATED_MS);
    expect(state.accepted).toHaveLength(2);
  });
});
