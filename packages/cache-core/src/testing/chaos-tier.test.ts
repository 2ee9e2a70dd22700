import { describe, expect, test } from 'vitest';
import type { EntryRef } from '../contracts/invalidation.ts';
import type { Lease, SharedTier } from '../contracts/shared-tier.ts';
import { MemorySharedTier } from '../memory-shared-tier.ts';
import { timeToSettle, turn, wrapTier } from '../tier.fixture.ts';
import type { ChaosTierOptions } from './chaos-tier.ts';
import { ChaosTier } from './chaos-tier.ts';
import { sharedTierConformance } from './conformance/shared-tier-conformance.ts';
import { FakeClock } from './fake-clock.ts';

const ref: EntryRef = { namespace: 'w:s:n', key: 'w:s:n:a', tags: ['w:s:n#t', 'w:s:n#u'] };
const frame = Uint8Array.from({ length: 100 }, (_, at) => at);
const ask = { leaseMs: 1000, stampTtlMs: 60_000 };
const ttl = { ttlMs: 60_000 };
const invalidation = { kind: 'keys', namespace: ref.namespace, keys: [ref.key] } as const;

function setUp(options: Omit<ChaosTierOptions, 'seed' | 'clock'> & { seed?: number } = {}) {
  const clock = new FakeClock();
  const inner = new MemorySharedTier({ clock });
  const chaos = new ChaosTier(inner, { seed: 1, clock, ...options });
  return { clock, inner, chaos };
}

async function readOne(tier: SharedTier) {
  const [stored] = await tier.read([ref]);
  return stored!;
}

