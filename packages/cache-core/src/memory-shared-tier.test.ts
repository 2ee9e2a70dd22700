import { describe, expect, test } from 'vitest';
import type { EntryRef, Invalidation, MemorySharedTierOptions } from './index.ts';
import { MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';

const NAMESPACE = 'w:s:n';
const options = { leaseMs: 0, stampTtlMs: 60_000 };
const entry = (id: string, tags: readonly string[] = []): EntryRef => ({
  namespace: NAMESPACE,
  key: `${NAMESPACE}:${id}`,
  tags: tags.map((tag) => `${NAMESPACE}#${tag}`),
});
const bytes = (length = 3): Uint8Array => new Uint8Array(length).fill(7);

function setUp(more: MemorySharedTierOptions = {}) {
  const clock = new FakeClock();
  return { clock, tier: new MemorySharedTier({ clock, ...more }) };
}

async function readOne(tier: MemorySharedTier, ref: EntryRef) {
  const [stored] = await tier.read([ref]);
  if (stored === undefined) throw new Error('a read answers for every entry');
  return stored;
}

test('an empty tier answers for every entry asked, in order, with neither bytes nor stamps', async () => {
  const { tier } = setUp();
  const stored = await tier.read([entry('a'), entry('b', ['t'])]);
  expect(stored).toEqual([
    { bytes: undefined, stamps: { key: undefined, namespace: undefined, tags: [] } },
    { bytes: undefined, stamps: { key: undefined, namespace: undefined, tags: [undefined] } },
  ]);
  expect(await tier.read([])).toEqual([]);
});

describe('stamps', () => {
  test('begin creates what is missing, and read returns the same', async () => {
    const { tier } = setUp();
    const ref = entry('a', ['t', 'u']);
    const { stamps } = await tier.begin(ref, options);
    const all = [stamps.key, stamps.namespace, ...stamps.tags];
    expect(all).toHaveLength(4);
    for (const stamp of all) expect(stamp).toBeTypeOf('bigint');
    expect(new Set(all).size).toBe(4);
    expect((await readOne(tier, ref)).stamps).toEqual(stamps);
  });

  test('begin keeps what exists; entries share the stamps of their namespace and tags, not of their key', async () => {
    const { tier } = setUp();
    const first = await tier.begin(entry('a', ['t']), options);
    const again = await tier.begin(entry('a', ['t']), options);
    const other = await tier.begin(entry('b', ['t', 'u']), options);
    expect(again.stamps).toEqual(first.stamps);
    expect(other.stamps.namespace).toBe(first.stamps.namespace);
    expect(other.stamps.tags[0]).toBe(first.stamps.tags[0]);
    expect(other.stamps.key).not.toBe(first.stamps.key);
  });

  test('read creates none', async () => {
    const { tier } = setUp();
    await tier.read([entry('a')]);
    expect((await readOne(tier, entry('a'))).stamps.key).toBeUndefined();
  });

  test('they end with their time; begin makes it longer, never shorter', async () => {
    const { clock, tier } = setUp();
    const { stamps } = await tier.begin(entry('a'), { leaseMs: 0, stampTtlMs: 100 });
    await tier.begin(entry('a'), { leaseMs: 0, stampTtlMs: 50 });
    await clock.advance(99);
    expect((await readOne(tier, entry('a'))).stamps).toEqual(stamps);
    await tier.begin(entry('a'), { leaseMs: 0, stampTtlMs: 100 });
    await clock.advance(99);
    expect((await readOne(tier, entry('a'))).stamps).toEqual(stamps);
    await clock.advance(1);
    expect((await readOne(tier, entry('a'))).stamps.key).toBeUndefined();
    expect((await tier.begin(entry('a'), options)).stamps.key).not.toBe(stamps.key);
  });
});

test('what was written is read back, by begin too, until its time is over', async () => {
  const { clock, tier } = setUp();
  await tier.write(entry('a'), bytes(), { ttlMs: 100 });
  expect((await readOne(tier, entry('a'))).bytes).toEqual(bytes());
  expect((await tier.begin(entry('a'), options)).bytes).toEqual(bytes());
  expect((await readOne(tier, entry('b'))).bytes).toBeUndefined();
  await clock.advance(99);
  expect((await readOne(tier, entry('a'))).bytes).toEqual(bytes());
  await clock.advance(1);
  expect((await readOne(tier, entry('a'))).bytes).toBeUndefined();
});

describe('invalidation removes the stamps it names, and no others', () => {
  const a = entry('a', ['t']);
  const b = entry('b', ['u']);
  const foreign: EntryRef = { namespace: 'w:other:n', key: 'w:other:n:a', tags: ['w:other:n#t'] };
  const cases: [Invalidation, { a: boolean; b: boolean }][] = [
    [
      { kind: 'keys', namespace: NAMESPACE, keys: [a.key] },
      { a: false, b: true },
    ],
    [
      { kind: 'keys', namespace: NAMESPACE, keys: [a.key, b.key] },
      { a: false, b: false },
    ],
    [
      { kind: 'tags', namespace: NAMESPACE, tags: [`${NAMESPACE}#t`] },
      { a: false, b: true },
    ],
    [
      { kind: 'namespace', namespace: NAMESPACE },
      { a: false, b: false },
    ],
  ];
  test.each(cases)('%j', async (invalidation, valid) => {
    const { tier } = setUp();
    const before = new Map<EntryRef, unknown>();
    for (const ref of [a, b, foreign]) {
      before.set(ref, (await tier.begin(ref, options)).stamps);
      await tier.write(ref, bytes(), { ttlMs: 1000 });
    }
    await tier.invalidate(invalidation);
    // A begin that comes after must not bring the old stamps back.
    for (const ref of [a, b]) {
      const { stamps } = await tier.begin(ref, options);
      expect(JSON.stringify(stamps, bigints) === JSON.stringify(before.get(ref), bigints)).toBe(
        ref === a ? valid.a : valid.b,
      );
    }
    expect(await readOne(tier, foreign)).toEqual({ bytes: bytes(), stamps: before.get(foreign) });
  });

  test('and is in the journal when it resolves', async () => {
    const { tier } = setUp();
    const before = tier.journal.sequence();
    await tier.invalidate(cases[0]![0]);
    expect(tier.journal.since(before)).toEqual([cases[0]![0]]);
  });
});

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

describe('the lease', () => {
  const asking = { leaseMs: 1000, stampTtlMs: 60_000 };

  test('is given to one at a time, until it is released', async () => {
    const { tier } = setUp();
    const { lease } = await tier.begin(entry('a'), asking);
    if (typeof lease === 'string') throw new Error(lease);
    expect((await tier.begin(entry('a'), asking)).lease).toBe('elsewhere');
    expect((await tier.begin(entry('b'), asking)).lease).toBeTypeOf('object');
    await lease.release();
    expect((await tier.begin(entry('a'), asking)).lease).toBeTypeOf('object');
  });

  test('ends by itself when its holder dies, and a late release does not end the next one', async () => {
    const { clock, tier } = setUp();
    const { lease } = await tier.begin(entry('a'), asking);
    await clock.advance(1000);
    expect((await tier.begin(entry('a'), asking)).lease).toBeTypeOf('object');
    if (typeof lease === 'object') await lease.release();
    expect((await tier.begin(entry('a'), asking)).lease).toBe('elsewhere');
  });

  test('is not asked for with 0', async () => {
    const { tier } = setUp();
    expect((await tier.begin(entry('a'), options)).lease).toBe('none');
    expect((await tier.begin(entry('a'), asking)).lease).toBeTypeOf('object');
  });
});

describe('bounds', () => {
  test('values are bounded in bytes, and a value that is too large is not kept', async () => {
    const { tier } = setUp({ maxBytes: 10_000 });
    for (let id = 0; id < 100; id++) await tier.write(entry(`${id}`), bytes(1000), { ttlMs: 1000 });
    await tier.write(entry('huge'), bytes(10_001), { ttlMs: 1000 });
    const ids = [...Array.from({ length: 100 }, (_, id) => `${id}`), 'huge'];
    const kept = (await tier.read(ids.map((id) => entry(id)))).filter((stored) => stored.bytes !== undefined);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.length).toBeLessThanOrEqual(10);
    expect((await readOne(tier, entry('99'))).bytes).toBeDefined();
    expect((await readOne(tier, entry('huge'))).bytes).toBeUndefined();
  });

  test('stamps are bounded in number: a forgotten one is absent, and never comes back', async () => {
    const { tier } = setUp({ maxStamps: 10 });
    const { stamps } = await tier.begin(entry('a'), options);
    for (let id = 0; id < 20; id++) await tier.begin(entry(`${id}`), options);
    expect((await readOne(tier, entry('a'))).stamps.key).toBeUndefined();
    expect((await tier.begin(entry('a'), options)).stamps.key).not.toBe(stamps.key);
  });

  test.each([
    ['maxBytes', 0],
    ['maxBytes', Number.POSITIVE_INFINITY],
    ['maxStamps', -1],
    ['maxStamps', Number.NaN],
  ])('%s of %d is refused by name', (name, value) => {
    expect(() => new MemorySharedTier({ [name]: value })).toThrow(new RegExp(`^${name} must be .*got ${value}$`));
  });
});

test('it keeps the time it was given, and forgets everything when it is closed', async () => {
  const { clock, tier } = setUp();
  expect(tier.now()).toBe(clock.now());
  await tier.begin(entry('a'), options);
  await tier.write(entry('a'), bytes(), { ttlMs: 1000 });
  await tier.close();
  const stored = await readOne(tier, entry('a'));
  expect(stored.bytes).toBeUndefined();
  expect(stored.stamps.key).toBeUndefined();
});
