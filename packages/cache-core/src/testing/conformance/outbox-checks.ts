import assert from 'node:assert/strict';
import type { SharedOutbox } from '../../contracts/shared-outbox.ts';
import { everyKind, plain, record } from './journal-checks.ts';
import type { Check } from './runner.ts';
import type { TierStage } from './tier-stage.ts';

/** How soon the processes of one machine must know what it owes, in milliseconds. */
const KNOWN_WITHIN_MS = 5;

/** The outbox of a tier, if it keeps one: what is owed is known on every connection until it is settled on any. */
export function outboxChecks(check: Check<TierStage>): void {
  const checkOutboxes = (
    name: string,
    body: (stage: TierStage, outbox: SharedOutbox, other: SharedOutbox) => Promise<void>,
  ): void =>
    check(name, async (stage) => {
      if (!stage.has('outbox')) return;
      const { tier, other } = stage;
      assert.ok(tier.outbox && other.outbox, 'every connection has the outbox');
      await body(stage, tier.outbox, other.outbox);
    });

  checkOutboxes(
    'what is owed is known on every connection until it is settled, as it was',
    async (stage, outbox, other) => {
      const { ref, pass } = stage;
      const sent = everyKind(ref('a').namespace);
      const debts: string[] = [];
      for (const invalidation of sent) debts.push(await outbox.owe(invalidation));
      assert.equal(new Set(debts).size, sent.length, 'every debt has a name of its own');
      await pass(KNOWN_WITHIN_MS);
      for (const side of [outbox, other]) assert.deepEqual(sorted(side), sent.map(asText).toSorted());
      for (const debt of debts.slice(1)) await other.settle(debt);
      await pass(KNOWN_WITHIN_MS);
      for (const side of [outbox, other]) assert.deepEqual(sorted(side), sent.slice(0, 1).map(asText));
      for (const debt of debts) await outbox.settle(debt);
      await pass(KNOWN_WITHIN_MS);
      for (const side of [outbox, other]) assert.deepEqual([...side.owed()], []);
    },
  );

  checkOutboxes('what changes at the same moment is all kept', async (stage, outbox, other) => {
    const { ref, pass } = stage;
    const sent = Array.from({ length: 40 }, (_, id) => record(ref('a').namespace, id));
    const debts = await Promise.all(sent.map((one, index) => (index % 2 === 0 ? outbox : other).owe(one)));
    await pass(KNOWN_WITHIN_MS);
    for (const side of [outbox, other]) assert.deepEqual(sorted(side), sent.map(asText).toSorted());
    await Promise.all(debts.slice(10).map((debt, index) => (index % 2 === 0 ? outbox : other).settle(debt)));
    await pass(KNOWN_WITHIN_MS);
    for (const side of [outbox, other]) assert.deepEqual(sorted(side), sent.slice(0, 10).map(asText).toSorted());
  });

  checkOutboxes('is the same array while nothing changes', async (stage, outbox) => {
    await outbox.owe(record(stage.ref('a').namespace, 1));
    await stage.pass(KNOWN_WITHIN_MS);
    assert.equal(outbox.owed(), outbox.owed());
  });
}

function sorted(outbox: SharedOutbox): string[] {
  return outbox.owed().map(asText).toSorted();
}

function asText(invalidation: Parameters<typeof plain>[0]): string {
  return JSON.stringify(plain(invalidation));
}
