import { closingChecks } from './closing-checks.ts';
import { expiryChecks } from './expiry-checks.ts';
import { invalidationChecks } from './invalidation-checks.ts';
import { tierJournalChecks } from './tier-journal-checks.ts';
import { leaseChecks } from './lease-checks.ts';
import { readingChecks } from './reading-checks.ts';
import { outboxChecks } from './outbox-checks.ts';
import type { Check, ConformanceRunner } from './runner.ts';
import { checksOf } from './runner.ts';
import { scheduleChecks } from './schedule-checks.ts';
import { softChecks } from './soft-checks.ts';
import { stampChecks } from './stamp-checks.ts';
import type { SharedTierConformanceOptions, SharedTierSubject, TierStage } from './tier-stage.ts';
import { tierStageOf } from './tier-stage.ts';

/**
 * Says whether a tier keeps the contract of `SharedTier`: that no frame is valid after it was invalidated, and no valid frame
 * is lost without need. To be run against the real engine, not a mock. Checks of time take about a second each where the
 * store's time cannot be moved.
 *
 * @param runner where the checks are registered, for example `{ describe, test }` of vitest or of `node:test`.
 * @param open opens a tier over a store that nobody else uses; called once per check. The store may hold what earlier checks
 * have left, but must have room for a few megabytes: a check fails when the tier has evicted its entries.
 */
export function sharedTierConformance(
  runner: ConformanceRunner,
  open: () => Promise<SharedTierSubject>,
  options: SharedTierConformanceOptions = {},
): void {
  const check = checksOf(runner, open, (subject) => tierStageOf(subject, options));
  const groups: Record<string, (check: Check<TierStage>) => void> = {
    'reading and writing': readingChecks,
    stamps: stampChecks,
    invalidation: invalidationChecks,
    'soft invalidation': softChecks,
    expiry: expiryChecks,
    'the lease': leaseChecks,
    'random schedules': scheduleChecks,
    'the journal': tierJournalChecks,
    'the outbox': outboxChecks,
    closing: closingChecks,
  };
  for (const [name, register] of Object.entries(groups)) runner.describe(name, () => register(check));
}
