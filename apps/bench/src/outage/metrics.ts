import { distribution } from '../distribution.ts';
import type { Distribution, Metrics } from '../scenario.ts';
import { sum } from '../sum.ts';
import { clientMetrics } from './client-report.ts';
import type { Composition } from './composition.ts';
import { growthMb } from './growth.ts';
import { BUDGET_MS, coldLimitMs, hotLimitMs } from './limits.ts';
import type { OutageMeasurement } from './measurement.ts';
import { LOADER_MS } from './play.ts';
import type { RoundResult } from './round-result.ts';
import { targetMetrics } from '../targets.ts';
import { targetsOf } from './targets.ts';

type Named = Record<string, number | Distribution>;

/** Behind the names of figures of a process that has a host tier, too. */
const SUFFIX: Readonly<Record<Composition, string>> = { cluster: '', host_cluster: '.with_host' };

/** The measurement for machines. Counts are of both processes; times of the one without a host tier have no suffix. */
export function metricsOf(m: OutageMeasurement): Metrics {
  const readers = m.rounds.flatMap((round) => round.readers);
  const verdicts = readers.map(({ verdict }) => verdict);
  const metrics: Named = {
    states: m.rounds.length,
    loader_ms: LOADER_MS,
    budget_ms: BUDGET_MS,
    failed: sum(readers.map(({ outage }) => outage.failed)),
    reads: sum(readers.map(({ outage }) => outage.reads)),
    stale_served: sum(verdicts.map(({ stale }) => stale)),
    reads_compared: sum(verdicts.map(({ compared }) => compared)),
    older_than_allowed: sum(verdicts.map(({ olderThanAllowed }) => olderThanAllowed)),
    older_than_allowed_compared: sum(verdicts.map(({ doubted }) => doubted)),
    unhandled_rejections: m.unhandled,
  };
  for (const [composition, suffix] of Object.entries(SUFFIX)) {
    const same = readers.filter((reader) => reader.composition === composition);
    if (same.length === 0) continue;
    metrics[`healthy.cold_ms${suffix}`] = distribution(same.flatMap(({ healthy }) => healthy.coldMs));
    metrics[`healthy.hot_ms${suffix}`] = distribution(same.flatMap(({ healthy }) => healthy.hotMs));
    metrics[`event_loop_lag_ms.healthy${suffix}`] = distribution(same.map(({ healthy }) => healthy.lagMs));
    metrics[`healthy.failed${suffix}`] = sum(same.map(({ healthy }) => healthy.failed));
  }
  for (const round of m.rounds) Object.assign(metrics, stateMetrics(round));
  if (m.growth !== undefined) {
    metrics['growth_mb'] = growthMb(m.growth);
    metrics['growth.writes'] = m.growth.writes;
    metrics['growth.resident_mb'] = (m.growth.after.residentBytes - m.growth.before.residentBytes) / 2 ** 20;
  }
  return { ...metrics, ...clientMetrics(m.client), ...targetMetrics(targetsOf(m)) };
}

function stateMetrics({ state: { name }, readers, newcomer, peers }: RoundResult): Named {
  const metrics: Named = {
    [`${name}.failed`]: sum(readers.map(({ outage }) => outage.failed)),
    [`${name}.reads`]: sum(readers.map(({ outage }) => outage.reads)),
    [`${name}.stale_served`]: sum(readers.map(({ verdict }) => verdict.stale)),
    [`${name}.reads_compared`]: sum(readers.map(({ verdict }) => verdict.compared)),
    [`${name}.older_than_allowed`]: sum(readers.map(({ verdict }) => verdict.olderThanAllowed)),
    [`${name}.newcomer_older`]: newcomer.older,
    [`${name}.newcomer_compared`]: newcomer.compared,
  };
  for (const reader of readers) {
    const { composition, healthy, outage, back } = reader;
    const suffix = SUFFIX[composition];
    metrics[`${name}.cold_ms${suffix}`] = distribution(outage.coldMs);
    metrics[`${name}.cold_limit_ms${suffix}`] = coldLimitMs(reader);
    metrics[`${name}.hot_ms${suffix}`] = distribution(outage.hotMs);
    metrics[`${name}.hot_immutable_ms${suffix}`] = distribution(outage.hotImmutableMs);
    metrics[`${name}.hot_limit_ms${suffix}`] = hotLimitMs(reader);
    metrics[`${name}.hot_loads${suffix}`] = outage.hotLoads;
    metrics[`${name}.healthy_cold_ms${suffix}`] = distribution(healthy.coldMs);
    metrics[`${name}.healthy_hot_ms${suffix}`] = distribution(healthy.hotMs);
    if (outage.doubtedMs.length > 0) metrics[`${name}.doubted_ms${suffix}`] = distribution(outage.doubtedMs);
    // -1: it did not come back.
    metrics[`${name}.fast_again_ms${suffix}`] = back.mutableMs ?? -1;
    metrics[`${name}.fast_again_immutable_ms${suffix}`] = back.immutableMs ?? -1;
    metrics[`event_loop_lag_ms.${name}${suffix}`] = outage.lagMs;
  }
  for (const peer of peers?.outage.peers ?? []) {
    metrics[`${name}.peer.${peer.name}.cold_ms`] = distribution(peer.coldMs);
    metrics[`${name}.peer.${peer.name}.failed`] = peer.failed;
    metrics[`${name}.peer.${peer.name}.unanswered`] = peer.unanswered;
  }
  return metrics;
}
