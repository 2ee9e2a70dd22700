import assert from 'node:assert/strict';
import type { Bus } from '../../contracts/bus.ts';
import type { Invalidation } from '../../contracts/invalidation.ts';
import { randomBits } from '../../random.ts';
import { everyKind, plain, record } from './journal-checks.ts';
import type { Check, ConformanceRunner } from './runner.ts';
import { checksOf, endOf, pause } from './runner.ts';

/** A bus that nobody else uses, as one check needs it. */
export interface BusSubject {
  readonly bus: Bus;
  /** A second connection to the same bus, as another machine has it. @default the first is used in its place */
  another?(): Promise<Bus>;
  /** Makes the bus lose messages in the way its engine can (a trimmed stream, a cut connection). @default not checked */
  gap?(): Promise<void> | void;
  /** From now on the bus accepts no message (its server is stopped, or full). @default not checked */
  refuse?(): Promise<void> | void;
  close(): Promise<void>;
}

/** @see busConformance */
export interface BusConformanceOptions {
  /** How long a message, a gap or a call may take, in milliseconds. @default 5000 */
  readonly patienceMs?: number;
}

interface BusStage {
  readonly bus: Bus;
  readonly other: Bus;
  readonly namespace: string;
  readonly patienceMs: number;
  readonly subject: BusSubject;
}

/** What one subscriber has been told. */
class Listener {
  readonly messages: Invalidation[] = [];
  gaps = 0;
  /** Ends the subscription. */
  end: () => Promise<void> = () => assert.fail('not subscribed');

  async to(bus: Bus): Promise<this> {
    this.end = await bus.subscribe(
      (message) => void this.messages.push(plain(message)),
      () => void this.gaps++,
    );
    return this;
  }

  async hears(count: number, patienceMs: number): Promise<void> {
    await eventually(() => this.messages.length >= count, patienceMs);
    assert.ok(this.messages.length >= count, `${count} messages expected, ${this.messages.length} have come`);
  }
}

async function eventually(isTrue: () => boolean, patienceMs: number): Promise<void> {
  const startedMs = performance.now();
  while (!isTrue() && performance.now() - startedMs < patienceMs) await pause(2);
}

/**
 * Says whether a bus keeps the contract of `Bus`: every message reaches every subscriber in order, or a gap is told. To be
 * run against the real engine, not a mock.
 *
 * @param open opens a bus that nobody else publishes to; called once per check.
 */
export function busConformance(
  runner: ConformanceRunner,
  open: () => Promise<BusSubject>,
  options: BusConformanceOptions = {},
): void {
  const check = checksOf(runner, open, async (subject): Promise<BusStage> => ({
    bus: subject.bus,
    other: (await subject.another?.()) ?? subject.bus,
    namespace: `conformance:${randomBits().toString(36)}:n`,
    patienceMs: options.patienceMs ?? 5000,
    subject,
  }));
  runner.describe('the bus', () => {
    deliveryChecks(check);
    failureChecks(check);
  });
}

function deliveryChecks(check: Check<BusStage>): void {
  check('every subscriber gets every message as it was, once and in order', async (stage) => {
    const { bus, other, namespace, patienceMs } = stage;
    const listeners = [await new Listener().to(bus), await new Listener().to(bus), await new Listener().to(other)];
    const sent = [...everyKind(namespace), ...Array.from({ length: 50 }, (_, id) => record(namespace, id))];
    for (const [index, message] of sent.entries()) await (index % 2 === 0 ? bus : other).publish(message);
    for (const listener of listeners) await listener.hears(sent.length, patienceMs);
    await pause(20);
    for (const { messages } of listeners) assert.deepEqual(messages, sent.map(plain));
    for (const { gaps } of listeners) assert.equal(gaps, 0, 'nothing was lost');
    for (const listener of listeners) await listener.end();
  });

  check('messages of the same moment reach all in one order', async ({ bus, other, namespace, patienceMs }) => {
    const listeners = [await new Listener().to(bus), await new Listener().to(other)];
    const sent = Array.from({ length: 40 }, (_, id) => record(namespace, id));
    await Promise.all(sent.map((message, index) => (index % 2 === 0 ? bus : other).publish(message)));
    for (const listener of listeners) await listener.hears(sent.length, patienceMs);
    const [first, second] = listeners.map(({ messages }) => messages.map((message) => JSON.stringify(message)));
    assert.deepEqual(first, second, 'all hear the same order');
    assert.deepEqual(first?.toSorted(), sent.map((message) => JSON.stringify(message)).toSorted(), 'each once');
    for (const listener of listeners) await listener.end();
  });

  check('a subscription that has ended hears nothing more, and the others go on', async (stage) => {
    const { bus, other, namespace, patienceMs, subject } = stage;
    const [left, stays] = [await new Listener().to(bus), await new Listener().to(bus)];
    await bus.publish(record(namespace, 1));
    for (const listener of [left, stays]) await listener.hears(1, patienceMs);
    await left.end();
    await other.publish(record(namespace, 2));
    await stays.hears(2, patienceMs);
    await subject.gap?.();
    await pause(20);
    assert.deepEqual(left.messages, [record(namespace, 1)]);
    assert.equal(left.gaps, 0);
    await left.end();
    await stays.end();
  });

  check('a message needs no subscriber to be accepted, and a new one hears what comes', async (stage) => {
    const { bus, other, namespace, patienceMs } = stage;
    await bus.publish(record(namespace, 1));
    const listener = await new Listener().to(other);
    await bus.publish(record(namespace, 2));
    await eventually(() => listener.messages.length > 0, patienceMs);
    assert.deepEqual(listener.messages.at(-1), record(namespace, 2));
    await listener.end();
  });
}

function failureChecks(check: Check<BusStage>): void {
  check(
    'a gap is told to every subscriber, who then hear on',
    async ({ bus, other, namespace, patienceMs, subject }) => {
      if (subject.gap === undefined) return;
      const listeners = [await new Listener().to(bus), await new Listener().to(other)];
      await bus.publish(record(namespace, 1));
      for (const listener of listeners) await listener.hears(1, patienceMs);
      await subject.gap();
      for (const listener of listeners) {
        await eventually(() => listener.gaps > 0, patienceMs);
        assert.ok(listener.gaps > 0, 'the gap is told');
      }
      await bus.publish(record(namespace, 2));
      for (const { messages } of listeners) {
        await eventually(() => messages.at(-1)?.kind === 'keys' && messages.length > 1, patienceMs);
        assert.deepEqual(messages.at(-1), record(namespace, 2), 'heard after the gap');
      }
      for (const listener of listeners) await listener.end();
    },
  );

  check('publish resolves once the message is accepted, and rejects when it is not', async (stage) => {
    const { bus, namespace, patienceMs, subject } = stage;
    const accepted = await endOf(() => bus.publish(record(namespace, 1)), patienceMs);
    assert.ok(accepted !== 'hung' && 'value' in accepted, 'a message is accepted');
    if (subject.refuse === undefined) return;
    await subject.refuse();
    const refused = await endOf(() => bus.publish(record(namespace, 2)), patienceMs);
    assert.ok(refused !== 'hung' && 'error' in refused, 'a message that is not accepted is an error');
  });
}
