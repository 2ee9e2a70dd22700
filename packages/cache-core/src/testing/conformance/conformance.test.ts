import { describe, expect, test } from 'vitest';
import type { SharedTier } from '../../contracts/shared-tier.ts';
import { MemoryJournal } from '../../memory-journal.ts';
import { MemorySharedTier } from '../../memory-shared-tier.ts';
import { wrapTier } from '../../tier.fixture.ts';
import { FakeClock } from '../fake-clock.ts';
import { BROKEN_ANSWERS } from './broken-answers.fixture.ts';
import { BROKEN_BUSES, memoryBusSubject } from './broken-buses.fixture.ts';
import { BROKEN_JOURNALS, BROKEN_TIER_JOURNALS } from './broken-journals.fixture.ts';
import { BROKEN_LEASES } from './broken-leases.fixture.ts';
import { BROKEN_STAMPS } from './broken-stamps.fixture.ts';
import { busConformance } from './bus-conformance.ts';
import { BROKEN_OUTBOXES } from './broken-outboxes.fixture.ts';
import type { Verdict } from './collect.fixture.ts';
import { verdictOf } from './collect.fixture.ts';
import { journalConformance } from './journal-conformance.ts';
import type { ConformanceRunner } from './runner.ts';
import { sharedTierConformance } from './shared-tier-conformance.ts';
import type { SharedTierConformanceOptions, SharedTierSubject } from './tier-stage.ts';

const TIER_OPTIONS: SharedTierConformanceOptions = {
  requires: ['journal', 'beginMany', 'stayLive', 'outbox', 'softening'],
  journalCapacity: 1024,
  hungAfterMs: 300,
};
const JOURNAL_CAPACITY = 64;
/** A check of a broken subject that takes longer has failed. */
const HUNG_AFTER_MS = 4000;

type Suite = (runner: ConformanceRunner) => void;
type MakeTier = (tier: MemorySharedTier, clock: FakeClock) => SharedTier;

/** What `change` makes of the reference, with a second connection that can be closed by itself. */
async function openTier(change: MakeTier = (tier) => tier): Promise<SharedTierSubject> {
  const clock = new FakeClock();
  const memory = new MemorySharedTier({ clock });
  const tier = change(memory, clock);
  return {
    tier,
    another: async () => wrapTier(tier, { close: async () => {} }),
    advance: (ms) => clock.advance(ms),
    close: () => memory.close(),
  };
}

async function openJournal(
  journal = new MemoryJournal(JOURNAL_CAPACITY),
  seen: Pick<MemoryJournal, 'sequence' | 'since'> = journal,
) {
  return { journal: seen, append: journal.append.bind(journal), close: async () => {} };
}

describe('MemorySharedTier', () => {
  sharedTierConformance({ describe, test }, openTier, TIER_OPTIONS);
});

describe('MemoryJournal', () => {
  journalConformance({ describe, test }, openJournal, { capacity: JOURNAL_CAPACITY });
});

describe('MemoryBus', () => {
  busConformance({ describe, test }, async () => memoryBusSubject(), { patienceMs: 300 });
});

describe('the checks do not ask for what a tier need not have', () => {
  const optional: [string, MakeTier][] = [
    ['the smallest tier', (tier) => wrapTier(tier, { journal: undefined, beginMany: undefined, stayLive: undefined, outbox: undefined, origin: undefined })],
    ['a tier that cannot soften', (tier) => wrapTier(tier, { invalidate: (invalidation) => tier.invalidate({ ...invalidation, soft: false }), journal: undefined, stayLive: undefined })],
    ['a tier that rejects when it is closed', (tier) => {
      let closed = false;
      return wrapTier(tier, {
        close: async () => void (closed = true),
        read: async (refs) => (closed ? Promise.reject(new Error('closed')) : tier.read(refs)),
      });
    }],
  ]; // prettier-ignore
  test.each(optional)('%s', async (_, make) => {
    const { failures } = await verdictOf((runner) => sharedTierConformance(runner, () => openTier(make)));
    expect([...failures]).toEqual([]);
  });

  test('one connection and real time are enough', async () => {
    const open = async (): Promise<SharedTierSubject> => {
      const tier = new MemorySharedTier();
      return { tier, close: () => tier.close() };
    };
    const { checks, failures } = await verdictOf((runner) => sharedTierConformance(runner, open), { oneByOne: true });
    expect([...failures]).toEqual([]);
    expect(checks.length).toBeGreaterThan(60);
  }, 60_000);

  test('a bus that cannot be made to fail', async () => {
    const open = async () => ({ bus: memoryBusSubject().bus, close: async () => {} });
    const { failures } = await verdictOf((runner) => busConformance(runner, open));
    expect([...failures]).toEqual([]);
  });
});

