import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cache, SharedTier } from './index.ts';
import { createCache, createKeyspace, MemorySharedTier } from './index.ts';
import { FakeClock } from './testing/index.ts';
import type { Gate } from './tier.fixture.ts';
import { gate, turn, wrapTier } from './tier.fixture.ts';

/** What the source holds for a key at one time; a cached copy says what it is a copy of. */
interface Copy {
  readonly key: string;
  readonly version: number;
  readonly atMs: number;
}

const KEYS = ['0', '1', '2', '3', '4', '5', '6', '7'];
const TTL_MS = 1000;
const MACHINE_MS = 5;

/** The reference: versions of the source, and for each cache the oldest version that a read starting now may return. */
class Reference {
  readonly versions = new Map(KEYS.map((key) => [key, 0]));
  readonly #floors: { key: string; version: number; cache: number; fromMs: number }[] = [];

  change(keys: readonly string[]): void {
    for (const key of keys) this.versions.set(key, this.versionOf(key) + 1);
  }

  /** An invalidation has resolved: it holds at once for the cache that asked, soon for the other. */
  invalidated(keys: readonly string[], by: number, nowMs: number): void {
    for (const key of keys) {
      for (const cache of [0, 1]) {
        this.#floors.push({
          key,
          version: this.versionOf(key),
          cache,
          fromMs: nowMs + (cache === by ? 0 : MACHINE_MS),
        });
      }
    }
  }

  versionOf(key: string): number {
    return this.versions.get(key) ?? 0;
  }

  oldest(key: string, cache: number, nowMs: number): number {
    const held = this.#floors.filter((floor) => floor.key === key && floor.cache === cache && floor.fromMs <= nowMs);
    return Math.max(0, ...held.map((floor) => floor.version));
  }
}

const key = fc.constantFrom(...KEYS);
const cache = fc.constantFrom(0, 1);
const command = <T extends string>(name: T) => fc.record({ do: fc.constant(name), cache, key });
const commands = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: command('getOrLoad') },
    { weight: 3, arbitrary: command('getOrLoad, held') },
    { weight: 2, arbitrary: command('release') },
    { weight: 2, arbitrary: command('get') },
    { weight: 1, arbitrary: command('getMany') },
    { weight: 2, arbitrary: command('peek') },
    { weight: 2, arbitrary: command('set') },
    { weight: 3, arbitrary: command('delete') },
    { weight: 1, arbitrary: command('clear') },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), byMs: fc.constantFrom(1, 3, MACHINE_MS, 300) }) },
    { weight: 1, arbitrary: command('corrupt') },
    { weight: 1, arbitrary: command('fail') },
  ),
  { minLength: 10, maxLength: 60 },
); // prettier-ignore

type Command = typeof commands extends fc.Arbitrary<(infer C)[]> ? C : never;

/** Counted over all runs, so that a green run cannot be an empty one. */
const seen = { compared: 0, hits: 0, lateLoads: 0, pending: 0, corrupted: 0, failedCalls: 0, refused: 0 };

