import assert from 'node:assert/strict';
import type { EntryRef, Invalidation } from '../../contracts/invalidation.ts';
import { EVERY_MUTABLE_NAMESPACE } from '../../contracts/invalidation.ts';
import type { Stamps } from '../../contracts/shared-tier.ts';
import { names } from '../../fence.ts';
import type { Random } from '../seeded-random.ts';
import { pickInteger, seededRandom } from '../seeded-random.ts';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';
import { bytesOf, LONG_TTL_MS, STAMPS_ONLY, standing } from './tier-stage.ts';

const SCHEDULES = 5;
const STEPS = 150;

/** A load that has begun: what it writes, whenever it does, is worth what its stamps are worth. */
interface Load {
  readonly ref: EntryRef;
  readonly stamps: Stamps;
  expected: 'valid' | 'softened' | 'void';
}

/**
 * Random schedules of loads, late writes and invalidations on both connections. After every step each load that has begun is
 * judged: an invalidation that resolved after its begin and names it must show, in whatever order the rest has happened.
 */
export function scheduleChecks(check: Check<TierStage>): void {
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    check(`random schedule ${seed} of ${SCHEDULES}`, async (stage) => {
      const random = seededRandom(seed);
      const refs = ['a', 'b', 'c'].flatMap((id, index) => [
        stage.ref(id, [`${index % 2}`], 'one'),
        stage.ref(id, [`${index % 2}`], 'two'),
        { ...stage.ref(id, [`${index % 2}`], 'immutable'), immutable: true },
      ]);
      let loads: Load[] = [];
      for (let step = 0; step < STEPS; step++) {
        const side = random() < 0.5 ? stage.tier : stage.other;
        const ref = pick(random, refs);
        const dice = random();
        if (dice < 0.45) {
          loads.push({ ref, stamps: (await side.begin(ref, STAMPS_ONLY)).stamps, expected: 'valid' });
        } else if (dice < 0.7) {
          await side.write(ref, bytesOf(`step ${step}`), { ttlMs: LONG_TTL_MS });
        } else {
          const invalidation = pickInvalidation(random, ref);
          await side.invalidate(invalidation);
          for (const load of loads) apply(invalidation, load);
        }
        await judgeAll(stage, loads, `seed ${seed}, step ${step}`);
        loads = loads.slice(-30);
      }
    });
  }
}

function apply(invalidation: Invalidation, load: Load): void {
  if (!names(invalidation, load.ref) || load.expected === 'void') return;
  load.expected = invalidation.soft === true ? 'softened' : 'void';
}

async function judgeAll(stage: TierStage, loads: readonly Load[], when: string): Promise<void> {
  const side = stage.other;
  const stored = await side.read(loads.map(({ ref }) => ref));
  for (const [index, load] of loads.entries()) {
    const now = standing(load.stamps, stored[index]?.stamps ?? assert.fail('one answer each'));
    // A tier that cannot soften may void; nothing else may be worth less, or more, than expected.
    const allowed = load.expected === 'softened' && stage.options.requires?.includes('softening') !== true;
    assert.ok(now === load.expected || (allowed && now === 'void'), `${when}: ${load.expected} expected, is ${now}`);
    if (now === 'void') load.expected = 'void';
  }
}

function pickInvalidation(random: Random, { namespace, key, tags }: EntryRef): Invalidation {
  const soft = random() < 0.5 ? { soft: true } : {};
  switch (pickInteger(random, 0, 5)) {
    case 0:
    case 1:
    case 2:
      return { kind: 'keys', namespace, keys: [key], ...soft };
    case 3:
      return { kind: 'tags', namespace, tags, ...soft };
    case 4:
      return { kind: 'namespace', namespace, ...soft };
    default:
      return { kind: 'namespace', namespace: EVERY_MUTABLE_NAMESPACE, ...soft };
  }
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[pickInteger(random, 0, items.length - 1)] ?? assert.fail('nothing to pick from');
}
