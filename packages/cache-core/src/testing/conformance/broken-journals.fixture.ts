import type { Invalidation } from '../../contracts/invalidation.ts';
import type { Journal } from '../../contracts/journal.ts';
import type { SharedTier } from '../../contracts/shared-tier.ts';
import type { MemorySharedTier } from '../../memory-shared-tier.ts';
import { wrapTier } from '../../tier.fixture.ts';
import type { BrokenTier } from './tier-defects.fixture.ts';

/** A journal with one defect, and the name of one check that must find it. */
export type BrokenJournal = readonly [defect: string, caughtBy: string, make: (journal: Journal) => Journal];

function listing(journal: Journal, change: (list: readonly Invalidation[]) => readonly Invalidation[]): Journal {
  return {
    sequence: () => journal.sequence(),
    since(sequence) {
      const list = journal.since(sequence);
      return list === 'overrun' ? list : change(list);
    },
  };
}

const MARKS = 'the journal > it lists what has come since each mark, oldest first, as it was';
const GROWS = 'the journal > its sequence grows with each invalidation, and with nothing else';
const LOST = 'the journal > a sequence it has not reached, as of a journal that was lost, is an overrun';
const PART = 'the journal > it lists all or says that it does not reach back: never a part';

/** Over a journal that remembers 64 invalidations. */
export const BROKEN_JOURNALS: readonly BrokenJournal[] = [
  ['newest first', MARKS, (journal) => listing(journal, (list) => list.toReversed())],
  ['without the newest', MARKS, (journal) => listing(journal, (list) => list.slice(0, -1))],
  ['without what is soft', MARKS, (journal) => listing(journal, (list) => list.filter(({ soft }) => soft !== true))],
  ['soft as hard', MARKS, (journal) => listing(journal, (list) => list.map((one) => ({ ...one, soft: false })))],
  ['without the origin', MARKS, (journal) => listing(journal, (list) => list.map((one) => ({ ...one, origin: 'lost' })))],
  ['a list of 100 keys at most', MARKS, (journal) =>
    listing(journal, (list) => list.map((one) => (one.kind === 'keys' ? { ...one, keys: one.keys.slice(0, 100) } : one)))],
  ['a sequence that stands still', GROWS, (journal) => ({ sequence: () => 0, since: () => journal.since(0) })],
  ['a sequence that asking moves', GROWS, (journal) => {
    let asked = 0;
    return { sequence: () => journal.sequence() + asked, since: (sequence) => (asked++, journal.since(sequence)) };
  }],
  ['nothing since the future', LOST, (journal) => ({
    sequence: () => journal.sequence(),
    since: (sequence) => (sequence > journal.sequence() ? [] : journal.since(sequence)),
  })],
  ['a part in place of an overrun', PART, (journal) => ({
    sequence: () => journal.sequence(),
    since(sequence) {
      for (let from = sequence; ; from++) {
        const list = journal.since(from);
        if (list !== 'overrun' || sequence > journal.sequence()) return list;
      }
    },
  })],
  ['always an overrun', MARKS, (journal) => ({ sequence: () => journal.sequence(), since: () => 'overrun' })],
  ['a list that grows', 'the journal > a list once given does not change', (journal) => ({
    sequence: () => journal.sequence(),
    since(sequence) {
      const given = journal.since(sequence);
      if (given === 'overrun') return given;
      // Whoever looks at the list later sees what the journal has then.
      return new Proxy(given, { get: (_, name) => Reflect.get(Object(journal.since(sequence)), name) as unknown });
    },
  })],
]; // prettier-ignore

function withJournal(tier: MemorySharedTier, change: (journal: Journal) => Partial<Journal>): SharedTier {
  const { journal } = tier;
  const own: Journal = {
    sequence: () => journal.sequence(),
    since: (sequence) => journal.since(sequence),
    liveUntil: () => journal.liveUntil(),
  };
  return wrapTier(tier, { journal: { ...own, ...change(own) } });
}

const LIVE = 'the journal > stayLive, if there is one, moves liveUntil, never back, on every connection';

/** Tiers whose journal has a defect. */
export const BROKEN_TIER_JOURNALS: readonly BrokenTier[] = [
  ['it keeps no journal', GROWS, (tier) => wrapTier(tier, { journal: undefined })],
  ['its journal is newest first', MARKS, (tier) =>
    withJournal(tier, (journal) => ({
      since: (sequence) => {
        const list = journal.since(sequence);
        return list === 'overrun' ? list : list.toReversed();
      },
    }))],
  ['its journal remembers writes', 'the journal > nothing but an invalidation is in it', (tier) =>
    wrapTier(tier, {
      write: async (ref, ...rest) => {
        tier.journal.append({ kind: 'keys', namespace: ref.namespace, keys: [ref.key] });
        await tier.write(ref, ...rest);
      },
    })],
  ['an invalidation is in the journal only later', 'the journal > it has an invalidation when that resolves, on the other connection within 5 ms', (tier, clock) => {
    const marks: { sequence: number; atMs: number }[] = [{ sequence: 0, atMs: -Infinity }];
    const seen = (): number => marks.findLast(({ atMs }) => clock.now() >= atMs)?.sequence ?? 0;
    const late = withJournal(tier, () => ({ sequence: seen }));
    return wrapTier(late, {
      invalidate: async (invalidation) => {
        await tier.invalidate(invalidation);
        marks.push({ sequence: tier.journal.sequence(), atMs: clock.now() + 1000 });
      },
    });
  }],
  ['it cannot stay live', LIVE, (tier) => wrapTier(tier, { stayLive: undefined })],
  ['it stays live and tells nobody', LIVE, (tier) => withJournal(tier, () => ({ liveUntil: () => undefined }))],
  ['it stays live for ever', LIVE, (tier) => withJournal(tier, () => ({ liveUntil: () => Infinity }))],
]; // prettier-ignore
