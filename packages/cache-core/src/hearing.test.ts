import { describe, expect, test } from 'vitest';
import type { UnsteadyBus } from './bus.fixture.ts';
import { MemoryBus, Pump } from './index.ts';
import { HEARERS, hearers, LIVE_MS } from './bus.fixture.ts';
import { down, hasSettled, heldLoad, openLevels } from './levels.fixture.ts';
import { gate, turn } from './tier.fixture.ts';

/** How often proofs are made. */
const BEAT_MS = 1000;

const troubles: [string, (bus: UnsteadyBus, on: boolean) => void][] = [
  ['loses messages', (bus, on) => void (bus.loses = on)],
  ['refuses messages', (bus, on) => void (bus.refuses = on)],
];

describe.each(HEARERS)('of %s', (kind) => {
  async function setUp() {
    const two = await hearers(kind);
    const { cache, recorder } = two.b.open();
    await turn();
    await cache.set('k', 'known');
    return { ...two, cache, recorder };
  }

  describe.each(troubles)('when the bus %s', (_, trouble) => {
    test('entries are believed as long as the last proof is valid, and no longer', async () => {
      const { clock, bus, cache, recorder } = await setUp();
      await clock.advance(10 * LIVE_MS);
      expect(cache.peek('k')).toBe('known'); // Control: proofs keep it alive.
      expect(recorder.of('hearing')).toEqual([]);
      trouble(bus, true);
      await clock.advance(LIVE_MS - BEAT_MS - 1);
      expect(cache.peek('k')).toBe('known');
      await clock.advance(BEAT_MS + 1);
      expect(cache.peek('k')).toBeUndefined();
      expect(await cache.get('k')).toBeUndefined();
      expect(await cache.getMany(['k'])).toEqual(new Map());
      expect(await cache.warm(['k'])).toBe(0);
      expect(recorder.of('hearing')).toEqual([{ type: 'hearing', state: 'deaf' }]);
    });

    test('past it they are loaded; what was known is served when the loader fails', async () => {
      const { clock, bus, cache, recorder } = await setUp();
      trouble(bus, true);
      await clock.advance(LIVE_MS);
      expect(await cache.getOrLoad('k', down)).toBe('known');
      expect(recorder.of('stale-hit')).toMatchObject([{ reason: 'error' }]);
      let loads = 0;
      const load = (): string => `loaded ${++loads}`;
      expect(await cache.getOrLoad('k', load)).toBe('loaded 1');
      expect(await cache.getOrLoad('k', load)).toBe('loaded 2');
      expect(await cache.getOrLoad('k', down)).toBe('loaded 2');
      await expect(cache.getOrLoad('unknown', down)).rejects.toThrow('source down');
      expect(await cache.getOrLoadMany(['k'], () => down())).toEqual(new Map([['k', 'loaded 2']]));
    });

    test('past it nobody is served while a load is running, although the soft timeout is 0', async () => {
      const { clock, bus, cache } = await setUp();
      trouble(bus, true);
      await clock.advance(LIVE_MS);
      const { result, door } = await heldLoad(cache, 'new');
      const joined = cache.getOrLoad('k', down, { softTimeoutMs: 0 });
      await clock.advance(10);
      for (const waiting of [result, joined]) expect(await hasSettled(waiting)).toBe(false);
      door.open();
      expect(await Promise.all([result, joined])).toEqual(['new', 'new']);
    });

    test('it ends with the next proof', async () => {
      const { clock, bus, cache, recorder } = await setUp();
      trouble(bus, true);
      await clock.advance(LIVE_MS);
      expect(cache.peek('k')).toBeUndefined();
      await cache.getOrLoad('k', () => 'loaded');
      trouble(bus, false);
      await clock.advance(BEAT_MS);
      expect(await cache.getOrLoad('k', down)).toBe('loaded');
      expect(cache.peek('k')).toBe('loaded');
      expect(recorder.of('hearing').map(({ state }) => state)).toEqual(['deaf', 'live']);
      await clock.advance(10 * LIVE_MS);
      expect(cache.peek('k')).toBe('loaded');
    });
  });

  test('who joins a refresh that began while it heard is served what it has when that fails', async () => {
    const { clock, bus, b } = await setUp();
    const { cache } = b.open({ ttl: 1000, grace: 60_000, name: 'm' });
    await turn();
    await cache.set('k', 'known');
    bus.loses = true;
    await clock.advance(1000);
    const door = gate();
    // 1. Stale and believed: served at once, while a refresh runs.
    expect(await cache.getOrLoad('k', () => door.pass().then(down))).toBe('known');
    await door.reached;
    // 2. Nobody vouches for it any more, so this caller waits for the refresh. 3. The refresh fails.
    await clock.advance(LIVE_MS);
    const joined = cache.getOrLoad('k', down).catch((error: unknown) => error);
    expect(await hasSettled(joined)).toBe(false);
    door.open();
    expect(await joined).toBe('known');
  });

  test('a bus that never takes a subscription is no proof', async () => {
    const { clock, bus, b } = await hearers(kind, {}, (unsteady) => (unsteady.refusesSubscribers = true));
    const { cache } = b.open();
    await cache.set('k', 'known');
    expect(cache.peek('k')).toBe('known'); // Believed at first, as after a proof.
    await clock.advance(3 * LIVE_MS);
    expect(bus.subscriptions).toBeGreaterThan(4); // Control: it has been tried again and again.
    expect(cache.peek('k')).toBeUndefined();
    expect(await cache.getOrLoad('k', down)).toBe('known');
    bus.refusesSubscribers = false;
    await clock.advance(BEAT_MS);
    const found = await cache.getOrLoad('k', () => 'new'); // From the cluster, where there is one.
    expect(cache.peek('k')).toBe(found);
  });
});

