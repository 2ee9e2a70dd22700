import { describe, expect, test } from 'vitest';
import type { Bus } from '../contracts/bus.ts';
import type { Invalidation } from '../contracts/invalidation.ts';
import { MemoryBus } from '../memory-bus.ts';
import { turn } from '../tier.fixture.ts';
import type { ChaosBusOptions } from './chaos-bus.ts';
import { ChaosBus } from './chaos-bus.ts';
import { busConformance } from './conformance/bus-conformance.ts';
import { FakeClock } from './fake-clock.ts';

const message = (id: number): Invalidation => ({ kind: 'keys', namespace: 'w:s:n', keys: [`${id}`] });

function setUp(options: Omit<ChaosBusOptions, 'seed' | 'clock'> & { seed?: number } = {}) {
  const clock = new FakeClock();
  const inner = new MemoryBus();
  const bus = new ChaosBus(inner, { seed: 1, clock, ...options });
  return { clock, inner, bus };
}

/** Subscribes, and tells what has come as a list of ids and gaps. */
async function listen(bus: Bus) {
  const heard: (number | 'gap')[] = [];
  const end = await bus.subscribe(
    (invalidation) => void heard.push(invalidation.kind === 'keys' ? Number(invalidation.keys[0]) : -1),
    () => void heard.push('gap'),
  );
  return { heard, end };
}

async function publishAll(bus: Bus, count: number): Promise<void> {
  for (let id = 1; id <= count; id++) await bus.publish(message(id));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, id) => id + 1);

describe('without faults it is the bus itself', () => {
  busConformance({ describe, test }, async () => {
    const { inner, bus } = setUp();
    return {
      bus,
      another: async () => new ChaosBus(inner, { seed: 2 }),
      gap: () => inner.gap(),
      close: async () => {},
    };
  });
});

test('the same seed gives the same faults for the same messages, another seed others', async () => {
  const run = async (seed: number): Promise<(number | 'gap')[]> => {
    const story: string[] = [];
    const deliver = { loss: 0.2, gap: 0.5, delay: 0.2, reorder: 0.2, duplicate: 0.2 };
    const { clock, bus } = setUp({ seed, deliver, onFault: (fault) => story.push(fault) });
    const { heard } = await listen(bus);
    await publishAll(bus, 100);
    await clock.advance(10_000);
    const counted = Object.values(bus.faults).reduce((sum, count) => sum + count, 0);
    expect(counted).toBe(story.length);
    expect(counted).toBeGreaterThan(50);
    expect(bus.calls).toEqual({ publish: 100, deliver: 100 });
    expect(clock.pending).toBe(0);
    return heard;
  };
  expect(await run(1)).toEqual(await run(1));
  expect(await run(1)).not.toEqual(await run(2));
});

describe('on the way to a subscriber', () => {
  test('a lost message is followed by a gap', async () => {
    const { clock, bus } = setUp({ deliver: { loss: 1, gapMs: [30, 30] } });
    const { heard } = await listen(bus);
    await bus.publish(message(1));
    await clock.advance(29);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual(['gap']);
    expect(bus.faults).toEqual({ 'deliver.loss': 1, 'deliver.gap': 1 });
  });

  test('or by none', async () => {
    const { clock, bus } = setUp({ deliver: { loss: 1, gap: 0 } });
    const { heard } = await listen(bus);
    await bus.publish(message(1));
    await clock.advance(1000);
    expect(heard).toEqual([]);
  });

  test('each subscriber loses messages of its own', async () => {
    const { clock, bus } = setUp({ deliver: { loss: 0.5, gap: 0 } });
    const [one, two] = [await listen(bus), await listen(bus)];
    await publishAll(bus, 50);
    await clock.advance(1000);
    expect(one.heard).not.toEqual(two.heard);
    expect(one.heard.length + two.heard.length).toBe(100 - bus.faults['deliver.loss']!);
  });

  test('late messages keep their order', async () => {
    const { clock, bus } = setUp({ deliver: { delay: 0.5, delayMs: [10, 60] } });
    const { heard } = await listen(bus);
    await publishAll(bus, 40);
    expect(heard.length).toBeLessThan(40);
    await clock.advance(60);
    expect(heard).toEqual(upTo(40));
    await bus.publish(message(41));
    await clock.advance(60);
    expect(heard).toEqual(upTo(41));
  });

  test('some are overtaken, none is missing', async () => {
    const { clock, bus } = setUp({ deliver: { reorder: 0.3 } });
    const { heard } = await listen(bus);
    await publishAll(bus, 40);
    await clock.advance(100);
    expect(heard).not.toEqual(upTo(40));
    expect(heard.toSorted((a, b) => Number(a) - Number(b))).toEqual(upTo(40));
  });

  test('some come twice, the second time later', async () => {
    const { clock, bus } = setUp({ deliver: { duplicate: 1, duplicateMs: [20, 20] } });
    const { heard } = await listen(bus);
    await publishAll(bus, 3);
    expect(heard).toEqual([1, 2, 3]);
    await clock.advance(20);
    expect(heard).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test('nothing arrives once the subscription has ended', async () => {
    const { clock, bus } = setUp({ deliver: { delay: 1, duplicate: 1 } });
    const { heard, end } = await listen(bus);
    await publishAll(bus, 5);
    await end();
    await clock.advance(1000);
    expect(heard).toEqual([]);
  });

  test('gaps of the inner bus are told', async () => {
    const { inner, bus } = setUp();
    const { heard } = await listen(bus);
    inner.gap();
    expect(heard).toEqual(['gap']);
  });
});

describe('calls', () => {
  test('publish fails before the message is out, or after', async () => {
    const { bus } = setUp({ publish: { failure: 1 } });
    const { heard } = await listen(bus);
    for (const id of upTo(30)) await expect(bus.publish(message(id))).rejects.toThrow('publish was');
    expect(heard.length).toBeGreaterThan(5);
    expect(heard.length).toBeLessThan(25);
    expect(bus.faults).toEqual({ 'publish.failure': 30 });
    bus.calm();
    await bus.publish(message(31));
    expect(heard.at(-1)).toBe(31);
    bus.storm();
    await expect(bus.publish(message(32))).rejects.toThrow('publish was');
  });

  test('publish hangs until it is healed', async () => {
    const { bus } = setUp({ publish: { hang: 1 } });
    const { heard } = await listen(bus);
    const publishing = bus.publish(message(1));
    await turn();
    expect(heard).toEqual([]);
    bus.heal();
    await publishing;
    expect(heard).toEqual([1]);
  });

  test('a subscription that failed hears nothing, even if it was made', async () => {
    const { inner, bus } = setUp({ subscribe: { failure: 1 } });
    const heard: unknown[] = [];
    for (let round = 0; round < 10; round++) {
      const listener = (what: unknown): void => void heard.push(what);
      await expect(bus.subscribe(listener, () => listener('gap'))).rejects.toThrow('subscribe was');
    }
    await inner.publish(message(1));
    inner.gap();
    expect(heard).toEqual([]);
    expect(bus.calls['deliver']).toBe(0);
  });
});

test.each([
  [{ deliver: { loss: -1 } }, 'deliver.loss must be a chance from 0 to 1, got -1'],
  [{ publish: { delayMs: [1] } }, 'publish.delayMs must be [min, max] in milliseconds, got 1'],
])('%j is refused by name', (options, message_) => {
  expect(() => new ChaosBus(new MemoryBus(), { seed: 1, ...(options as object) })).toThrow(new TypeError(message_));
});
