import { describe, expect, test } from 'vitest';
import { UnsteadyBus } from './bus.fixture.ts';
import type { Bus, Invalidation, PumpOptions, PumpTarget } from './index.ts';
import { EVERY_MUTABLE_NAMESPACE, MemorySharedTier, Pump } from './index.ts';
import { hasSettled } from './levels.fixture.ts';
import { FakeClock } from './testing/index.ts';
import { gate, Recorder, timeToSettle, turn } from './tier.fixture.ts';

const BEAT_MS = 100;
const LIVE_MS = 500;
/** No call may take longer than this. */
const FOR_EVER_MS = 10_000;

const message = (key: string, origin?: string): Invalidation => ({
  kind: 'keys',
  namespace: 'p:s:n',
  keys: [`p:s:n:${key}`],
  ...(origin === undefined ? {} : { origin }),
});

/** A pump into a target that notes what it is told; `fails` makes it refuse. */
async function setUp(more: Partial<PumpOptions> = {}, prepare: (bus: UnsteadyBus) => void = () => {}) {
  const clock = new FakeClock();
  const bus = new UnsteadyBus(clock);
  prepare(bus);
  const recorder = new Recorder();
  const state = { fails: false, attempts: 0, applied: [] as string[], liveForMs: [] as number[] };
  const target = {
    invalidate: async (invalidation: Invalidation): Promise<void> => {
      state.attempts++;
      if (state.fails) throw new Error('target down');
      state.applied.push(invalidation.kind === 'keys' ? invalidation.keys.join() : invalidation.namespace);
    },
    stayLive: async (forMs: number): Promise<void> => {
      if (state.fails) throw new Error('target down');
      state.liveForMs.push(forMs);
    },
  };
  const options = { bus, target, clock, heartbeatMs: BEAT_MS, liveMs: LIVE_MS, onEvent: recorder.onEvent, ...more };
  const pump = new Pump(options);
  await turn();
  return { clock, bus, recorder, state, pump };
}

test('it begins with a gap, because nothing was heard before', async () => {
  const { state, recorder } = await setUp();
  expect(state.applied).toEqual([EVERY_MUTABLE_NAMESPACE]);
  expect(recorder.events).toEqual([{ type: 'gap' }]);
});

test('it applies messages and gaps in the order in which they come', async () => {
  const { bus, state, recorder } = await setUp();
  state.applied.length = 0;
  await bus.inner.publish(message('1'));
  bus.inner.gap();
  await bus.inner.publish(message('2', 'another machine'));
  await turn();
  expect(state.applied).toEqual(['p:s:n:1', EVERY_MUTABLE_NAMESPACE, 'p:s:n:2']);
  expect(recorder.of('gap')).toHaveLength(2);
});

test('what its own machine has applied already is left out', async () => {
  const { bus, state } = await setUp({ origin: 'this machine' });
  state.applied.length = 0;
  await bus.inner.publish(message('own', 'this machine'));
  await bus.inner.publish(message('of another', 'another machine'));
  await bus.inner.publish(message('of nobody'));
  await turn();
  expect(state.applied).toEqual(['p:s:n:of another', 'p:s:n:of nobody']);
});

