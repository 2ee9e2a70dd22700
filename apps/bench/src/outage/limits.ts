import { distribution } from '../distribution.ts';
import { LOADER_MS } from './play.ts';
import type { ReaderResult } from './round-result.ts';

/** How long a lookup may wait for the tiers altogether: the default of `tierBudgetMs`. */
export const BUDGET_MS = 15;
/** Beyond the budget, the loader, and the worst lag of the event loop. */
export const COLD_SLACK_MS = 5;
/** Beyond twice what it is when all is well. */
export const HOT_SLACK_MS = 1;
/** From a fresh client's success until the tier is of use again. */
export const BACK_MS = 1_000;

/** What a cold read may take at the 95th percentile, with the lag that there was. */
export function coldLimitMs({ outage }: ReaderResult): number {
  return BUDGET_MS + LOADER_MS + COLD_SLACK_MS + outage.lagMs;
}

/** What a hot read may take at the 99th percentile. */
export function hotLimitMs({ healthy }: ReaderResult): number {
  return 2 * distribution(healthy.hotMs).p99 + HOT_SLACK_MS;
}
