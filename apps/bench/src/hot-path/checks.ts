import { atLeast, exactly, none } from '../checks.ts';
import type { Check } from '../scenario.ts';
import { sum } from '../sum.ts';
import { hungTierChecks } from './hung-tier.ts';
import type { HotPathMeasurement } from './measurement.ts';
import { mostLoads, overheadOf, waitersOf, warmlineHits } from './measurement.ts';
import { CALLERS } from './waiters.ts';

const MIN_COMPARED = 10_000;
const MIN_CROWDS = 5;
export const MAX_OVERHEAD_BYTES = 180;
/** What the heap of a fresh process wavers by; a hundred bytes kept of each key would be a hundred megabytes. */
const MAX_HEAP_GROWTH_MB = 8;

/** What must hold, whatever the machine's speed. */
export function checksOf(m: HotPathMeasurement): Check[] {
  const hits = warmlineHits(m);
  return [
    atLeast('hits_compared', hits.compared, MIN_COMPARED),
    none('hit_mismatches', hits.mismatched, `of ${hits.compared} hits that were compared one by one`),
    none('hit_sum_mismatches', hits.wrongSums, `of ${hits.summed} loops in which all hits were summed up`),
    none('changed_values', hits.unequal, 'ways of finding a value that gave back something else than was loaded'),
    none(
      'reloads',
      sum(m.hits.map(({ reloads }) => reloads)),
      `calls of a loader, by ${m.hits.length} ways of finding a value`,
    ),
    ...waiterChecks(m),
    atMost('overhead_bytes', overheadOf(m, 'warmline').median, MAX_OVERHEAD_BYTES),
    ...millionKeysChecks(m),
    ...hungTierChecks(m.hungTier),
  ];
}

function waiterChecks(m: HotPathMeasurement): Check[] {
  const own = waitersOf(m, 'warmline_get_or_load');
  const crowds = [...own.success, ...own.rejection];
  const callers = sum(crowds.map((crowd) => crowd.callers));
  const right = sum(crowds.map((crowd) => crowd.right));
  return [
    {
      name: 'waiters.crowds',
      holds: Math.min(own.success.length, own.rejection.length) >= MIN_CROWDS,
      detail: `${own.success.length} and ${own.rejection.length} of ${CALLERS} callers, at least ${MIN_CROWDS} each`,
    },
    exactly('waiters.loads_on_success', mostLoads(own, 'success'), 1),
    exactly('waiters.loads_on_rejection', mostLoads(own, 'rejection'), 1),
    none('waiters.wrong_answers', callers - right, `of ${callers} callers: not the loader's value, not its very error`),
  ];
}

function millionKeysChecks({ millionKeys: k }: HotPathMeasurement): Check[] {
  const third = Math.floor(k.keys / 3);
  return [
    atLeast('million_keys.each_fate', Math.min(k.loaded, k.rejected, k.aborted), third),
    none('million_keys.wrong_answers', k.wrong, `of ${k.keys} callers`),
    none('million_keys.loading', k.loading, `loads still held, ${k.neverSettling} loaders never settle`),
    {
      name: 'million_keys.bytes',
      holds: k.bytes <= k.maxBytes && k.evictions > 0,
      detail: `${k.bytes} in ${k.entries} entries, at most ${k.maxBytes}; ${k.evictions} evicted`,
    },
    {
      name: 'million_keys.heap_growth_mb',
      holds: k.heapGrowthMb < MAX_HEAP_GROWTH_MB,
      detail: `${k.heapGrowthMb.toFixed(2)}, less than ${MAX_HEAP_GROWTH_MB}`,
    },
  ];
}

function atMost(name: string, value: number, most: number): Check {
  return { name, holds: value <= most, detail: `${value.toFixed(1)}, at most ${most}` };
}