describe('proofs', () => {
  test('come at every beat, and are no invalidations', async () => {
    const { clock, state } = await setUp();
    await clock.advance(10 * BEAT_MS);
    expect(state.liveForMs.length).toBeGreaterThanOrEqual(10);
    expect(state.liveForMs.length).toBeLessThanOrEqual(12);
    expect(new Set(state.liveForMs)).toEqual(new Set([LIVE_MS]));
    expect(state.applied).toEqual([EVERY_MUTABLE_NAMESPACE]);
  });

  test('of another pump on the same bus are none', async () => {
    const { clock, bus, state } = await setUp();
    const other = new MemorySharedTier({ clock });
    const second = new Pump({ bus: bus.inner, target: other, clock, heartbeatMs: BEAT_MS, liveMs: LIVE_MS });
    await clock.advance(BEAT_MS);
    bus.loses = true; // Only what this pump publishes.
    await clock.advance(BEAT_MS);
    const before = state.liveForMs.length;
    await clock.advance(10 * BEAT_MS);
    expect(state.liveForMs).toHaveLength(before);
    expect(other.journal.liveUntil()).toBeGreaterThan(clock.now()); // Control: the other's have come.
    await second.close();
  });

  test.each([
    ['that are lost', (bus: UnsteadyBus) => void (bus.loses = true)],
    ['that are refused', (bus: UnsteadyBus) => void (bus.refuses = true)],
  ])('%s extend nothing', async (_, trouble) => {
    const { clock, bus, state } = await setUp();
    await clock.advance(BEAT_MS);
    trouble(bus);
    const before = state.liveForMs.length;
    await clock.advance(10 * BEAT_MS);
    expect(state.liveForMs).toHaveLength(before);
    Object.assign(bus, { loses: false, refuses: false });
    await clock.advance(BEAT_MS);
    expect(state.liveForMs).toHaveLength(before + 1);
  });

  test('count from when they were sent: what a late one proves is as old as it is', async () => {
    const clock = new FakeClock();
    const bus = new UnsteadyBus(clock);
    bus.delayMs = 10 * LIVE_MS;
    const host = new MemorySharedTier({ clock });
    const pump = new Pump({ bus, target: host, clock, heartbeatMs: BEAT_MS, liveMs: LIVE_MS });
    await turn();
    await clock.advance(2 * bus.delayMs);
    // Whatever was published in the last 5 s has not been heard.
    expect(host.journal.liveUntil() ?? 0).toBeLessThanOrEqual(clock.now());
    bus.delayMs = LIVE_MS / 5;
    await clock.advance(bus.delayMs + BEAT_MS);
    expect(host.journal.liveUntil()).toBeGreaterThan(clock.now()); // Control.
    await pump.close();
  });
});

test('a refused message is told; the next is tried', async () => {
  const { clock, bus, recorder } = await setUp();
  await clock.advance(BEAT_MS);
  bus.refuses = true;
  await clock.advance(3 * BEAT_MS);
  expect(recorder.of('bus-error')).toMatchObject(
    Array.from({ length: 3 }, () => ({ operation: 'publish', error: new Error('bus down') })),
  );
});

test('a refused subscription is told and tried again; then there is a gap, and proofs', async () => {
  const { clock, bus, recorder, state } = await setUp({}, (unsteady) => (unsteady.refusesSubscribers = true));
  await clock.advance(5 * BEAT_MS);
  expect(bus.subscriptions).toBeGreaterThanOrEqual(5);
  expect(recorder.of('bus-error')[0]).toMatchObject({ operation: 'subscribe', error: new Error('bus down') });
  expect(state.applied).toEqual([]);
  expect(state.liveForMs.length).toBeLessThanOrEqual(1); // Trusted at first; a vain attempt proves nothing.
  const proofs = state.liveForMs.length;
  bus.refusesSubscribers = false;
  await clock.advance(BEAT_MS);
  expect(state.applied).toEqual([EVERY_MUTABLE_NAMESPACE]);
  expect(state.liveForMs.length).toBeGreaterThan(proofs);
  const { subscriptions } = bus;
  await clock.advance(10 * BEAT_MS);
  expect(bus.subscriptions).toBe(subscriptions);
});

describe('a target that refuses', () => {
  test('is told again until it takes it; what came after waits, and proves nothing', async () => {
    const { clock, bus, recorder, state } = await setUp();
    await clock.advance(BEAT_MS);
    state.applied.length = 0;
    const before = state.liveForMs.length;
    state.fails = true;
    await bus.inner.publish(message('1'));
    await bus.inner.publish(message('2'));
    await clock.advance(10 * BEAT_MS);
    expect(state.applied).toEqual([]);
    expect(state.attempts).toBeGreaterThan(5);
    expect(state.liveForMs).toHaveLength(before);
    expect(recorder.of('bus-error').length).toBeGreaterThan(5);
    state.fails = false;
    bus.inner.gap();
    await clock.advance(BEAT_MS);
    expect(state.applied).toEqual(['p:s:n:1', 'p:s:n:2', EVERY_MUTABLE_NAMESPACE]);
    expect(state.liveForMs.length).toBeGreaterThan(before);
  });
});

