import assert from 'node:assert/strict';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';
import { assertBytes, assertStanding, bytesOf, LONG_TTL_MS, readOne, STAMPS_ONLY } from './tier-stage.ts';

const SHORT_MS = 600;
const HALF_MS = SHORT_MS / 2;
/** What a store may round, and a busy machine be late. */
const SLACK_MS = 100;

/** Values end with their time; stamps live at least as long as they were asked to. */
export function expiryChecks(check: Check<TierStage>): void {
  check('a value ends with its time, and not before', async ({ tier, other, ref, pass }) => {
    await tier.begin(ref('a'), STAMPS_ONLY);
    await tier.write(ref('a'), bytesOf('short'), { ttlMs: SHORT_MS });
    await tier.write(ref('b'), bytesOf('pinned'), { ttlMs: SHORT_MS, pin: true });
    await pass(HALF_MS);
    assertBytes((await readOne(other, ref('a'))).bytes, bytesOf('short'), 'at half of its time');
    await pass(HALF_MS + SLACK_MS);
    for (const side of [tier, other]) {
      assert.equal((await readOne(side, ref('a'))).bytes, undefined, 'read after its time');
      assert.equal((await readOne(side, ref('b'))).bytes, undefined, 'a pin keeps nothing past its time');
      assert.equal((await side.begin(ref('a'), STAMPS_ONLY)).bytes, undefined, 'begin after its time');
    }
  });

  check('a later write sets the time anew, in both directions', async ({ tier, ref, pass }) => {
    await tier.write(ref('longer'), bytesOf('1'), { ttlMs: SHORT_MS });
    await tier.write(ref('longer'), bytesOf('2'), { ttlMs: LONG_TTL_MS });
    await tier.write(ref('shorter'), bytesOf('1'), { ttlMs: LONG_TTL_MS });
    await tier.write(ref('shorter'), bytesOf('2'), { ttlMs: SHORT_MS });
    await pass(SHORT_MS + SLACK_MS);
    assertBytes((await readOne(tier, ref('longer'))).bytes, bytesOf('2'), 'made longer');
    assert.equal((await readOne(tier, ref('shorter'))).bytes, undefined, 'made shorter');
  });

  check('stamps live as long as they were asked to, and so do the frames under them', async (stage) => {
    const { tier, ref, pass } = stage;
    const { stamps } = await tier.begin(ref('a', ['t']), { leaseMs: 0, stampTtlMs: SHORT_MS + SLACK_MS });
    await tier.write(ref('a', ['t']), bytesOf('value'), { ttlMs: SHORT_MS });
    await pass(HALF_MS);
    await assertStanding(stage, ref('a', ['t']), stamps, ['valid'], 'at half of their time');
    assertBytes((await readOne(tier, ref('a', ['t']))).bytes, bytesOf('value'), 'at half of its time');
  });

  check('a begin that asks for less does not shorten the life of stamps', async (stage) => {
    const { tier, other, ref, pass } = stage;
    const { stamps } = await tier.begin(ref('a', ['t']), STAMPS_ONLY);
    await other.begin(ref('a', ['t']), { leaseMs: 0, stampTtlMs: HALF_MS });
    await pass(HALF_MS + SLACK_MS);
    await assertStanding(stage, ref('a', ['t']), stamps, ['valid'], 'asked for long before');
  });

  check('a begin that asks for more makes it longer, that of namespace and tags too', async (stage) => {
    const { tier, other, ref, pass } = stage;
    const { stamps } = await tier.begin(ref('a', ['t']), { leaseMs: 0, stampTtlMs: SHORT_MS });
    await other.begin(ref('a', ['t']), STAMPS_ONLY);
    await pass(SHORT_MS + SLACK_MS);
    await assertStanding(stage, ref('a', ['t']), stamps, ['valid'], 'made longer');
  });

  check('a soft invalidation does not shorten the life of stamps', async (stage) => {
    const { tier, ref, pass } = stage;
    const { namespace, key } = ref('a');
    const { stamps } = await tier.begin(ref('a'), STAMPS_ONLY);
    await tier.invalidate({ kind: 'keys', namespace, keys: [key], soft: true });
    const after = (await readOne(tier, ref('a'))).stamps;
    // A tier that cannot soften has removed the stamp.
    if (after.key === undefined) return;
    await pass(SHORT_MS);
    await assertStanding(stage, ref('a'), stamps, ['softened'], 'softened a while ago');
    await assertStanding(stage, ref('a'), after, ['valid'], 'loaded since');
  });

  check('a stamp that has ended does not come back', async (stage) => {
    const { tier, ref, pass } = stage;
    const { stamps } = await tier.begin(ref('a'), { leaseMs: 0, stampTtlMs: HALF_MS });
    await pass(HALF_MS + SLACK_MS);
    const now = (await readOne(tier, ref('a'))).stamps;
    // It may live longer than it was asked to; then it is still the same.
    if (now.key !== undefined) return;
    await tier.begin(ref('a'), STAMPS_ONLY);
    await assertStanding(stage, ref('a'), stamps, ['void'], 'made anew');
  });
}
