import assert from 'node:assert/strict';
import type { EntryRef, Invalidation } from '../../contracts/invalidation.ts';
import { EVERY_MUTABLE_NAMESPACE } from '../../contracts/invalidation.ts';
import type { Stamps } from '../../contracts/shared-tier.ts';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';
import { assertBytes, assertStanding, bytesOf, fill, LONG_TTL_MS, readOne, STAMPS_ONLY } from './tier-stage.ts';

/** The entries that every case fills; `far` lies in a namespace whose name begins as that of the others. */
const ENTRIES = ['a', 'b', 'far', 'immutable'] as const;

type Entry = (typeof ENTRIES)[number];

/** One of {@link ENTRIES} under its name in this run. */
export function entryOf({ ref }: TierStage, entry: Entry): EntryRef {
  switch (entry) {
    case 'a':
      return ref('a', ['t', 'both']);
    case 'b':
      return ref('b', ['u', 'both']);
    case 'far':
      return ref('a', ['t', 'both'], 'nn');
    case 'immutable':
      return { ...ref('a', ['t', 'both'], 'content'), immutable: true };
  }
}

/** What is invalidated, and whom that concerns. */
export interface InvalidationCase {
  readonly name: string;
  readonly victims: readonly Entry[];
  invalidation(stage: TierStage): Invalidation;
}

/** Every kind of invalidation. */
export const CASES: readonly InvalidationCase[] = [
  ofKeys('a key', ['a']),
  ofKeys('two keys', ['a', 'b']),
  ofKeys('a key of an immutable namespace', ['immutable']),
  ofTags('a tag', ['t'], ['a']),
  ofTags('two tags', ['t', 'u'], ['a', 'b']),
  ofTags('a tag that two entries have', ['both'], ['a', 'b']),
  ofNamespace('a namespace', 'a', ['a', 'b']),
  ofNamespace('an immutable namespace by its name', 'immutable', ['immutable']),
  {
    name: 'every mutable namespace',
    victims: ['a', 'b', 'far'],
    invalidation: () => ({ kind: 'namespace', namespace: EVERY_MUTABLE_NAMESPACE }),
  },
];

function ofKeys(name: string, victims: readonly [Entry, ...Entry[]]): InvalidationCase {
  return {
    name,
    victims,
    invalidation: (stage) => {
      const { namespace } = entryOf(stage, victims[0]);
      return { kind: 'keys', namespace, keys: victims.map((victim) => entryOf(stage, victim).key) };
    },
  };
}

function ofTags(name: string, tags: readonly string[], victims: readonly Entry[]): InvalidationCase {
  return {
    name,
    victims,
    invalidation: ({ ref }) => ({ kind: 'tags', namespace: ref('a').namespace, tags: ref('a', tags).tags }),
  };
}

function ofNamespace(name: string, of: Entry, victims: readonly Entry[]): InvalidationCase {
  return {
    name,
    victims,
    invalidation: (stage) => ({ kind: 'namespace', namespace: entryOf(stage, of).namespace }),
  };
}

/** Fills every entry. @returns the stamps that each was written under. */
export async function fillAll(stage: TierStage): Promise<ReadonlyMap<Entry, Stamps>> {
  const stamps = new Map<Entry, Stamps>();
  for (const entry of ENTRIES) stamps.set(entry, await fill(stage.tier, entryOf(stage, entry), `value of ${entry}`));
  return stamps;
}

/** Calls `use` for every entry with the stamps it was written under, and whether the case names it. */
export async function forAll(
  stage: TierStage,
  stamps: ReadonlyMap<Entry, Stamps>,
  { victims }: InvalidationCase,
  use: (ref: EntryRef, carried: Stamps, named: boolean, entry: Entry) => Promise<void>,
): Promise<void> {
  for (const [entry, carried] of stamps) await use(entryOf(stage, entry), carried, victims.includes(entry), entry);
}

