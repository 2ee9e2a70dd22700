import assert from 'node:assert/strict';
import { pickBytes, seededRandom } from '../seeded-random.ts';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';
import { assertBytes, bytesOf, fill, listOf, LONG_TTL_MS, readOne, refOf, STAMPS_ONLY } from './tier-stage.ts';

const POOL_BYTES = 65_536;

/** Values and stamps in one trip, in the order asked; bytes to the bit. */
export function readingChecks(check: Check<TierStage>): void {
  check('an empty store answers for every entry asked, with neither bytes nor stamps', async ({ tier, ref }) => {
    const stored = await tier.read([ref('a'), ref('b', ['t', 'u'])]);
    assert.equal(stored.length, 2);
    for (const [index, { bytes, stamps }] of stored.entries()) {
      assert.equal(bytes, undefined);
      assert.deepEqual(listOf(stamps), Array.from({ length: index === 0 ? 2 : 4 }));
    }
    assert.deepEqual([...(await tier.read([]))], []);
  });

  check('answers come in the order asked, and once more for an entry asked twice', async ({ tier, ref }) => {
    const ids = ['c', 'a', 'none', 'b', 'a'];
    const stamps = new Map(
      await Promise.all(['a', 'b', 'c'].map(async (id) => [id, await fill(tier, ref(id), id)] as const)),
    );
    const stored = await tier.read(ids.map((id) => ref(id)));
    assert.equal(stored.length, ids.length);
    for (const [index, id] of ids.entries()) {
      const { bytes, stamps: now } = stored[index] ?? assert.fail('one answer each');
      if (id === 'none') assert.equal(bytes, undefined);
      else assertBytes(bytes, bytesOf(id), `answer ${index}`);
      assert.equal(now.key, stamps.get(id)?.key, `stamp of answer ${index}`);
    }
  });

  check('a thousand entries in one read', async ({ tier, ref }) => {
    const refs = Array.from({ length: 1000 }, (_, id) => ref(`${id}`, [`${id % 7}`]));
    // Every third is there; the others must not shift them.
    await Promise.all(refs.map(async (one, id) => (id % 3 === 0 ? fill(tier, one, `value ${id}`) : undefined)));
    const stored = await tier.read(refs);
    assert.equal(stored.length, refs.length);
    for (const [id, { bytes }] of stored.entries()) {
      if (id % 3 === 0) assertBytes(bytes, bytesOf(`value ${id}`), `entry ${id}`);
      else assert.equal(bytes, undefined, `entry ${id} was never written`);
    }
  });

  check('what was written is read by every connection, until it is written anew', async ({ tier, other, ref }) => {
    await fill(tier, ref('a'), 'first');
    for (const side of [tier, other]) assertBytes((await readOne(side, ref('a'))).bytes, bytesOf('first'), 'first');
    await other.write(ref('a'), bytesOf('second, longer'), { ttlMs: LONG_TTL_MS, pin: true });
    for (const side of [tier, other])
      assertBytes((await readOne(side, ref('a'))).bytes, bytesOf('second, longer'), 'second');
  });

  check('a write needs no stamps and makes none; neither does a read', async ({ tier, ref }) => {
    await tier.read([ref('a', ['t'])]);
    await tier.write(ref('a', ['t']), bytesOf('value'), { ttlMs: LONG_TTL_MS });
    const { bytes, stamps } = await readOne(tier, ref('a', ['t']));
    assertBytes(bytes, bytesOf('value'), 'a write is unconditional');
    assert.deepEqual(listOf(stamps), [undefined, undefined, undefined]);
  });

  for (const length of [1, 255, 4096, 200_000]) {
    check(`${length} bytes come back to the bit`, async ({ tier, other, ref }) => {
      const bytes = pickBytes(seededRandom(length), length);
      await tier.write(ref('a'), bytes, { ttlMs: LONG_TTL_MS });
      assertBytes(bytes, pickBytes(seededRandom(length), length), 'the bytes handed in are left alone');
      for (const side of [tier, other]) {
        const stored = await readOne(side, ref('a'));
        assertBytes(stored.bytes, bytes, 'read');
        const pinned = stored.bytes?.buffer.byteLength ?? 0;
        // A view on a large reply would keep all of it in memory for as long as the value is cached.
        assert.ok(pinned <= 2 * length + POOL_BYTES, `${length} bytes hold on to ${pinned}`);
      }
      assertBytes((await other.begin(ref('a'), STAMPS_ONLY)).bytes, bytes, 'begin');
    });
  }

  check('a view is stored as what it shows', async ({ tier, ref }) => {
    const whole = bytesOf('---value---');
    await tier.write(ref('a'), whole.subarray(3, 8), { ttlMs: LONG_TTL_MS });
    assertBytes((await readOne(tier, ref('a'))).bytes, bytesOf('value'), 'the view');
  });

  check('names of 64 characters a part are kept apart to their last character', async ({ tier }) => {
    const part = (last: string): string => last.padStart(64, 'x');
    const namespaces = ['a', 'b'].map((last) => [part('p'), part('s'), part(last)].join(':'));
    const refs = namespaces.flatMap((namespace) =>
      ['1', '2'].map((id) => refOf(namespace, id.padStart(32, '0'), [part(id)])),
    );
    const stamps = await Promise.all(refs.map((ref) => fill(tier, ref, ref.key)));
    const stored = await tier.read(refs);
    for (const [index, ref] of refs.entries()) {
      assertBytes(stored[index]?.bytes, bytesOf(ref.key), ref.key);
      assert.deepEqual(stored[index]?.stamps, stamps[index]);
    }
    assert.equal(new Set(stamps.map((one) => one.key)).size, 4);
    const [one, , other] = stamps;
    assert.notEqual(one?.namespace, other?.namespace);
    assert.equal(new Set(stamps.map(({ tags }) => tags[0])).size, 4);
  });

  check('it has a name, and the same time on every connection', async ({ tier, other, pass }) => {
    assert.equal(typeof tier.name, 'string');
    assert.notEqual(tier.name, '');
    const before = tier.now();
    assert.ok(Number.isFinite(before));
    assert.ok(Math.abs(other.now() - tier.now()) <= 250, 'two connections tell one time');
    await pass(200);
    // A store may measure its offset anew meanwhile.
    assert.ok(tier.now() - before >= 150, `after 200 ms it is ${tier.now() - before} ms later`);
  });
}
