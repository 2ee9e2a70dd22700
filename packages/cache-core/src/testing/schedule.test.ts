import { describe, expect, test } from 'vitest';
import { MemoryBus } from '../memory-bus.ts';
import { MemorySharedTier } from '../memory-shared-tier.ts';
import { FakeClock } from './fake-clock.ts';
import { Schedule, scheduledBus, scheduledTier } from './schedule.ts';

const REF = { namespace: 'w:s:n', key: 'w:s:n:k', tags: [] };
const GONE = { kind: 'keys', namespace: REF.namespace, keys: [REF.key] } as const;

/** Two actors of two steps each: six interleavings. */
async function play(schedule: Schedule): Promise<string> {
  const done: string[] = [];
  const actor = (name: string) => async () => {
    for (const part of ['one', 'two']) {
      await schedule.step(`${name} ${part}`);
      done.push(`${name} ${part}`);
    }
  };
  expect(await schedule.run([actor('A'), actor('B')])).toBe(true);
  expect(schedule.trace).toEqual(done);
  return done.join(', ');
}

test('a seed gives one order, and different seeds give all of them', async () => {
  expect(await play(new Schedule({ seed: 5 }))).toBe(await play(new Schedule({ seed: 5 })));
  const orders = new Set<string>();
  for (let seed = 0; seed < 200; seed++) orders.add(await play(new Schedule({ seed })));
  expect(orders.size).toBe(6);
});

describe('a forced order', () => {
  test('repeats a whole trace', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const schedule = new Schedule({ seed });
      const order = await play(schedule);
      expect(await play(new Schedule({ trace: schedule.trace }))).toBe(order);
    }
  });

  test('of some steps leaves the others to come when they can', async () => {
    expect(await play(new Schedule({ trace: ['B two', 'A two'] }))).toBe('A one, B one, B two, A two');
  });

  test('that cannot be kept is an error which says what waits', async () => {
    await expect(play(new Schedule({ trace: ['C'] }))).rejects.toThrow("step 0 of the trace, 'C', does not come");
    await expect(play(new Schedule({ trace: ['A two', 'A one'] }))).rejects.toThrow(
      "step 0 of the trace, 'A two', does not come; there wait: 'A one'",
    );
  });
});

test('steps of one label are told apart, and between two steps all promise callbacks run', async () => {
  const schedule = new Schedule({ trace: ['x 2', 'x'] });
  const done: string[] = [];
  const actor = (name: string) => async () => {
    await schedule.step('x');
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    done.push(name);
  };
  await schedule.run([actor('first'), actor('second')]);
  expect(done).toEqual(['second', 'first']);
});

test('an atomic step ends before the next is picked', async () => {
  const clock = new FakeClock(0);
  const schedule = new Schedule({ trace: ['clock', 'read'] });
  let seen: number | undefined;
  clock.after(3, () => undefined);
  await schedule.run([
    () => schedule.step('clock', () => clock.advance(5)),
    () => schedule.step('read').then(() => (seen = clock.now())),
  ]);
  expect(seen).toBe(5);
});

test('an actor that waits for something else is told of, unless it comes when all is idle', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  expect(await new Schedule({ seed: 1 }).run([() => promise])).toBe(false);
  let idle = 0;
  const onIdle = (): boolean => {
    if (idle++ === 0) resolve();
    return idle < 2;
  };
  expect(await new Schedule({ seed: 1 }).run([() => promise], { onIdle })).toBe(true);
});

test('nothing waits outside of a run', async () => {
  const schedule = new Schedule({ seed: 1 });
  await schedule.step('before');
  await schedule.run([() => schedule.step('in')]);
  await schedule.step('after', async () => undefined);
  expect(schedule.trace).toEqual(['in']);
});

describe('a scheduled tier', () => {
  test('waits before a call takes effect and before it is answered', async () => {
    const tier = new MemorySharedTier({ name: 'host' });
    const schedule = new Schedule({
      trace: [
        'A.beginMany',
        'B.invalidate',
        'B.invalidate answers',
        'A.beginMany answers',
        'A.write',
        'A.read',
        'A.release',
      ],
    });
    const [a, b] = [scheduledTier(tier, schedule, 'A'), scheduledTier(tier, schedule, 'B')];
    expect([a.name, a.journal, a.stayLive === undefined]).toEqual(['host', tier.journal, tier.stayLive === undefined]);
    let valid: boolean | undefined;
    await schedule.run([
      async () => {
        const [begun] = await a.beginMany!([REF], { leaseMs: 10, stampTtlMs: 1000 });
        await a.write(REF, new Uint8Array(1), { ttlMs: 1000 });
        const [stored] = await a.read([REF]);
        valid = stored!.stamps.key === begun!.stamps.key;
        if (typeof begun!.lease === 'object') await begun!.lease.release();
      },
      () => b.invalidate(GONE),
    ]);
    expect(valid).toBe(false);
    expect(schedule.trace).toContain('A.release answers');
  });

  test('delivers rejections as late as answers', async () => {
    const schedule = new Schedule({ trace: ['x.read', 'other', 'x.read answers'] });
    const failing = {
      ...scheduledTier(new MemorySharedTier(), schedule, ''),
      read: () => Promise.reject(new Error('no')),
    };
    const late = scheduledTier(failing, schedule, 'x');
    let failure: unknown;
    const asked = (): Promise<unknown> => late.read([REF]).catch((error: unknown) => (failure = error));
    let failedBefore: unknown;
    await schedule.run([asked, () => schedule.step('other').then(() => (failedBefore = failure))]);
    expect([failedBefore, failure]).toEqual([undefined, new Error('no')]);
  });
});

test('a scheduled bus delivers late, and in order', async () => {
  const bus = new MemoryBus();
  const schedule = new Schedule({
    trace: ['A.publish', 'A.publish answers', 'A.publish 2', 'B.delivers', 'B.delivers 2'],
  });
  const heard: unknown[] = [];
  let heardAtOnce = -1;
  const stop = await scheduledBus(bus, schedule, 'B').subscribe(
    (invalidation) => heard.push(invalidation),
    () => heard.push('gap'),
  );
  const all = { kind: 'namespace', namespace: REF.namespace } as const;
  const publisher = scheduledBus(bus, schedule, 'A');
  await schedule.run([
    async () => {
      await publisher.publish(GONE);
      heardAtOnce = heard.length;
      await publisher.publish(all);
      bus.gap();
    },
  ]);
  expect(heardAtOnce).toBe(0);
  expect(heard).toEqual([GONE, all, 'gap']);
  await stop();
  await bus.publish(GONE);
  expect(heard).toHaveLength(3);
});