describe('close()', () => {
  const states: [string, (bus: UnsteadyBus, state: { fails: boolean }) => void][] = [
    ['in good order', () => {}],
    ['while messages are refused', (bus) => void (bus.refuses = true)],
    ['while its target refuses', (_, state) => void (state.fails = true)],
  ];

  test.each(states)('%s ends everything', async (_, trouble) => {
    for (const afterMs of [0, 1, BEAT_MS, 3.5 * BEAT_MS]) {
      const { clock, bus, pump, state, recorder } = await setUp();
      trouble(bus, state);
      bus.inner.gap();
      await clock.advance(afterMs);
      await bus.inner.publish(message('1'));
      await timeToSettle(clock, pump.close(), FOR_EVER_MS);
      await turn();
      expect(clock.pending).toBe(0);
      const { attempts } = state;
      const told = recorder.events.length;
      await bus.inner.publish(message('2'));
      bus.inner.gap();
      await clock.advance(FOR_EVER_MS);
      expect({ attempts: state.attempts, told: recorder.events.length }).toEqual({ attempts, told });
      expect(clock.pending).toBe(0);
    }
  });

  test('while subscriptions are refused ends everything', async () => {
    const { clock, bus, pump } = await setUp({}, (unsteady) => (unsteady.refusesSubscribers = true));
    await clock.advance(3.5 * BEAT_MS);
    await pump.close();
    expect(clock.pending).toBe(0);
    const { subscriptions } = bus;
    await clock.advance(FOR_EVER_MS);
    expect(bus.subscriptions).toBe(subscriptions);
  });

  test('while its target refuses does not wait for the next attempt', async () => {
    const { clock, pump, state, bus } = await setUp();
    await clock.advance(BEAT_MS);
    state.fails = true;
    await bus.inner.publish(message('1'));
    await turn();
    expect(await hasSettled(pump.close())).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test('waits for what is being applied', async () => {
    const door = gate();
    const { pump } = await setUp({ target: { invalidate: () => door.pass() } });
    await door.reached;
    const closing = pump.close();
    expect(await hasSettled(closing)).toBe(false);
    door.open();
    expect(await hasSettled(closing)).toBe(true);
  });

  test('while it subscribes ends the subscription when that stands', async () => {
    const door = gate();
    const clock = new FakeClock();
    const inner = new UnsteadyBus(clock);
    let ended = 0;
    const bus = {
      publish: inner.publish.bind(inner),
      subscribe: async (...args: Parameters<UnsteadyBus['subscribe']>) => {
        const end = await inner.subscribe(...args);
        await door.pass();
        return () => end().then(() => void ended++);
      },
    };
    const pump = new Pump({ bus, target: new MemorySharedTier({ clock }), clock });
    await door.reached;
    await timeToSettle(clock, pump.close(), FOR_EVER_MS);
    door.open();
    await turn();
    expect(ended).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

test('a listener that throws stops nothing', async () => {
  const warnings: unknown[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  process.on('warning', listen);
  const onEvent = (): never => {
    throw new Error('listener broken');
  };
  const { clock, bus, state } = await setUp({ onEvent });
  state.fails = true;
  await clock.advance(3 * BEAT_MS);
  state.fails = false;
  await bus.inner.publish(message('1'));
  await clock.advance(3 * BEAT_MS);
  expect(state.applied).toEqual([EVERY_MUTABLE_NAMESPACE, 'p:s:n:1']);
  process.off('warning', listen);
});

test.each(['heartbeatMs', 'liveMs'])('%s must be a number above 0', (option) => {
  const clock = new FakeClock();
  const needed = { bus: new UnsteadyBus(clock), target: new MemorySharedTier({ clock }), clock };
  for (const wrong of [0, -1, Number.NaN, '5' as never]) {
    expect(() => new Pump({ ...needed, [option]: wrong })).toThrow(new RegExp(`${option} .*${String(wrong)}`));
  }
});

describe('a bus that can be read on', () => {
  /** It hands out positions, and replays what came after one. */
  function recordingBus() {
    const messages: Invalidation[] = [];
    const asked: (string | undefined)[] = [];
    const subscribers = new Set<Parameters<Bus['subscribe']>[0]>();
    const bus: Bus = {
      publish: async (invalidation) => {
        messages.push(invalidation);
        for (const onMessage of subscribers) onMessage(invalidation, String(messages.length));
      },
      subscribe: async (onMessage, _, from) => {
        asked.push(from);
        if (from !== undefined) {
          for (let at = Number(from); at < messages.length; at++) onMessage(messages[at]!, String(at + 1));
        }
        subscribers.add(onMessage);
        return async () => void subscribers.delete(onMessage);
      },
    };
    return { bus, asked };
  }

  function keptTarget() {
    const state = { position: undefined as string | undefined, applied: [] as string[] };
    const note = (position: string | undefined): void => {
      if (position !== undefined) state.position = position;
    };
    const target: PumpTarget = {
      position: () => state.position,
      invalidate: async (invalidation, position) => {
        note(position);
        state.applied.push(invalidation.kind === 'keys' ? invalidation.keys.join() : invalidation.namespace);
      },
      stayLive: async (_, position) => note(position),
    };
    return { state, target };
  }

  test('is read on from where another pump has left it, without a gap', async () => {
    const clock = new FakeClock();
    const { bus, asked } = recordingBus();
    const { state, target } = keptTarget();
    const first = new Pump({ bus, target, clock });
    await turn();
    await bus.publish(message('heard'));
    await turn();
    await first.close();
    await bus.publish(message('missed'));
    const recorder = new Recorder();
    const second = new Pump({ bus, target, clock, onEvent: recorder.onEvent });
    await turn();
    await bus.publish(message('heard again'));
    await turn();
    expect(state.applied).toEqual([EVERY_MUTABLE_NAMESPACE, 'p:s:n:heard', 'p:s:n:missed', 'p:s:n:heard again']);
    expect(recorder.of('gap')).toEqual([]);
    // The first had nowhere to go on from; a heartbeat has been heard since the last message.
    expect(asked).toEqual([undefined, '2']);
    await second.close();
  });

  test('its position moves with proofs, too, so that a quiet bus can be read on', async () => {
    const clock = new FakeClock();
    const { bus } = recordingBus();
    const { state, target } = keptTarget();
    const pump = new Pump({ bus, target, clock, heartbeatMs: BEAT_MS, liveMs: LIVE_MS });
    await turn();
    await clock.advance(5 * BEAT_MS);
    expect(Number(state.position)).toBeGreaterThanOrEqual(5);
    await pump.close();
  });
});

test('a machine that is too far behind believes no proof before it has doubted everything', async () => {
  const clock = new FakeClock();
  const bus = new UnsteadyBus(clock);
  const told: string[] = [];
  const target: PumpTarget = {
    invalidate: async (invalidation) => {
      await new Promise<void>((resolve) => clock.after(1, resolve));
      told.push(invalidation.kind === 'keys' ? 'message' : 'gap');
    },
    stayLive: async () => void told.push('proof'),
  };
  const pump = new Pump({ bus, target, clock, heartbeatMs: BEAT_MS, liveMs: FOR_EVER_MS });
  await turn();
  await clock.advance(BEAT_MS);
  for (let id = 0; id < 1_200; id++) await bus.inner.publish(message(String(id)));
  // While the queue is worked off there is room again for proofs: they stand behind messages that were dropped.
  await clock.advance(1_500);
  const since = told.slice(told.indexOf('message'));
  expect(since.filter((what) => what === 'message')).toHaveLength(1_000);
  expect(since.indexOf('gap')).toBeGreaterThan(0);
  expect(since.indexOf('proof')).toBeGreaterThan(since.indexOf('gap'));
  await pump.close();
});

test('a bus that was away is proved as soon as it is back, and not troubled before', async () => {
  const state = { isAvailable: true, published: 0 };
  const clock = new FakeClock();
  const inner = new UnsteadyBus(clock);
  const bus: Bus = {
    get isAvailable() {
      return state.isAvailable;
    },
    publish: async (invalidation) => {
      state.published++;
      await inner.publish(invalidation);
    },
    subscribe: (...args) => inner.subscribe(...args),
  };
  const host = new MemorySharedTier({ clock });
  const pump = new Pump({ bus, target: host, clock, heartbeatMs: 1_000, liveMs: 5_000 });
  await turn();
  state.isAvailable = false;
  await clock.advance(10_000);
  expect(state.published).toBe(1);
  expect(host.journal.liveUntil()).toBeLessThan(clock.now());
  state.isAvailable = true;
  await clock.advance(25);
  expect(host.journal.liveUntil()).toBeGreaterThan(clock.now());
  await pump.close();
});
