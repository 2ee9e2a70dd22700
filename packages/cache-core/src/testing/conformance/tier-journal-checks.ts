import assert from 'node:assert/strict';
import type { Journal } from '../../contracts/journal.ts';
import { everyKind, journalChecks, listSince, plain, record } from './journal-checks.ts';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';

/** How soon the processes of one machine must know of an invalidation, in milliseconds. */
const HEARD_WITHIN_MS = 5;
/** What the times of two connections may differ by, in milliseconds. */
const CLOCK_SLACK_MS = 250;

function journalOf({ tier, has }: TierStage): Journal | undefined {
  return has('journal') ? tier.journal : undefined;
}

/** The journal of a tier, if it keeps one: as every journal, on every connection, in step with `invalidate`. */
export function tierJournalChecks(check: Check<TierStage>): void {
  journalChecks((name, body) =>
    check(name, async (stage) => {
      const journal = journalOf(stage);
      if (journal === undefined) return;
      const append = stage.tier.invalidate.bind(stage.tier);
      await body({ journal, namespace: stage.ref('a').namespace, capacity: stage.options.journalCapacity, append });
    }),
  );

  check('it has an invalidation when that resolves, on the other connection within 5 ms', async (stage) => {
    const { tier, other, ref, pass } = stage;
    const journal = journalOf(stage);
    if (journal === undefined) return;
    assert.ok(other.journal, 'every connection has the journal');
    const { namespace } = ref('a');
    const before = other.journal.sequence();
    assert.equal(journal.sequence(), before, 'both stand at the same sequence');
    assert.equal(other.origin, tier.origin, 'one machine has one origin');
    for (const invalidation of everyKind(namespace)) await tier.invalidate(invalidation);
    await pass(HEARD_WITHIN_MS);
    assert.deepEqual(listSince(other.journal, before), everyKind(namespace).map(plain), 'of the first on the second');
    const between = journal.sequence();
    await other.invalidate(record(namespace, 1));
    await pass(HEARD_WITHIN_MS);
    assert.deepEqual(listSince(journal, between), [record(namespace, 1)], 'of the second on the first');
  });

  check('nothing but an invalidation is in it', async (stage) => {
    const { tier, ref } = stage;
    const journal = journalOf(stage);
    if (journal === undefined) return;
    const before = journal.sequence();
    const { lease } = await tier.begin(ref('a'), { leaseMs: 1000, stampTtlMs: 1000 });
    await tier.write(ref('a'), Uint8Array.of(1), { ttlMs: 1000 });
    await tier.read([ref('a')]);
    if (typeof lease === 'object') await lease.release();
    await tier.stayLive?.(1000);
    assert.equal(journal.sequence(), before);
  });

  check('stayLive, if there is one, moves liveUntil, never back, on every connection', async (stage) => {
    const { tier, other, has, pass } = stage;
    if (!has('stayLive')) return;
    const sides = [tier, other];
    const before = tier.now();
    await tier.stayLive?.(1000);
    const after = tier.now();
    await pass(HEARD_WITHIN_MS);
    for (const side of sides) {
      const until = side.journal?.liveUntil?.();
      assert.ok(until !== undefined, 'a tier that can stay live says until when');
      assert.ok(until >= before + 1000 - CLOCK_SLACK_MS, `${until - before} ms are too short`);
      assert.ok(until <= after + 1000 + CLOCK_SLACK_MS, `${until - after} ms are too long`);
    }
    const first = tier.journal?.liveUntil?.() ?? 0;
    await tier.stayLive?.(10);
    assert.ok((tier.journal?.liveUntil?.() ?? 0) >= first, 'a shorter one takes nothing back');
    await other.stayLive?.(60_000);
    await pass(HEARD_WITHIN_MS);
    for (const side of sides) assert.ok((side.journal?.liveUntil?.() ?? 0) > first + 30_000, 'made longer');
  });
}
