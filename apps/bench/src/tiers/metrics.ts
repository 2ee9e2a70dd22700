import { distribution } from '../distribution.ts';
import type { Distribution, Metrics } from '../scenario.ts';
import { sum } from '../sum.ts';
import { targetMetrics } from '../targets.ts';
import type { TiersMeasurement } from './measurement.ts';
import { clusterMetrics } from './cluster/report.ts';
import { targetsOf } from './targets.ts';
import { OPERATIONS } from './writer-child.ts';

/** The measurement for machines. */
export function metricsOf(m: TiersMeasurement): Metrics {
  const { latencies, stops } = m.writes;
  const { verdicts } = m.invalidations;
  const metrics: Record<string, number | Distribution> = { ...targetMetrics(targetsOf(m)) };
  for (const { size, ways } of m.reads) {
    for (const way of ways) {
      metrics[`read_us.${size.name}.${way.name}`] = distribution(way.us);
      metrics[`event_loop_lag_ms.read.${size.name}.${way.name}`] = way.lagMs;
    }
  }
  for (const operation of OPERATIONS) metrics[`${operation}_ms`] = distribution(latencies.ms[operation]);
  return {
    ...metrics,
    'event_loop_lag_ms.write': latencies.lagMs,
    'open_ms.bare': distribution(m.opens.bareMs),
    'open_ms.tier': distribution(m.opens.openMs),
    'write_stall_ms.undisturbed': distribution(stops.map(({ free }) => free.lagMs)),
    'write_stall_ms.call': distribution(stops.map(({ stopped }) => stopped.callMs)),
    'write_stall.writes_behind_stopped': sum(stops.map(({ stopped }) => stopped.writes)),
    'write_stall.reads_meanwhile': sum(stops.map(({ stopped }) => stopped.reads)),
    'invalidation.trials': m.invalidations.trials,
    invalidation_seen_ms: distribution(verdicts.flatMap(({ seenMs }) => seenMs)),
    reads_compared: sum(verdicts.map(({ compared }) => compared)),
    older_reads: sum(verdicts.map(({ older }) => older)),
    'older_reads.worst_ms': Math.max(...verdicts.map(({ worstMs }) => worstMs)),
    delete_ms: distribution(m.invalidations.deleteMs),
    'event_loop_lag_ms.invalidation': distribution(m.invalidations.lagMs),
    ...clusterMetrics(m.cluster),
  };
}