/** After an invalidation has resolved no frame written under the old stamps is valid; what it does not name is untouched. */
export function invalidationChecks(check: Check<TierStage>): void {
  for (const one of CASES) {
    check(`${one.name}: what it names is void, the rest stays`, async (stage) => {
      const stamps = await fillAll(stage);
      await stage.other.invalidate(one.invalidation(stage));
      const assertAll = (when: string): Promise<void> =>
        forAll(stage, stamps, one, async (ref, carried, named, entry) => {
          await assertStanding(stage, ref, carried, [named ? 'void' : 'valid'], `${entry} ${when}`);
          if (!named) assertBytes((await readOne(stage.tier, ref)).bytes, bytesOf(`value of ${entry}`), entry);
        });
      await assertAll('at once');
      for (const entry of ENTRIES) await stage.tier.begin(entryOf(stage, entry), STAMPS_ONLY);
      await assertAll('after a begin');
    });

    check(`${one.name}: a late write under the old stamps is never valid again`, async (stage) => {
      const { tier, other } = stage;
      const stamps = await fillAll(stage);
      await tier.invalidate(one.invalidation(stage));
      await forAll(stage, stamps, one, async (ref, carried, named, entry) => {
        if (!named) return;
        await other.write(ref, bytesOf('late'), { ttlMs: LONG_TTL_MS });
        await assertStanding(stage, ref, carried, ['void'], `${entry}, written late`);
        const renewed = await tier.begin(ref, STAMPS_ONLY);
        await assertStanding(stage, ref, carried, ['void'], `${entry}, with new stamps`);
        await other.write(ref, bytesOf('late again'), { ttlMs: LONG_TTL_MS });
        await assertStanding(stage, ref, carried, ['void'], `${entry}, written late again`);
        await assertStanding(stage, ref, renewed.stamps, ['valid'], `${entry}, loaded anew`);
      });
    });
  }

  check('the values of keys are removed, and no others', async (stage) => {
    const stamps = await fillAll(stage);
    const [, two] = CASES;
    assert.ok(two);
    await stage.tier.invalidate(two.invalidation(stage));
    await forAll(stage, stamps, two, async (ref, _, named, entry) => {
      const { bytes } = await readOne(stage.other, ref);
      if (named) assert.equal(bytes, undefined, `the value of ${entry} is gone`);
      else assertBytes(bytes, bytesOf(`value of ${entry}`), entry);
    });
  });

  check('what is not there can be invalidated, a thousand keys at once too', async (stage) => {
    const { tier, ref } = stage;
    const { namespace } = ref('a');
    const refs = Array.from({ length: 1000 }, (_, id) => ref(`${id}`));
    await tier.invalidate({ kind: 'keys', namespace, keys: refs.map(({ key }) => key) });
    await tier.invalidate({ kind: 'keys', namespace, keys: [] });
    await tier.invalidate({ kind: 'tags', namespace, tags: [...ref('a', ['t']).tags] });
    await tier.invalidate({ kind: 'namespace', namespace });
    const stamps = await Promise.all(refs.map((one) => fill(tier, one, 'value')));
    await tier.invalidate({ kind: 'keys', namespace, keys: refs.map(({ key }) => key) });
    const stored = await tier.read(refs);
    for (const [index, { stamps: now }] of stored.entries()) assert.notEqual(now.key, stamps[index]?.key);
  });

  check('every mutable namespace: also those that had no stamps yet, and again and again', async (stage) => {
    const { tier, ref } = stage;
    const every: Invalidation = { kind: 'namespace', namespace: EVERY_MUTABLE_NAMESPACE };
    await tier.invalidate(every);
    const kept = await fill(tier, entryOf(stage, 'immutable'), 'kept');
    for (let round = 0; round < 3; round++) {
      const space = `new${round}`;
      const carried = await fill(tier, ref('a', [], space), 'value');
      await assertStanding(stage, ref('a', [], space), carried, ['valid'], `round ${round}, filled`);
      await tier.invalidate(every);
      await assertStanding(stage, ref('a', [], space), carried, ['void'], `round ${round}, invalidated`);
    }
    await assertStanding(stage, entryOf(stage, 'immutable'), kept, ['valid'], 'the immutable one');
  });
}
