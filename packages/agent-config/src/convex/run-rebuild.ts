import { type VBoolean, type VFloat64, type VString, v } from 'convex/values';
import type { ObjectValidator } from './agent-validators.ts';
import type { RebuildProgress } from './rebuild-progress.ts';

/** @see rebuildReportValidator */
export type RebuildReportFields = {
  success: VBoolean;
  total: VFloat64;
  rebuilt: VFloat64;
  skipped: VFloat64;
  message: VString;
};

/** Of what a rebuild tells at its end. */
export const rebuildReportValidator: ObjectValidator<RebuildReportFields> = v.object({
  /** Every agent was looked at; if not, the same call goes on. */
  success: v.boolean(),
  /** `rebuilt` and `skipped`, over all calls of this run. */
  total: v.number(),
  rebuilt: v.number(),
  skipped: v.number(),
  message: v.string(),
});

/** What a rebuild tells at its end. */
export type RebuildReport = ObjectValidator<RebuildReportFields>['type'];

/** An action lives for 10 minutes; what is left is for the last batch, however often it is retried. */
const LIFETIME_MS = 8 * 60 * 1000;

/**
 * Drives a rebuild from an action, batch by batch, until it is through or the action's time is nearly over: then `success` is
 * false, and the same call goes on.
 * @param nextBatch runs {@link rebuildBatch} in a mutation of its own.
 * @param now the time, in ms.
 */
export async function runRebuild(nextBatch: () => Promise<RebuildProgress>, now: () => number): Promise<RebuildReport> {
  const end = now() + LIFETIME_MS;
  let progress = await nextBatch();
  while (!progress.isDone && now() < end) progress = await nextBatch();
  return reportOf(progress);
}

function reportOf({ rebuilt, current, oversized, malformed, problems, isDone }: RebuildProgress): RebuildReport {
  const skipped = current + oversized + malformed;
  const parts = [
    `Rebuilt ${rebuilt} prompts, skipped ${current} agents that already had prompts`,
    ...(oversized > 0 ? [`${oversized} whose prompt does not fit beside their config`] : []),
    ...(malformed > 0 ? [`${malformed} that are malformed (${problems.join('; ')})`] : []),
  ];
  const message = isDone ? parts.join(', ') : `${parts.join(', ')}; call again to go on`;
  return { success: isDone, total: rebuilt + skipped, rebuilt, skipped, message };
}
