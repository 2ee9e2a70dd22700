import assert from 'node:assert/strict';
import { compareStamps } from '../../stamp.ts';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';
import { assertBytes, bytesOf, fill, listOf, LONG_TTL_MS, readOne, STAMPS_ONLY, WITH_LEASE } from './tier-stage.ts';

const MAX_TAGS = 20;

/** What `begin` does to stamps: creates the missing, keeps the others, and never the same again. */
export function stampChecks(check: Check<TierStage>): void {
  check(
    'begin creates what is missing: 64 random bits each, seen by every connection',
    async ({ tier, other, ref }) => {
      const tags = Array.from({ length: MAX_TAGS }, (_, tag) => `t${tag}`);
      const { stamps, bytes } = await tier.begin(ref('a', tags), STAMPS_ONLY);
      assert.equal(bytes, undefined);
      const all = listOf(stamps);
      assert.equal(all.length, MAX_TAGS + 2);
      for (const stamp of all) {
        assert.equal(typeof stamp, 'bigint');
        assert.equal(stamp, BigInt.asUintN(64, stamp ?? -1n), 'a stamp has 64 bits');
      }
      assert.equal(new Set(all).size, all.length, 'no two are equal');
      for (const side of [tier, other]) assert.deepEqual((await readOne(side, ref('a', tags))).stamps, stamps);
    },
  );

  check('stamps of tags come in the order of the tags', async ({ tier, ref }) => {
    const { stamps } = await tier.begin(ref('a', ['t', 'u', 'v']), STAMPS_ONLY);
    const turned = await readOne(tier, ref('a', ['v', 'u', 't']));
    assert.deepEqual(turned.stamps.tags, stamps.tags.toReversed());
    assert.deepEqual((await tier.begin(ref('a', ['u', 'new', 't']), STAMPS_ONLY)).stamps.tags.toSpliced(1, 1), [
      stamps.tags[1],
      stamps.tags[0],
    ]);
  });

  check('begin keeps what exists, on every connection', async ({ tier, other, ref }) => {
    const { stamps } = await tier.begin(ref('a', ['t']), STAMPS_ONLY);
    for (const side of [tier, other]) assert.deepEqual((await side.begin(ref('a', ['t']), STAMPS_ONLY)).stamps, stamps);
    await tier.write(ref('a', ['t']), bytesOf('value'), { ttlMs: LONG_TTL_MS });
    assert.deepEqual((await readOne(other, ref('a', ['t']))).stamps, stamps, 'a write leaves them');
  });

  // A tier may keep the stamps of a namespace and its tags several times, one for each part of its entries.
  check('keys, tags and namespaces of other names have other stamps', async ({ tier, ref }) => {
    const { stamps } = await tier.begin(ref('a', ['t', 'u']), STAMPS_ONLY);
    assert.notEqual(stamps.tags[0], stamps.tags[1]);
    assert.notEqual((await tier.begin(ref('b', ['t']), STAMPS_ONLY)).stamps.key, stamps.key);
    const elsewhere = await tier.begin(ref('a', ['t', 'u'], 'm'), STAMPS_ONLY);
    for (const [index, stamp] of listOf(elsewhere.stamps).entries()) assert.notEqual(stamp, listOf(stamps)[index]);
  });

  check('begin renews only what is missing', async ({ tier, ref }) => {
    const { stamps } = await tier.begin(ref('a', ['t', 'u']), STAMPS_ONLY);
    const [tag = ''] = ref('a', ['t']).tags;
    await tier.invalidate({ kind: 'tags', namespace: ref('a').namespace, tags: [tag] });
    const renewed = (await tier.begin(ref('a', ['t', 'u']), STAMPS_ONLY)).stamps;
    assert.deepEqual({ ...renewed, tags: [renewed.tags[1]] }, { ...stamps, tags: [stamps.tags[1]] });
    assert.equal(typeof renewed.tags[0], 'bigint');
    assert.notEqual(renewed.tags[0], stamps.tags[0]);
  });

  check('begin returns the frame that someone has just filled', async ({ tier, other, ref }) => {
    assert.equal((await tier.begin(ref('a'), WITH_LEASE)).bytes, undefined);
    await tier.write(ref('a'), bytesOf('value'), { ttlMs: LONG_TTL_MS });
    for (const options of [STAMPS_ONLY, WITH_LEASE]) {
      assertBytes((await other.begin(ref('a'), options)).bytes, bytesOf('value'), 'begin after a write');
    }
    assert.equal((await other.begin(ref('b'), STAMPS_ONLY)).bytes, undefined);
  });

  check('those who begin at the same time get the same stamps', async ({ tier, other, ref }) => {
    const sides = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? tier : other));
    const begun = await Promise.all(sides.map((side) => side.begin(ref('a', ['t']), STAMPS_ONLY)));
    for (const { stamps } of begun) assert.deepEqual(stamps, begun[0]?.stamps);
    assert.deepEqual((await readOne(tier, ref('a', ['t']))).stamps, begun[0]?.stamps);
  });

  check('no stamp ever comes back', async ({ tier, ref }) => {
    const seen: bigint[] = [];
    const { namespace } = ref('a');
    for (let round = 0; round < 30; round++) {
      const { stamps } = await tier.begin(ref('a', ['t']), STAMPS_ONLY);
      for (const stamp of listOf(stamps)) {
        assert.ok(stamp !== undefined, 'begin leaves none out');
        for (const old of seen) assert.equal(compareStamps(old, stamp), 'different', `round ${round}`);
      }
      seen.push(...listOf(stamps).filter((stamp) => stamp !== undefined));
      await tier.invalidate({ kind: 'keys', namespace, keys: [ref('a').key] });
      await tier.invalidate({ kind: 'tags', namespace, tags: [...ref('a', ['t']).tags] });
      await tier.invalidate({ kind: 'namespace', namespace });
    }
  });

  check('beginMany, if there is one, is as one begin each, in the order asked', async ({ tier, other, ref, has }) => {
    if (!has('beginMany')) return;
    await fill(tier, ref('b', ['t']), 'value of b');
    heldBefore(await tier.begin(ref('c'), WITH_LEASE));
    const refs = [ref('c'), ref('a', ['t', 'u']), ref('b', ['t'])];
    const begun = (await other.beginMany?.(refs, WITH_LEASE)) ?? [];
    assert.equal(begun.length, refs.length);
    assert.deepEqual(
      begun.map(({ lease }) => (typeof lease === 'object' ? 'held' : lease)),
      ['elsewhere', 'held', 'held'],
    );
    assert.deepEqual(
      begun.map(({ bytes }) => bytes && Buffer.from(bytes).toString()),
      [undefined, undefined, 'value of b'],
    );
    for (const [index, one] of refs.entries()) {
      assert.equal(begun[index]?.stamps.tags.length, one.tags.length);
      assert.ok(!listOf(begun[index]?.stamps ?? assert.fail('one answer each')).includes(undefined));
      assert.deepEqual((await readOne(tier, one)).stamps, begun[index]?.stamps);
      assert.deepEqual((await tier.begin(one, STAMPS_ONLY)).stamps, begun[index]?.stamps);
    }
    const [, second] = begun;
    if (typeof second?.lease === 'object') await second.lease.release();
    heldBefore(await tier.begin(ref('a'), WITH_LEASE));
    const none = (await tier.beginMany?.([ref('x'), ref('y')], STAMPS_ONLY)) ?? [];
    assert.deepEqual(
      none.map(({ lease }) => lease),
      ['none', 'none'],
    );
    assert.deepEqual([...((await tier.beginMany?.([], WITH_LEASE)) ?? [])], []);
  });
}

function heldBefore({ lease }: { readonly lease: unknown }): void {
  assert.equal(typeof lease, 'object', 'the lease was free');
}
