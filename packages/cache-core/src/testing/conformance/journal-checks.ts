import assert from 'node:assert/strict';
import type { Invalidation } from '../../contracts/invalidation.ts';
import { EVERY_MUTABLE_NAMESPACE } from '../../contracts/invalidation.ts';
import type { Journal } from '../../contracts/journal.ts';
import type { Check } from './runner.ts';

/** What the checks of a journal work with. */
export interface JournalStage {
  readonly journal: Journal;
  readonly namespace: string;
  /** How many invalidations are remembered at most; `undefined` when that is not known. */
  readonly capacity: number | undefined;
  readonly append: (invalidation: Invalidation) => Promise<void>;
}

const UNKNOWN_REACH = 300;

/** Physical names of a key that says which invalidation it is of. */
export function record(namespace: string, id: number): Invalidation {
  return { kind: 'keys', namespace, keys: [`${namespace}:${id}`] };
}

/** One invalidation of every kind. */
export function everyKind(namespace: string): readonly Invalidation[] {
  const keys = Array.from({ length: 1000 }, (_, id) => `${namespace}:${id}`);
  return [
    record(namespace, 0),
    { kind: 'keys', namespace, keys, soft: true },
    { kind: 'tags', namespace, tags: [`${namespace}#t`, `${namespace}#u`] },
    { kind: 'tags', namespace, tags: [`${namespace}#t`], soft: true },
    { kind: 'namespace', namespace },
    { kind: 'namespace', namespace, soft: true },
    { kind: 'namespace', namespace: EVERY_MUTABLE_NAMESPACE },
    { kind: 'namespace', namespace: EVERY_MUTABLE_NAMESPACE, soft: true },
    { ...record(namespace, 1), origin: 'another machine' },
  ];
}

/** An invalidation as it counts: `soft: false` is as none, and the order of fields does not matter. */
export function plain(invalidation: Invalidation): Invalidation {
  const { soft, ...rest } = structuredClone(invalidation);
  return soft === true ? { ...rest, soft } : rest;
}

/** The list behind a mark, which must be there. */
export function listSince(journal: Journal, sequence: number): readonly Invalidation[] {
  const list = journal.since(sequence);
  assert.ok(list !== 'overrun', `the journal reaches back to ${sequence} of ${journal.sequence()}`);
  return list.map(plain);
}

/** The ordered list of what has been invalidated: every record once, oldest first, or that it no longer reaches back. */
export function journalChecks(check: Check<JournalStage>): void {
  check('its sequence grows with each invalidation, and with nothing else', async ({ journal, namespace, append }) => {
    for (const invalidation of everyKind(namespace)) {
      const before = journal.sequence();
      assert.ok(Number.isSafeInteger(before), `a sequence is a whole number, got ${before}`);
      journal.since(before);
      assert.equal(journal.sequence(), before, 'asking does not move it');
      await append(invalidation);
      assert.ok(journal.sequence() > before, `${invalidation.kind} moves it`);
    }
  });

  check('it lists what has come since each mark, oldest first, as it was', async ({ journal, namespace, append }) => {
    const all = everyKind(namespace);
    const marks = [journal.sequence()];
    for (const invalidation of all) {
      await append(invalidation);
      marks.push(journal.sequence());
    }
    for (const [missed, mark] of marks.entries()) {
      assert.deepEqual(listSince(journal, mark), all.slice(missed).map(plain), `since mark ${missed}`);
    }
    assert.deepEqual(listSince(journal, journal.sequence()), []);
  });

  check('invalidations of the same moment are listed once each', async ({ journal, namespace, append }) => {
    const before = journal.sequence();
    const all = Array.from({ length: 20 }, (_, id) => record(namespace, id));
    await Promise.all(all.map((one) => append(one)));
    const listed = listSince(journal, before).map((one) => JSON.stringify(one));
    assert.deepEqual(listed.toSorted(), all.map((one) => JSON.stringify(one)).toSorted());
  });

  check('a list once given does not change', async ({ journal, namespace, append }) => {
    const before = journal.sequence();
    await append(record(namespace, 1));
    const list = journal.since(before);
    await append(record(namespace, 2));
    assert.ok(list !== 'overrun');
    assert.deepEqual(list.map(plain), [record(namespace, 1)]);
  });

  check('a sequence it has not reached, as of a journal that was lost, is an overrun', async (stage) => {
    const { journal, namespace, append } = stage;
    for (const ahead of [1, 2, 1_000_000]) assert.equal(journal.since(journal.sequence() + ahead), 'overrun');
    await append(record(namespace, 1));
    for (const ahead of [1, 2, 1_000_000]) assert.equal(journal.since(journal.sequence() + ahead), 'overrun');
  });

  check('it lists all or says that it does not reach back: never a part', async (stage) => {
    const { journal, namespace, append, capacity } = stage;
    const before = journal.sequence();
    const marks: number[] = [];
    const count = (capacity ?? UNKNOWN_REACH) + 1;
    for (let id = 0; id < count; id++) {
      marks.push(journal.sequence());
      await append(record(namespace, id));
    }
    if (capacity !== undefined) assert.equal(journal.since(before), 'overrun', `more than ${capacity} are not kept`);
    for (const [id, mark] of marks.entries()) {
      const list = journal.since(mark);
      const first = list === 'overrun' ? undefined : list[0];
      if (list === 'overrun') continue;
      assert.equal(list.length, count - id, `since mark ${id}`);
      assert.deepEqual(first && plain(first), record(namespace, id));
    }
    assert.deepEqual(
      listSince(journal, marks.at(-1) ?? 0),
      [record(namespace, count - 1)],
      'the newest is always there',
    );
  });
}
