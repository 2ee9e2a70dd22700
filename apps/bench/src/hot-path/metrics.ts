import { distribution } from '../distribution.ts';
import type { Distribution, Metrics } from '../scenario.ts';
import type { Target } from '../targets.ts';
import { targetMetrics } from '../targets.ts';
import { hungTierMetrics } from './hung-tier.ts';
import type { HotPathMeasurement } from './measurement.ts';
import { mostLoads, nsOf, overLoaderMs, waitersOf, warmlineHits } from './measurement.ts';
import { spreadOf } from './statistics.ts';
import { CALLERS } from './waiters.ts';

type Collected = Record<string, number | Distribution>;

/** The measurement for machines. Quotients are numbers, with `.min`, `.max` and `.n` beside them. */
export function metricsOf(m: HotPathMeasurement, targets: readonly Target[]): Metrics {
  return {
    ...targetMetrics(targets),
    ...hitMetrics(m),
    ...waiterMetrics(m),
    ...memoryMetrics(m),
    ...hungTierMetrics(m.hungTier),
  };
}

function hitMetrics(m: HotPathMeasurement): Collected {
  const { compared, mismatched, summed, wrongSums } = warmlineHits(m);
  const metrics: Collected = {
    hits_compared: compared,
    hit_mismatches: mismatched,
    hit_loops_summed: summed,
    hit_sum_mismatches: wrongSums,
    'load_average.before': m.loadAverage.before,
    'load_average.after': m.loadAverage.after,
  };
  for (const each of m.hits) {
    const kind = each.payload === 'object' ? 'hit' : 'buffer_hit';
    metrics[`${kind}_ns.${each.name}`] = distribution(nsOf(each));
    metrics[`event_loop_lag_ms.${kind}.${each.name}`] = each.lag.distribution();
  }
  return metrics;
}

function waiterMetrics(m: HotPathMeasurement): Collected {
  const own = waitersOf(m, 'warmline_get_or_load');
  const overMs = (['success', 'rejection'] as const).map((kind) => spreadOf(overLoaderMs(own, kind)).median);
  const metrics: Collected = {
    'waiters.callers': CALLERS,
    'waiters.loads_on_success': mostLoads(own, 'success'),
    'waiters.loads_on_rejection': mostLoads(own, 'rejection'),
    'waiters.wall_over_loader_ms': Math.max(...overMs),
  };
  for (const each of m.waiters) {
    metrics[`event_loop_lag_ms.waiters.${each.name}`] = each.lag.distribution();
    if (each === own) continue;
    const prefix = `waiters.${each.name}`;
    metrics[`${prefix}_loads_on_success`] = mostLoads(each, 'success');
    metrics[`${prefix}_loads_on_rejection`] = mostLoads(each, 'rejection');
    metrics[`${prefix}_callers_on_rejection`] = Math.max(...each.rejection.map(({ callers }) => callers));
    metrics[`${prefix}_wall_over_loader_ms`] = spreadOf(overLoaderMs(each, 'success')).median;
  }
  return metrics;
}

function memoryMetrics({ overhead, millionKeys: k }: HotPathMeasurement): Collected {
  const metrics: Collected = {
    'million_keys.keys': k.keys,
    'million_keys.loaded': k.loaded,
    'million_keys.rejected': k.rejected,
    'million_keys.aborted': k.aborted,
    'million_keys.never_settling': k.neverSettling,
    'million_keys.loading': k.loading,
    'million_keys.entries': k.entries,
    'million_keys.heap_growth_mb': k.heapGrowthMb,
  };
  for (const { name, bytes } of overhead) {
    // Warmline's own is a target, `overhead_bytes`.
    if (name !== 'warmline') metrics[`overhead_bytes.${name}`] = spreadOf(bytes).median;
  }
  return metrics;
}