const BROKEN_TIERS = [
  ...BROKEN_ANSWERS,
  ...BROKEN_STAMPS,
  ...BROKEN_LEASES,
  ...BROKEN_TIER_JOURNALS,
  ...BROKEN_OUTBOXES,
];

describe.each<[string, readonly (readonly [string, string, Suite])[]]>([
  ['tier', BROKEN_TIERS.map(([defect, by, make]) => [defect, by, (runner) =>
    sharedTierConformance(runner, () => openTier(make), TIER_OPTIONS)])],
  ['journal', BROKEN_JOURNALS.map(([defect, by, make]) => [defect, by, (runner) => {
    const open = () => {
      const journal = new MemoryJournal(JOURNAL_CAPACITY);
      return openJournal(journal, make(journal));
    };
    journalConformance(runner, open, { capacity: JOURNAL_CAPACITY });
  }])],
  ['bus', BROKEN_BUSES.map(([defect, by, make]) => [defect, by, (runner) =>
    busConformance(runner, async () => make(), { patienceMs: 100 })])],
])('a broken %s is found', (_, defects) => {
  const verdicts = new Map<string, Promise<Verdict>>();
  const verdictOn = (defect: string, suite: Suite): Promise<Verdict> => {
    const verdict = verdicts.get(defect) ?? verdictOf(suite, { limitMs: HUNG_AFTER_MS });
    verdicts.set(defect, verdict);
    return verdict;
  };

  test.each(defects)('%s: by "%s"', async (defect, caughtBy, suite) => {
    const { checks, failures } = await verdictOn(defect, suite);
    expect(checks).toContain(caughtBy);
    expect([...failures.keys()]).toContain(caughtBy);
  });

  test('every check fails for one of them at least: none is idle', async () => {
    const all = await Promise.all(defects.map(([defect, , suite]) => verdictOn(defect, suite)));
    const useful = new Set(all.flatMap(({ failures }) => [...failures.keys()]));
    expect(all[0]?.checks.filter((check) => !useful.has(check))).toEqual([]);
  }, 120_000);
}); // prettier-ignore

test('a second connection to another store is found', async () => {
  const open = async () => ({ ...(await openTier()), another: async () => new MemorySharedTier() });
  const { failures } = await verdictOf((runner) => sharedTierConformance(runner, open, TIER_OPTIONS));
  expect([...failures.keys()]).toContain(
    'reading and writing > what was written is read by every connection, until it is written anew',
  );
});

test('a journal that remembers more than it says is found', async () => {
  const open = () => openJournal(new MemoryJournal(JOURNAL_CAPACITY + 1));
  const { failures } = await verdictOf((runner) => journalConformance(runner, open, { capacity: JOURNAL_CAPACITY }));
  expect(failures.size).toBe(1);
});

test('a check that fails closes its subject', async () => {
  let open = 0;
  const opened = async (): Promise<SharedTierSubject> => {
    const subject = await openTier((tier) => wrapTier(tier, { read: () => Promise.reject(new Error('down')) }));
    open++;
    return { ...subject, close: async () => void open-- };
  };
  const { failures } = await verdictOf((runner) => sharedTierConformance(runner, opened, TIER_OPTIONS));
  expect(failures.size).toBeGreaterThan(30);
  expect(open).toBe(0);
});