async function play(levels: number, steps: readonly Command[]): Promise<void> {
  const clock = new FakeClock();
  const keyspace = createKeyspace({ name: 'n' });
  const reference = new Reference();
  const inner = Array.from(
    { length: levels },
    (_, level) => new MemorySharedTier({ name: `tier${level}`, clock, maxStamps: 1000 }),
  );
  let toFail = 0;
  const failing = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
    if (toFail === 0) return call(...args);
    toFail--;
    seen.failedCalls++;
    throw new Error('the tier fails this call');
  }; // prettier-ignore
  const tiers = inner.map((tier): SharedTier =>
    wrapTier(tier, {
      read: failing(tier.read.bind(tier)),
      begin: failing(tier.begin.bind(tier)),
      write: failing(tier.write.bind(tier)),
      invalidate: failing(tier.invalidate.bind(tier)),
    }),
  );
  const caches = [0, 1].map((): Cache<Copy> => createCache<Copy>({ name: 'n', clock, tiers, ttl: TTL_MS }));
  const held: Gate[] = [];
  const running: Promise<void>[] = [];
  const wrong: string[] = [];

  /** Notes what may be returned before the read starts, and compares when it has ended. */
  const compare = (at: number, wanted: string, read: Promise<Copy | undefined>, mayBeHeld = false): void => {
    const oldest = reference.oldest(wanted, at, clock.now());
    const startedMs = clock.now();
    running.push(
      read.then((copy) => {
        if (copy === undefined) return;
        seen.compared++;
        if (copy.key !== wanted) wrong.push(`${wanted}: got the value of ${copy.key}`);
        if (copy.version < oldest) wrong.push(`${wanted}: got version ${copy.version}, older than ${oldest}`);
        if (!mayBeHeld && startedMs - copy.atMs >= TTL_MS) wrong.push(`${wanted}: got a copy older than its ttl`);
      }),
    );
  };
  const copyOf = (wanted: string): Copy => ({ key: wanted, version: reference.versionOf(wanted), atMs: clock.now() });
  const invalidate = async (at: number, keys: readonly string[], call: () => Promise<boolean>): Promise<void> => {
    reference.change(keys);
    if (await call()) reference.invalidated(keys, at, clock.now());
    else seen.pending++;
  };

  for (const step of steps) {
    if (step.do === 'advance') {
      await clock.advance(step.byMs);
      continue;
    }
    const { key: wanted, cache: at } = step;
    const used = caches[at]!;
    switch (step.do) {
      case 'getOrLoad':
        compare(
          at,
          wanted,
          used.getOrLoad(wanted, () => copyOf(wanted)),
          true,
        );
        break;
      case 'getOrLoad, held': {
        const door = gate();
        held.push(door);
        const load = async (): Promise<Copy> => {
          const copy = copyOf(wanted);
          await door.pass();
          seen.lateLoads++;
          return copy;
        };
        compare(at, wanted, used.getOrLoad(wanted, load), true);
        break;
      }
      case 'release':
        held.shift()?.open();
        break;
      case 'get':
        compare(at, wanted, used.get(wanted));
        break;
      case 'getMany': {
        const many = used.getMany(KEYS);
        for (const each of KEYS)
          compare(
            at,
            each,
            many.then((found) => found.get(each)),
          );
        break;
      }
      case 'peek':
        compare(at, wanted, Promise.resolve(used.peek(wanted)));
        break;
      case 'set':
        await invalidate(at, [wanted], async () => {
          const failedBefore = used.stats().tierErrors;
          await used.set(wanted, copyOf(wanted));
          return used.stats().tierErrors === failedBefore;
        });
        break;
      case 'delete':
        await invalidate(at, [wanted], async () => !(await used.delete(wanted)).pending);
        break;
      case 'clear':
        await invalidate(at, KEYS, async () => !(await used.clear()).pending);
        break;
      case 'corrupt':
        for (const tier of inner) {
          const [stored] = await tier.read([keyspace.refOf(wanted)]);
          if (stored?.bytes === undefined) continue;
          stored.bytes[stored.bytes.length >> 1]! ^= 1;
          seen.corrupted++;
        }
        break;
      case 'fail':
        toFail = 1;
        break;
    }
    await turn();
  }
  for (const door of held) door.open();
  await Promise.all(running);
  expect(wrong).toEqual([]);
  for (const used of caches) {
    await used.close();
    const { loading, entries, bytes, hits, refusedWrites } = used.stats();
    expect({ loading, entries, bytes }).toEqual({ loading: 0, entries: 0, bytes: 0 });
    seen.hits += Object.values(hits).reduce((sum, count) => sum + count, 0);
    seen.refused += refusedWrites.invalidated ?? 0;
  }
  expect(clock.pending).toBe(0);
}

describe('two caches over shared tiers, in any order of commands and faults, return no older version and no other key', () => {
  test.each([1, 2])('%d tiers', async (levels) => {
    for (const what of Object.keys(seen)) seen[what as keyof typeof seen] = 0;
    await fc.assert(
      fc.asyncProperty(commands, (steps) => play(levels, steps)),
      { numRuns: 400 },
    );
    expect(seen.compared).toBeGreaterThan(2_000);
    expect(Object.entries(seen).filter(([, count]) => count < 50)).toEqual([]);
  });
});
