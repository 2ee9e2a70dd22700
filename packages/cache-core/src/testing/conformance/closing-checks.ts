import assert from 'node:assert/strict';
import type { SharedTier } from '../../contracts/shared-tier.ts';
import { endOf } from './runner.ts';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';
import { assertBytes, bytesOf, fill, heldLease, LONG_TTL_MS, readOne, WITH_LEASE } from './tier-stage.ts';

const HUNG_AFTER_MS = 5000;

/** A closed tier rejects or answers nothing, and never leaves a caller waiting. */
export function closingChecks(check: Check<TierStage>): void {
  check('a closed tier rejects or answers nothing, and nothing hangs', async ({ tier, ref, options }) => {
    await fill(tier, ref('a'), 'value');
    const lease = heldLease(await tier.begin(ref('b'), WITH_LEASE), 'before the end');
    await tier.close();
    const one = ref('a');
    const calls: Record<string, () => Promise<unknown>> = {
      read: () => tier.read([one]),
      begin: () => tier.begin(one, WITH_LEASE),
      write: () => tier.write(one, bytesOf('late'), { ttlMs: LONG_TTL_MS }),
      invalidate: () => tier.invalidate({ kind: 'keys', namespace: one.namespace, keys: [one.key] }),
      beginMany: async () => tier.beginMany?.([one], WITH_LEASE),
      stayLive: async () => tier.stayLive?.(1000),
      release: () => lease.release(),
      close: () => tier.close(),
    };
    const limitMs = options.hungAfterMs ?? HUNG_AFTER_MS;
    const stored = await endOf(() => tier.read([one]), limitMs);
    if (stored !== 'hung' && 'value' in stored) assert.equal(stored.value[0]?.bytes, undefined, 'nothing is answered');
    for (const [name, call] of Object.entries(calls)) {
      const end = await endOf(call, limitMs);
      assert.notEqual(end, 'hung', `${name} hangs`);
      assert.ok(name !== 'release' || (end !== 'hung' && 'value' in end), 'the release of a lease never rejects');
    }
  });

  check('one connection closed, the others go on', async ({ tier, other, ref }) => {
    const sideBySide: SharedTier | undefined = other === tier ? undefined : other;
    if (sideBySide === undefined) return;
    const lease = heldLease(await tier.begin(ref('a'), WITH_LEASE), 'the first');
    await fill(tier, ref('b'), 'value');
    await sideBySide.close();
    assertBytes((await readOne(tier, ref('b'))).bytes, bytesOf('value'), 'read');
    await tier.write(ref('a'), bytesOf('value'), { ttlMs: LONG_TTL_MS });
    assertBytes((await tier.begin(ref('a'), WITH_LEASE)).bytes, bytesOf('value'), 'begin');
    await lease.release();
  });
}
