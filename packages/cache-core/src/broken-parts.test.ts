import { afterEach, describe, expect, test } from 'vitest';
import type { Bus, Codec, Invalidation } from './index.ts';
import { bytesCodec, createCache, MemoryBus, MemorySharedTier, Pump } from './index.ts';
import { FakeClock } from './testing/index.ts';
import { Recorder, turn, wrapTier } from './tier.fixture.ts';

const warnings: Error[] = [];
const listen = (warning: Error): number => warnings.push(warning);
afterEach(() => {
  process.off('warning', listen);
  warnings.length = 0;
});

describe('a codec that cannot tell the size of a value', () => {
  const sizes: [string, (value: Uint8Array) => number][] = [
    ['is not whole', (value) => value.length * 1.5],
    ['is not a number', () => Number.NaN],
    ['is negative', () => -1],
    ['throws', () => { throw new Error('no size'); }], // prettier-ignore
  ];

  test.each(sizes)('whose size %s makes no working loader fail, alone or in a batch', async (_, sizeOf) => {
    const codec: Codec<Uint8Array> = { ...bytesCodec, sizeOf };
    const tier = new MemorySharedTier();
    const value = new Uint8Array(5);
    // What lies in the tier was written by a process with a codec that works.
    await createCache({ name: 'n', codec: bytesCodec, tiers: [tier] }).set('below', value);
    const cache = createCache({ name: 'n', codec, tiers: [tier] });
    expect(await cache.getOrLoad('k', () => value)).toEqual(value);
    expect(await cache.get('below')).toEqual(value);
    expect(await cache.getOrLoadMany(['below', 'l'], () => new Map([['l', value]]))).toEqual(
      new Map([
        ['below', value],
        ['l', value],
      ]),
    );
    expect(cache.stats().loading).toBe(0);
  });
});

test('a listener that rejects becomes a process warning', async () => {
  process.on('warning', listen);
  // As it is written by those whose compiler does not mind.
  const onEvent = (): void => Promise.reject(new Error('listener down')) as unknown as void;
  const cache = createCache<string>({ name: 'n', onEvent });
  expect(await cache.getOrLoad('k', () => 'v', { onOutcome: onEvent })).toBe('v');
  await turn();
  expect(warnings.map(({ message }) => message)).toContain('listener down');
});

describe('a pump', () => {
  test('takes a message that it does not understand for a gap, and goes on hearing', async () => {
    const clock = new FakeClock();
    const bus = new MemoryBus();
    const recorder = new Recorder();
    const cache = createCache<string>({ name: 'n', clock, bus, onEvent: recorder.onEvent });
    await turn();
    await cache.set('k', 'v');
    await bus.publish({ kind: 'keys', namespace: 'warmline:default:n' } as unknown as Invalidation);
    await turn();
    expect(cache.peek('k')).toBeUndefined();
    await cache.set('k', 'v');
    await clock.advance(20_000);
    expect(cache.peek('k')).toBe('v');
    expect(recorder.of('hearing')).toEqual([]);
    await cache.close();
  });

  test('does not apply the messages of its own machine again, though nobody told it which that is', async () => {
    const clock = new FakeClock();
    const inner = new MemoryBus();
    // Delivers late, as a network does.
    const bus: Bus = {
      publish: async (message) => void clock.after(5, () => void inner.publish(message)),
      subscribe: (...args) => inner.subscribe(...args),
    };
    const host = new MemorySharedTier({ clock });
    const pump = new Pump({ bus, target: host, clock });
    const cache = createCache<string>({ name: 'n', clock, bus, tiers: [host] });
    await turn();
    await cache.set('k', 'v');
    await clock.advance(30);
    expect(cache.peek('k')).toBe('v');
    expect(await cache.get('k')).toBe('v');
    await Promise.all([pump.close(), cache.close()]);
  });

  test('closes although its bus does not', async () => {
    const clock = new FakeClock();
    const bus: Bus = {
      publish: async () => {},
      subscribe: async () => () => new Promise(() => {}),
    };
    const pump = new Pump({ bus, target: new MemorySharedTier({ clock }), clock });
    await turn();
    const closing = pump.close();
    await clock.advance(5_000);
    await expect(closing).resolves.toBeUndefined();
  });
});

test('a tier that refuses one of many keys gives back the leases of the others', async () => {
  const tier = new MemorySharedTier();
  const options = { name: 'n', leaseMs: 60_000 } as const;
  let asked = 0;
  const refusing = wrapTier(tier, {
    beginMany: undefined,
    begin: (...args) => (++asked === 2 ? Promise.reject(new Error('no room')) : tier.begin(...args)),
  });
  const load = (keys: readonly string[]) => new Map(keys.map((key) => [key, key]));
  await createCache<string>({ ...options, tiers: [refusing] }).getOrLoadMany(['a', 'b', 'c'], load);
  await turn();
  const waited = new Recorder();
  const other = createCache<string>({ ...options, tiers: [tier], onEvent: waited.onEvent });
  const found = await Promise.all(['a', 'b', 'c'].map((key) => other.getOrLoad(key, () => 'own')));
  expect(found).toEqual(['a', 'own', 'c']);
  expect(waited.of('lease-wait')).toEqual([]);
});

test('pinned entries that are gone make way for new ones', async () => {
  const clock = new FakeClock();
  const cache = createCache({ name: 'n', codec: bytesCodec, clock, maxBytes: 10_000, ttl: 1000 });
  for (let n = 0; n < 4; n++) await cache.set(`pinned ${n}`, new Uint8Array(1000), { pin: true });
  await clock.advance(1000);
  await cache.set('new', new Uint8Array(4000), { pin: true });
  expect(cache.stats()).toMatchObject({ entries: 1 });
});

test('closing tells loads that are older than their hard timeout, too', async () => {
  const clock = new FakeClock();
  const cache = createCache<string>({ name: 'n', clock, hardTimeoutMs: 10 });
  const signals: AbortSignal[] = [];
  const never = ({ signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    return new Promise<string>(() => {});
  };
  const call = cache.getOrLoad('k', never).catch(() => 'late');
  await clock.advance(10);
  expect(await call).toBe('late');
  await cache.close();
  expect(signals[0]?.aborted).toBe(true);
});
