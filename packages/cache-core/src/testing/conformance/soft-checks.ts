import assert from 'node:assert/strict';
import type { EntryRef, Invalidation } from '../../contracts/invalidation.ts';
import { softenedStamp } from '../../stamp.ts';
import type { InvalidationCase } from './invalidation-checks.ts';
import { CASES, entryOf, fillAll, forAll } from './invalidation-checks.ts';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';
import { assertBytes, assertStanding, bytesOf, fill, listOf, LONG_TTL_MS, readOne, STAMPS_ONLY } from './tier-stage.ts';

function soften(one: InvalidationCase, stage: TierStage): Invalidation {
  return { ...one.invalidation(stage), soft: true };
}

function expectedOf({ options }: TierStage): readonly ('softened' | 'void')[] {
  return options.requires?.includes('softening') === true ? ['softened'] : ['softened', 'void'];
}

/** What is softly invalidated is valid no more; it may be kept as a value for the case that its loader fails. */
export function softChecks(check: Check<TierStage>): void {
  for (const one of CASES) {
    check(`${one.name}: softened or void, the rest stays`, async (stage) => {
      const stamps = await fillAll(stage);
      await stage.other.invalidate(soften(one, stage));
      await forAll(stage, stamps, one, async (ref, carried, named, entry) => {
        await assertStanding(stage, ref, carried, named ? expectedOf(stage) : ['valid'], entry);
        await assertKeptIfUseful(stage, ref, carried, `value of ${entry}`);
        await stage.tier.begin(ref, STAMPS_ONLY);
        await assertStanding(stage, ref, carried, named ? expectedOf(stage) : ['valid'], `${entry} after a begin`);
      });
    });

    check(`${one.name}: what was loaded before is never valid again, what is loaded now is`, async (stage) => {
      const stamps = await fillAll(stage);
      await stage.tier.invalidate(soften(one, stage));
      await forAll(stage, stamps, one, async (ref, carried, named, entry) => {
        if (!named) return;
        await stage.other.write(ref, bytesOf('late'), { ttlMs: LONG_TTL_MS });
        await assertStanding(stage, ref, carried, ['softened', 'void'], `${entry}, written late`);
        const now = await fill(stage.other, ref, 'new');
        await assertStanding(stage, ref, now, ['valid'], `${entry}, loaded anew`);
        await assertStanding(stage, ref, carried, ['softened', 'void'], `${entry}, of before`);
      });
    });

    check(`${one.name}: softly twice, then hard`, async (stage) => {
      const stamps = await fillAll(stage);
      await stage.tier.invalidate(soften(one, stage));
      await stage.tier.invalidate(soften(one, stage));
      await forAll(stage, stamps, one, (ref, carried, named, entry) =>
        assertStanding(stage, ref, carried, named ? expectedOf(stage) : ['valid'], `${entry}, twice`),
      );
      await stage.tier.invalidate(one.invalidation(stage));
      await forAll(stage, stamps, one, (ref, carried, named, entry) =>
        assertStanding(stage, ref, carried, [named ? 'void' : 'valid'], `${entry}, then hard`),
      );
    });
  }

  check('only the stamps named are replaced, each by its successor', async (stage) => {
    const ref = entryOf(stage, 'a');
    const before = await fill(stage.tier, ref, 'value');
    const { namespace } = ref;
    const steps: readonly (readonly [number, Invalidation])[] = [
      [0, { kind: 'keys', namespace, keys: [ref.key], soft: true }],
      [2, { kind: 'tags', namespace, tags: [ref.tags[0] ?? ''], soft: true }],
      [1, { kind: 'namespace', namespace, soft: true }],
    ];
    let expected = listOf(before);
    for (const [at, invalidation] of steps) {
      await stage.tier.invalidate(invalidation);
      const now = listOf((await readOne(stage.tier, ref)).stamps);
      const successor = softenedStamp(expected[at] ?? 0n);
      // A tier that cannot soften has removed the stamp.
      if (now[at] === undefined && !expectedOf(stage).includes('void')) assert.fail(`stamp ${at} is gone`);
      expected = expected.with(at, now[at] === undefined ? undefined : successor);
      assert.deepEqual(now, expected, invalidation.kind);
    }
  });

  check('what has no stamps gets none that an older frame could match', async (stage) => {
    const ref = entryOf(stage, 'a');
    const carried = await fill(stage.tier, ref, 'old');
    await stage.tier.invalidate({ kind: 'keys', namespace: ref.namespace, keys: [ref.key] });
    await stage.tier.invalidate({ kind: 'keys', namespace: ref.namespace, keys: [ref.key], soft: true });
    await stage.other.write(ref, bytesOf('late'), { ttlMs: LONG_TTL_MS });
    await assertStanding(stage, ref, carried, ['void'], 'softly invalidated after a hard one');
    await stage.tier.begin(ref, STAMPS_ONLY);
    await assertStanding(stage, ref, carried, ['void'], 'with new stamps');
  });
}

/** A softened stamp without its value would be of no use: the value is there for the case that the loader fails. */
async function assertKeptIfUseful(stage: TierStage, ref: EntryRef, carried: object, text: string): Promise<void> {
  const stored = await readOne(stage.tier, ref);
  const gone = listOf(stored.stamps).includes(undefined);
  assert.ok('key' in carried);
  if (!gone) assertBytes(stored.bytes, bytesOf(text), `the value of ${ref.key} is left`);
}