test('without a bus there is nothing to prove', async () => {
  for (const levels of [[], ['host'], ['host', 'cluster']]) {
    const { clock, open } = openLevels(levels, { ttl: 1_000_000 });
    const { cache, recorder } = open();
    await cache.set('k', 'known');
    await clock.advance(100 * LIVE_MS);
    expect(cache.peek('k')).toBe('known');
    expect(recorder.of('hearing')).toEqual([]);
  }
});

test('a process that starts on a deaf machine believes nothing, but has what was known if its loader fails', async () => {
  const { clock, bus, b } = await hearers('machines');
  await b.open().cache.set('k', 'known');
  expect(await b.open().cache.get('k')).toBe('known'); // Control.
  bus.loses = true;
  await clock.advance(LIVE_MS);
  const { cache, recorder } = b.open();
  expect(await cache.get('k')).toBeUndefined();
  expect(await cache.getOrLoad('k', down)).toBe('known');
  expect(recorder.of('hearing').map(({ state }) => state)).toEqual(['deaf']);
  expect(await b.open().cache.getOrLoad('k', () => 'new')).toBe('new');
  await turn();
  bus.loses = false;
  await clock.advance(BEAT_MS);
  expect(await b.open().cache.get('k')).toBe('new');
});

test('a machine with a bus and no pump trusts nothing that can become stale, and what cannot it does', async () => {
  const { clock, tiers, open } = openLevels(['host']);
  const bus = new MemoryBus();
  const { cache, recorder } = open({ bus });
  await cache.set('k', 'known');
  expect(cache.peek('k')).toBeUndefined();
  expect(await cache.getOrLoad('k', () => 'loaded')).toBe('loaded');
  expect(recorder.of('hearing')).toEqual([{ type: 'hearing', state: 'deaf' }]);
  const immutable = open({ bus, immutable: true, name: 'immutable' }).cache;
  await immutable.set('k', 'known');
  expect(await immutable.get('k')).toBe('known');
  const pump = new Pump({ bus, target: tiers[0]!, clock });
  await turn();
  await clock.advance(BEAT_MS);
  await cache.set('k', 'known');
  expect(await cache.get('k')).toBe('known');
  await pump.close();
});
