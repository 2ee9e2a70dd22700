import type { Invalidation } from '../../contracts/invalidation.ts';
import type { Journal } from '../../contracts/journal.ts';
import { randomBits } from '../../random.ts';
import { journalChecks } from './journal-checks.ts';
import type { ConformanceRunner } from './runner.ts';
import { checksOf } from './runner.ts';

/** A journal of its own, as one check needs it. */
export interface JournalSubject {
  readonly journal: Journal;
  /** Adds an invalidation, in the way that the journal's owner has for it. */
  append(invalidation: Invalidation): Promise<void> | void;
  close(): Promise<void>;
}

/** @see journalConformance */
export interface JournalConformanceOptions {
  /** How many invalidations the journal remembers at most. @default not checked: it may reach back for ever */
  readonly capacity?: number;
}

/**
 * Says whether a journal keeps the contract of `Journal`. `sharedTierConformance` contains it for the journals of tiers.
 *
 * @param open opens a journal that nobody else appends to; called once per check. It may hold older records.
 */
export function journalConformance(
  runner: ConformanceRunner,
  open: () => Promise<JournalSubject>,
  options: JournalConformanceOptions = {},
): void {
  const check = checksOf(runner, open, async (subject) => ({
    journal: subject.journal,
    namespace: `conformance:${randomBits().toString(36)}:n`,
    capacity: options.capacity,
    append: async (invalidation: Invalidation) => subject.append(invalidation),
  }));
  runner.describe('the journal', () => journalChecks(check));
}