/** Whether a call has settled by now, and how. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  const ended = call.then(
    () => 'resolved',
    (error: unknown) => `rejected: ${String(error)}`,
  );
  return Promise.race([ended, turn().then(() => 'pending')]);
}

describe('without faults it is the tier itself', () => {
  sharedTierConformance(
    { describe, test },
    async () => {
      const { clock, inner, chaos } = setUp();
      const another = async () => wrapTier(new ChaosTier(inner, { seed: 2, clock }), { close: async () => {} });
      return { tier: chaos, another, advance: (ms) => clock.advance(ms), close: () => chaos.close() };
    },
    { requires: ['journal', 'beginMany', 'stayLive', 'softening'], journalCapacity: 1024 },
  );

  test('what the inner tier has not, it has not either', () => {
    const { inner } = setUp();
    const small = wrapTier(inner, { journal: undefined, beginMany: undefined, stayLive: undefined, origin: undefined });
    const chaos = new ChaosTier(small, { seed: 1 });
    for (const member of ['journal', 'beginMany', 'stayLive', 'origin'] as const) expect(chaos[member]).toBeUndefined();
    expect(chaos.name).toBe('host');
    const whole = new ChaosTier(inner, { seed: 1 });
    expect(whole.journal).toBe(inner.journal);
    expect(whole.origin).toBe(inner.origin);
    expect(whole.now()).toBe(inner.now());
  });
});

test('the same seed gives the same faults for the same calls, another seed others', async () => {
  const run = async (seed: number): Promise<string[]> => {
    const story: string[] = [];
    const all = { delay: 0.2, failure: 0.2, hang: 0.1 };
    const answer = { ...all, corruption: 0.3, truncation: 0.3, evictedValue: 0.1, evictedStamp: 0.2 };
    const { clock, chaos } = setUp({
      seed,
      read: answer,
      begin: answer,
      write: { ...all, loss: 0.2, duplicate: 0.3 },
      invalidate: all,
      onFault: (fault) => story.push(fault),
    });
    for (let round = 0; round < 30; round++) {
      const calls = [
        chaos.begin(ref, ask),
        chaos.write(ref, frame, ttl),
        chaos.read([ref, ref]),
        chaos.invalidate(invalidation),
      ];
      for (const call of calls) call.catch(() => {});
      await clock.advance(100);
      story.push(String(chaos.hanging));
    }
    expect(chaos.calls).toEqual({ begin: 30, write: 30, read: 30, invalidate: 30 });
    const counted = Object.values(chaos.faults).reduce((sum, count) => sum + count, 0);
    expect(counted).toBe(story.length - 30);
    expect(counted).toBeGreaterThan(50);
    return story;
  };
  expect(await run(1)).toEqual(await run(1));
  expect(await run(1)).not.toEqual(await run(2));
});

describe('faults of calls', () => {
  const CALLS: [string, (tier: ChaosTier) => Promise<unknown>][] = [
    ['read', (tier) => tier.read([ref])],
    ['begin', (tier) => tier.begin(ref, ask)],
    ['beginMany', (tier) => tier.beginMany!([ref], ask)],
    ['write', (tier) => tier.write(ref, frame, ttl)],
    ['invalidate', (tier) => tier.invalidate(invalidation)],
    ['stayLive', (tier) => tier.stayLive!(1000)],
  ];

  test.each(CALLS)('%s: late by the clock', async (operation, call) => {
    const { clock, chaos } = setUp({ [operation]: { delay: 1, delayMs: [20, 30] } });
    const took = await timeToSettle(clock, call(chaos), 1000);
    expect(took).toBeGreaterThanOrEqual(20);
    expect(took).toBeLessThanOrEqual(30);
    expect(chaos.faults).toEqual({ [`${operation}.delay`]: 1 });
  });

  test.each(CALLS)('%s: rejects', async (operation, call) => {
    const { chaos } = setUp({ [operation]: { failure: 1 } });
    await expect(call(chaos)).rejects.toThrow(/^(begin|beginMany|read|write|invalidate|stayLive) was/);
    expect(chaos.faults).toEqual({ [`${operation}.failure`]: 1 });
    expect(chaos.calls).toEqual({ [operation]: 1 });
  });

  test.each(CALLS)('%s: hangs until it is healed', async (operation, call) => {
    const { clock, chaos } = setUp({ [operation]: { hang: 1 } });
    const hung = call(chaos);
    await clock.advance(1_000_000);
    expect(await outcomeOf(hung)).toBe('pending');
    expect(chaos.hanging).toBe(1);
    chaos.heal();
    expect(await outcomeOf(hung)).toBe('resolved');
    expect(chaos.hanging).toBe(0);
    expect(await outcomeOf(call(chaos))).toBe('resolved');
  });

  test('a failure is before or after the work: both happen', async () => {
    const { inner, chaos } = setUp({ write: { failure: 1 } });
    const stored = new Set<boolean>();
    for (let round = 0; round < 20; round++) {
      await chaos.write(ref, frame, ttl).catch(() => {});
      stored.add((await readOne(inner)).bytes !== undefined);
      await inner.invalidate(invalidation);
    }
    expect(stored.size).toBe(2);
  });

  test('calm ends new faults only, storm brings them back', async () => {
    const { clock, chaos } = setUp({ read: { hang: 1 } });
    const hung = chaos.read([ref]);
    chaos.calm();
    expect(await outcomeOf(chaos.read([ref]))).toBe('resolved');
    await clock.advance(1000);
    expect(await outcomeOf(hung)).toBe('pending');
    chaos.storm();
    expect(await outcomeOf(chaos.read([ref]))).toBe('pending');
    expect(chaos.faults).toEqual({ 'read.hang': 2 });
  });

  test('a chance strikes about as often as it says', async () => {
    const { chaos } = setUp({ read: { failure: 0.1 } });
    for (let round = 0; round < 2000; round++) await chaos.read([]).catch(() => {});
    expect(Math.abs(chaos.faults['read.failure']! - 200)).toBeLessThan(50);
  });
});

describe('faults of answers', () => {
  const READERS: [string, (tier: ChaosTier) => ReturnType<typeof readOne>][] = [
    ['read', readOne],
    ['begin', (tier) => tier.begin(ref, ask)],
    ['beginMany', async (tier) => (await tier.beginMany!([ref], ask))[0]!],
  ];

  test.each(READERS)('%s: one bit is flipped, in a copy', async (operation, read) => {
    const { inner, chaos } = setUp({ [operation]: { corruption: 1 } });
    await inner.write(ref, frame, ttl);
    const { bytes } = await read(chaos);
    const flipped = [...frame].filter((byte, at) => byte !== bytes![at]);
    expect(flipped).toHaveLength(1);
    expect(bytes).toHaveLength(frame.length);
    expect((await readOne(inner)).bytes).toEqual(Uint8Array.from({ length: 100 }, (_, at) => at));
  });

  test.each(READERS)('%s: cut short', async (operation, read) => {
    const { inner, chaos } = setUp({ [operation]: { truncation: 1 } });
    await inner.write(ref, frame, ttl);
    const { bytes } = await read(chaos);
    expect(bytes!.length).toBeLessThan(frame.length);
    expect(bytes).toEqual(frame.subarray(0, bytes!.length));
  });

  test.each(READERS)('%s: the value is gone, or one stamp', async (operation, read) => {
    const { inner, chaos } = setUp({ [operation]: { evictedValue: 1, evictedStamp: 1 } });
    await inner.begin(ref, ask);
    await inner.write(ref, frame, ttl);
    const gone = new Set<number>();
    for (let round = 0; round < 40; round++) {
      const { bytes, stamps } = await read(chaos);
      expect(bytes).toBeUndefined();
      const all = [stamps.key, stamps.namespace, ...stamps.tags];
      expect(all.filter((stamp) => stamp === undefined)).toHaveLength(1);
      gone.add(all.indexOf(undefined));
    }
    expect(gone.size).toBe(4);
    expect((await readOne(inner)).bytes).toEqual(frame);
  });

  test('beginMany has the faults of begin, unless it has its own', async () => {
    const { chaos } = setUp({ begin: { failure: 1 } });
    await expect(chaos.beginMany!([ref], ask)).rejects.toThrow('beginMany');
    const own = setUp({ begin: { failure: 1 }, beginMany: {} });
    await expect(own.chaos.beginMany!([ref], ask)).resolves.toHaveLength(1);
  });
});

describe('faults of writes and leases', () => {
  test('a lost write resolves and stores nothing', async () => {
    const { inner, chaos } = setUp({ write: { loss: 1 } });
    await chaos.write(ref, frame, ttl);
    expect((await readOne(inner)).bytes).toBeUndefined();
    expect(chaos.faults).toEqual({ 'write.loss': 1 });
  });

  test('a duplicate comes later, as it was, and not after the end', async () => {
    const { clock, inner, chaos } = setUp({ write: { duplicate: 1, duplicateMs: [50, 50] } });
    const bytes = Uint8Array.from(frame);
    await chaos.write(ref, bytes, ttl);
    expect((await readOne(inner)).bytes).toEqual(frame);
    bytes.fill(0);
    await inner.invalidate(invalidation);
    await clock.advance(49);
    expect((await readOne(inner)).bytes).toBeUndefined();
    await clock.advance(1);
    expect((await readOne(inner)).bytes).toEqual(frame);
    await chaos.write(ref, frame, ttl);
    await chaos.close();
    expect(clock.pending).toBe(0);
  });

  test('a duplicate that fails is nobody’s error', async () => {
    const clock = new FakeClock();
    let writes = 0;
    const inner = wrapTier(new MemorySharedTier({ clock }), {
      write: () => (writes++ === 0 ? Promise.resolve() : Promise.reject(new Error('full'))),
    });
    await new ChaosTier(inner, { seed: 1, clock, write: { duplicate: 1 } }).write(ref, frame, ttl);
    await clock.advance(100);
    expect(writes).toBe(2);
  });

  test('a lease may stay, or be given back late', async () => {
    const held = async (chaos: ChaosTier): Promise<Lease> => {
      const { lease } = await chaos.begin(ref, ask);
      if (typeof lease === 'string') throw new Error(lease);
      return lease;
    };
    const lost = setUp({ release: { loss: 1 } });
    await (await held(lost.chaos)).release();
    expect((await lost.inner.begin(ref, ask)).lease).toBe('elsewhere');
    const late = setUp({ release: { delay: 1, delayMs: [40, 40] } });
    const releasing = (await held(late.chaos)).release();
    expect((await late.inner.begin(ref, ask)).lease).toBe('elsewhere');
    expect(await timeToSettle(late.clock, releasing, 100)).toBe(40);
    expect((await late.inner.begin(ref, ask)).lease).toBeTypeOf('object');
    expect(late.chaos.calls).toEqual({ begin: 1, release: 1 });
  });
});

test.each([
  [{ read: { failure: 1.1 } }, 'read.failure must be a chance from 0 to 1, got 1.1'],
  [{ write: { loss: Number.NaN } }, 'write.loss must be a chance from 0 to 1, got NaN'],
  [{ begin: { delayMs: [5, 1] } }, 'begin.delayMs must be [min, max] in milliseconds, got 5,1'],
  [{ release: { delayMs: 5 } }, 'release.delayMs must be [min, max] in milliseconds, got 5'],
])('%j is refused by name', (options, message) => {
  expect(() => new ChaosTier(setUp().inner, { seed: 1, ...(options as object) })).toThrow(new TypeError(message));
});
