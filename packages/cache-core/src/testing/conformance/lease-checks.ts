import assert from 'node:assert/strict';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';
import { heldLease, readOne, STAMPS_ONLY, WITH_LEASE } from './tier-stage.ts';

const SHORT_MS = 600;
const SHORT_LEASE = { ...WITH_LEASE, leaseMs: SHORT_MS };

/** The right to load: one holder at a time, and never for ever. */
export function leaseChecks(check: Check<TierStage>): void {
  check('is given once, whoever asks', async ({ tier, other, ref }) => {
    heldLease(await tier.begin(ref('a'), WITH_LEASE), 'the first');
    for (const side of [tier, other]) assert.equal((await side.begin(ref('a'), WITH_LEASE)).lease, 'elsewhere');
    heldLease(await other.begin(ref('b'), WITH_LEASE), 'another key');
    heldLease(await other.begin(ref('a', [], 'm'), WITH_LEASE), 'the same in another namespace');
  });

  check('is given to one of those who ask at the same time', async ({ tier, other, ref }) => {
    const sides = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? tier : other));
    const begun = await Promise.all(sides.map((side) => side.begin(ref('a'), WITH_LEASE)));
    const leases = begun.map(({ lease }) => lease);
    assert.equal(leases.filter((lease) => typeof lease === 'object').length, 1);
    assert.equal(leases.filter((lease) => lease === 'elsewhere').length, 19);
  });

  check('is not given to who does not ask, nor taken by them', async ({ tier, other, ref }) => {
    assert.equal((await tier.begin(ref('a'), STAMPS_ONLY)).lease, 'none');
    const lease = heldLease(await other.begin(ref('a'), WITH_LEASE), 'it was free');
    assert.equal((await tier.begin(ref('a'), STAMPS_ONLY)).lease, 'none');
    assert.equal((await tier.begin(ref('a'), WITH_LEASE)).lease, 'elsewhere');
    await lease.release();
  });

  check('is free again when it is given back, on every connection', async ({ tier, other, ref }) => {
    const lease = heldLease(await tier.begin(ref('a'), WITH_LEASE), 'the first');
    await lease.release();
    const next = heldLease(await other.begin(ref('a'), WITH_LEASE), 'after the release');
    await next.release();
    heldLease(await tier.begin(ref('a'), WITH_LEASE), 'after the second release');
  });

  check('given back twice, it does not free that of the next holder', async ({ tier, other, ref }) => {
    const lease = heldLease(await tier.begin(ref('a'), WITH_LEASE), 'the first');
    await lease.release();
    heldLease(await other.begin(ref('a'), WITH_LEASE), 'the next');
    await lease.release();
    assert.equal((await tier.begin(ref('a'), WITH_LEASE)).lease, 'elsewhere');
  });

  check('ends by itself when its holder dies, and not before', async ({ tier, other, ref, pass }) => {
    const lease = heldLease(await tier.begin(ref('a'), SHORT_LEASE), 'the first');
    await pass(SHORT_MS / 2);
    assert.equal((await other.begin(ref('a'), SHORT_LEASE)).lease, 'elsewhere', 'held at half of its time');
    await pass(SHORT_MS / 2 + 100);
    heldLease(await other.begin(ref('a'), WITH_LEASE), 'after its time');
    await lease.release();
    assert.equal((await tier.begin(ref('a'), WITH_LEASE)).lease, 'elsewhere', 'a late release frees nothing');
  });

  check('those who are refused do not make it longer', async ({ tier, other, ref, pass }) => {
    heldLease(await tier.begin(ref('a'), SHORT_LEASE), 'the first');
    await pass(SHORT_MS / 2);
    assert.equal((await other.begin(ref('a'), WITH_LEASE)).lease, 'elsewhere');
    await pass(SHORT_MS / 2 + 100);
    heldLease(await other.begin(ref('a'), WITH_LEASE), 'after the time of the first');
  });

  check('is void once its key is invalidated', async ({ tier, other, ref }) => {
    const { key, namespace } = ref('a');
    const lease = heldLease(await tier.begin(ref('a'), WITH_LEASE), 'the first');
    const beside = heldLease(await tier.begin(ref('b'), WITH_LEASE), 'beside');
    await other.invalidate({ kind: 'keys', namespace, keys: [key] });
    heldLease(await other.begin(ref('a'), WITH_LEASE), 'after the invalidation');
    await lease.release();
    assert.equal((await tier.begin(ref('a'), WITH_LEASE)).lease, 'elsewhere', 'the first holder frees nothing');
    assert.equal((await tier.begin(ref('b'), WITH_LEASE)).lease, 'elsewhere', 'other keys are not concerned');
    await beside.release();
  });

  check('is no stamp: taking, refusing and releasing it leaves the stamps', async ({ tier, other, ref }) => {
    const { lease, stamps } = await tier.begin(ref('a'), WITH_LEASE);
    assert.deepEqual((await other.begin(ref('a'), WITH_LEASE)).stamps, stamps);
    if (typeof lease === 'object') await lease.release();
    assert.deepEqual((await other.begin(ref('a'), WITH_LEASE)).stamps, stamps);
    assert.deepEqual((await readOne(tier, ref('a'))).stamps, stamps);
  });
}
