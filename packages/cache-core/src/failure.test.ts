import { describe, expect, test } from 'vitest';
import type { CacheOptions, SharedTier, TierOperation } from './index.ts';
import { createCache, createKeyspace, jsonCodec, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { gate, Recorder, timeToSettle, turn, wrapTier } from './tier.fixture.ts';

const BUDGET_MS = 15;
/** No call may take longer than this, whatever the tiers do. */
const FOR_EVER_MS = 60_000;

function setUp() {
  const clock = new FakeClock();
  const tier = new MemorySharedTier({ clock });
  const open = (tiers: readonly SharedTier[] = [tier], more: Partial<CacheOptions<unknown>> = {}) => {
    const recorder = new Recorder();
    const cache = createCache<unknown>({
      name: 'n',
      clock,
      tiers,
      tierBudgetMs: BUDGET_MS,
      onEvent: recorder.onEvent,
      ...more,
    });
    return { cache, recorder };
  };
  return { clock, tier, open };
}

const operations: TierOperation[] = ['read', 'begin', 'write', 'invalidate'];
const never = (): Promise<never> => new Promise(() => {});
const failures: [string, () => unknown][] = [
  ['rejects', () => Promise.reject(new Error('tier down'))],
  ['rejects with nothing', () => Promise.reject()], // oxlint-disable-line unicorn/no-useless-undefined
  ['throws', () => { throw new Error('tier broken'); }], // prettier-ignore
  ['hangs', never],
  ['answers undefined', async () => undefined],
  ['answers null', async () => null],
  ['answers text', async () => 'garbage'],
  ['answers a number', async () => 7],
  ['answers an empty object', async () => ({})],
  ['answers an empty list', async () => []],
  ['answers a list of null', async () => [null, null, null]],
  ['answers a list of text', async () => ['garbage']],
  ['answers frames that are text', async () => [{ bytes: 'garbage', stamps: { key: 1n, namespace: 1n, tags: [] } }]],
  ['answers frames without stamps', async () => [{ bytes: new Uint8Array(100) }]],
  ['answers a lease that is none', async () => ({ bytes: undefined, stamps: { key: 1n, namespace: 2n, tags: [] }, lease: {} })],
  ['answers without a promise', () => [{ bytes: undefined, stamps: {} }]],
]; // prettier-ignore

const broken = (tier: SharedTier, operation: string, fail: () => unknown): SharedTier =>
  wrapTier(tier, { [operation]: fail });

describe.each(operations)('a tier whose %s', (operation) => {
  test.each(failures)('%s never makes a working loader fail', async (_, fail) => {
    const { clock, tier, open } = setUp();
    const { cache } = open([broken(tier, operation, fail)]);
    const calls: [string, () => Promise<unknown>, unknown][] = [
      ['getOrLoad', () => cache.getOrLoad('k', () => ({ n: 1 })), { n: 1 }],
      ['a second getOrLoad', () => cache.getOrLoad('k', () => ({ n: 2 })), { n: 1 }],
      ['get', () => cache.get('k'), { n: 1 }],
      ['getMany', () => cache.getMany(['k', 'none']), new Map([['k', { n: 1 }]])],
      ['warm', () => cache.warm(['k', 'none']), 1],
      ['set', () => cache.set('s', 1), undefined],
      ['get after set', () => cache.get('s'), 1],
      ['delete', () => cache.delete('k'), expect.objectContaining({ pending: expect.any(Boolean) as boolean })],
      ['clear', () => cache.clear(), expect.objectContaining({ pending: expect.any(Boolean) as boolean })],
      ['getOrLoad after clear', () => cache.getOrLoad('l', () => null), null],
      ['close', () => cache.close(), undefined],
    ];
    for (const [name, call, expected] of calls) {
      const result = call();
      await timeToSettle(clock, result, FOR_EVER_MS);
      expect({ [name]: await result }).toEqual({ [name]: expected });
    }
    expect(clock.pending).toBe(0);
  });

  test('fails is told, and counted', async () => {
    const { tier, open } = setUp();
    const error = new Error('tier down');
    const { cache, recorder } = open([broken(tier, operation, () => Promise.reject(error))]);
    await cache.getOrLoad('k', () => 1);
    await cache.delete('k');
    await cache.close();
    const told = recorder.of('tier-error');
    expect(told.length).toBeGreaterThan(0);
    for (const event of told) expect(event).toMatchObject({ tier: 'host', operation, error });
    expect(cache.stats().tierErrors).toBe(told.length);
  });
});

test('the same, of all operations and of two tiers at once', async () => {
  const { clock, tier, open } = setUp();
  for (const [name, fail] of failures) {
    const all = wrapTier(tier, Object.fromEntries(operations.map((operation) => [operation, fail])));
    const { cache } = open([all, all]);
    for (const call of [() => cache.getOrLoad('k', () => 1), () => cache.getOrLoad('k', () => 2)]) {
      const result = call();
      await timeToSettle(clock, result, FOR_EVER_MS);
      expect({ [name]: await result }).toEqual({ [name]: 1 });
    }
    const closing = cache.close();
    await timeToSettle(clock, closing, FOR_EVER_MS);
  }
});

test('a tier whose own time is broken is no better', async () => {
  const { tier, open } = setUp();
  await open().cache.set('k', 'stored');
  const timeless = wrapTier(tier, {
    now: () => {
      throw new Error('no time');
    },
  });
  expect(await open([timeless]).cache.getOrLoad('k', () => 'loaded')).toBe('loaded');
});

describe('a tier that hangs', () => {
  test.each([[['read']], [['begin']], [['read', 'begin']]])(
    'in %j costs a cold key the budget and no more',
    async (hanging) => {
      const { clock, tier, open } = setUp();
      const hung = wrapTier(tier, Object.fromEntries(hanging.map((operation) => [operation, never])));
      for (const tiers of [[hung], [hung, hung], [tier, hung]]) {
        const { cache, recorder } = open(tiers);
        for (const call of [
          () => cache.getOrLoad('k', () => 1),
          () => cache.getMany(['a', 'b']),
          () => cache.get('c'),
        ]) {
          expect(await timeToSettle(clock, call(), FOR_EVER_MS)).toBeLessThanOrEqual(BUDGET_MS);
        }
        expect(await cache.get('k')).toBe(1);
        await cache.delete('k');
        for (const event of recorder.of('tier-timeout'))
          expect(event).toMatchObject({ tier: 'host', budgetMs: BUDGET_MS });
        expect(recorder.of('tier-timeout').length).toBeGreaterThan(0);
        await cache.clear();
      }
    },
  );

  test('costs a hot key nothing', async () => {
    const { clock, tier, open } = setUp();
    const { cache } = open([wrapTier(tier, { read: never, begin: never })]);
    await timeToSettle(clock, cache.getOrLoad('k', () => 1), FOR_EVER_MS); // prettier-ignore
    expect(
      await timeToSettle(
        clock,
        cache.getOrLoad('k', () => 2),
        0,
      ),
    ).toBe(0);
    expect(await timeToSettle(clock, cache.get('k'), 0)).toBe(0);
  });

  test('in write does not hold up the caller of a load', async () => {
    const { clock, tier, open } = setUp();
    const { cache } = open([wrapTier(tier, { write: never })]);
    expect(
      await timeToSettle(
        clock,
        cache.getOrLoad('k', () => 1),
        0,
      ),
    ).toBe(0);
  });

  test('and answers after all is not listened to any more', async () => {
    const { clock, tier, open } = setUp();
    await open().cache.set('k', 'stored');
    const outcomes = [
      () => tier.read([]),
      () => Promise.reject(new Error('late')),
      () => Promise.resolve(null as never),
    ];
    for (const answer of outcomes) {
      const door = gate();
      const late = wrapTier(tier, { read: () => door.pass().then(answer), begin: never });
      const { cache, recorder } = open([late]);
      const loading = cache.getOrLoad('k', () => 'loaded');
      await timeToSettle(clock, loading, BUDGET_MS);
      door.open();
      await turn();
      expect(await loading).toBe('loaded');
      expect(cache.peek('k')).toBe('loaded');
      expect(recorder.of('tier-error')).toEqual([]);
    }
  });

  test('comes back: the next lookup uses it again', async () => {
    const { clock, tier, open } = setUp();
    await open().cache.set('k', 'stored');
    let hangs = true;
    const moody = wrapTier(tier, {
      read: (entries) => (hangs ? never() : tier.read(entries)),
      begin: (...args) => (hangs ? never() : tier.begin(...args)),
    });
    const { cache } = open([moody]);
    await timeToSettle(clock, cache.get('k'), BUDGET_MS);
    hangs = false;
    expect(await cache.get('k')).toBe('stored');
  });
});

describe('an invalidation a tier has not acknowledged', () => {
  test.each([
    ['rejects', () => Promise.reject(new Error('down'))],
    ['hangs', never],
  ])('is pending: the tier %s', async (_, fail) => {
    const { clock, tier, open } = setUp();
    const { cache, recorder } = open([broken(tier, 'invalidate', fail)]);
    for (const call of [() => cache.delete('k'), () => cache.clear()]) {
      await timeToSettle(clock, cache.set('k', 1), FOR_EVER_MS);
      const result = call();
      expect(cache.peek('k')).toBeUndefined();
      await timeToSettle(clock, result, FOR_EVER_MS);
      expect(await result).toEqual({ pending: true });
    }
    expect(recorder.of('invalidation').map((event) => event.pending)).toEqual([true, true]);
  });

  test('reaches the other tiers all the same', async () => {
    const { clock, tier, open } = setUp();
    const cluster = new MemorySharedTier({ name: 'cluster', clock });
    const bad = broken(tier, 'invalidate', () => Promise.reject(new Error('down')));
    await open([cluster]).cache.set('k', 1);
    expect(await open([bad, cluster]).cache.delete('k')).toEqual({ pending: true });
    expect(await open([cluster]).cache.get('k')).toBeUndefined();
  });
});

function refuse(): never {
  throw new Error('not mine');
}

describe('a stored entry that is not what it should be is a miss and an event', () => {
  const keyspace = createKeyspace({ name: 'n' });

  /** The tier with one entry under `k`, and a way to replace its bytes. */
  async function stored() {
    const { clock, tier, open } = setUp();
    await open().cache.set('k', { text: 'good' });
    await open().cache.set('other', { text: 'other' });
    const bytesOf = async (key: string): Promise<Uint8Array> => {
      const [frame] = await tier.read([keyspace.refOf(key)]);
      if (frame?.bytes === undefined) throw new Error('nothing is stored');
      return Uint8Array.from(frame.bytes);
    };
    const replace = (bytes: Uint8Array): Promise<void> => tier.write(keyspace.refOf('k'), bytes, { ttlMs: 60_000 });
    return { clock, tier, open, bytesOf, replace };
  }

  const damages: [string, string, (bytes: Uint8Array, other: Uint8Array) => Uint8Array][] = [
    ['one bit of the value', 'checksum', (bytes) => (bytes.set([bytes.at(-1)! ^ 1], bytes.length - 1), bytes)],
    ['one bit of a stamp', 'checksum', (bytes) => (bytes.set([bytes[45]! ^ 1], 45), bytes)],
    ['cut in its value', 'checksum', (bytes) => bytes.subarray(0, -3)],
    ['cut in its header', 'truncated', (bytes) => bytes.subarray(0, 30)],
    ['emptied', 'truncated', () => new Uint8Array()],
    ['of another program', 'foreign', () => new TextEncoder().encode('{"json":"of another program, long enough to be a frame"}     ')],
    ['of a newer version', 'version', (bytes) => (bytes.set([9], 2), bytes)],
    ['moved here from another key', 'moved', (_, other) => other],
  ]; // prettier-ignore

  test.each(damages)('%s: %s', async (_, fault, damage) => {
    const { open, bytesOf, replace } = await stored();
    await replace(damage(await bytesOf('k'), await bytesOf('other')));
    const { cache, recorder } = open();
    expect(await cache.get('k')).toBeUndefined();
    expect(recorder.of('frame-fault')).toMatchObject([{ tier: 'host', fault }]);
    expect(cache.stats().frameFaults).toBe(1);
    expect(await cache.getMany(['k', 'other'])).toEqual(new Map([['other', { text: 'other' }]]));
    expect(await cache.getOrLoad('k', () => ({ text: 'loaded' }))).toEqual({ text: 'loaded' });
    await turn();
    expect(await open().cache.get('k')).toEqual({ text: 'loaded' });
  });

  test('written by another codec', async () => {
    const { open } = await stored();
    const { cache, recorder } = open(undefined, { codec: { ...jsonCodec(), id: 'json/2' } });
    expect(await cache.getOrLoad('k', () => 'loaded')).toBe('loaded');
    expect(recorder.of('frame-fault')[0]).toMatchObject({ fault: 'codec' });
  });

  test('refused by its own codec', async () => {
    const { open } = await stored();
    const { cache, recorder } = open(undefined, { codec: { ...jsonCodec(), decode: refuse } });
    expect(await cache.get('k')).toBeUndefined();
    expect(recorder.of('frame-fault')[0]).toMatchObject({ fault: 'payload' });
  });

  test('moved here from another scope', async () => {
    const { clock, tier, open, replace } = await stored();
    const foreign = createCache<unknown>({ name: 'n', scope: 'evil', clock, tiers: [tier] });
    await foreign.set('k', 'of evil');
    const [frame] = await tier.read([createKeyspace({ name: 'n', scope: 'evil' }).refOf('k')]);
    await replace(frame!.bytes!);
    expect(await open().cache.get('k')).toBeUndefined();
  });

  test('put back after it was invalidated', async () => {
    const { open, bytesOf, replace } = await stored();
    const old = await bytesOf('k');
    await open().cache.delete('k');
    await replace(old);
    expect(await open().cache.get('k')).toBeUndefined();
    expect(await open().cache.getOrLoad('k', () => 'new')).toBe('new');
    await replace(old);
    expect(await open().cache.get('k')).toBeUndefined();
  });
});
