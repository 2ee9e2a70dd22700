import { distribution } from '../distribution.ts';
import type { Distribution, Metrics } from '../scenario.ts';
import { sum } from '../sum.ts';
import { targetMetrics } from '../targets.ts';
import { HIT_CASES } from './hits-calls.ts';
import { together } from './judge.ts';
import type { ConfigMeasurement } from './measurement.ts';
import { DELAY_MS } from './measurement.ts';
import type { Sharing } from './part-start.ts';
import { targetsOf } from './targets.ts';
import { callsAnUpdate, cutsOf, getsPerAgent, updateTotals } from './totals.ts';

type Named = Record<string, number | Distribution>;

/** The measurement for machines. */
export function metricsOf(m: ConfigMeasurement): Metrics {
  return {
    round_trip_ms: 2 * DELAY_MS,
    feed_live_after_ms: distribution(m.liveAfterMs),
    ...startMetrics(m),
    ...hitMetrics(m),
    ...updateMetrics(m),
    ...cutMetrics(m),
    ...downMetrics(m),
    ...migrationMetrics(m),
    ...targetMetrics(targetsOf(m)),
  };
}

function startMetrics(m: ConfigMeasurement): Named {
  const metrics: Named = {};
  const names: Readonly<Record<Sharing, string>> = {
    host: 'agents_get_per_agent_per_host',
    redis: 'agents_get_per_agent.redis',
  };
  for (const sharing of ['host', 'redis'] as const) {
    const rounds = m.starts.filter((round) => round.sharing === sharing);
    if (rounds.length === 0) continue;
    metrics[names[sharing]] = Math.max(...getsPerAgent(m, sharing));
    metrics[`start.rounds.${sharing}`] = rounds.length;
    metrics[`start.clients.${sharing}`] = sum(rounds.map(({ clients }) => clients));
    metrics[`first_config_ms.${sharing}`] = distribution(rounds.flatMap(({ firstConfigMs }) => firstConfigMs));
    metrics[`event_loop_lag_ms.start.${sharing}`] = distribution(rounds.map(({ lagMs }) => lagMs));
  }
  return metrics;
}

function hitMetrics({ hits }: ConfigMeasurement): Named {
  if (hits === undefined) return {};
  return Object.fromEntries([
    ...HIT_CASES.map((name) => [`hit_ms.${name}`, distribution(hits.ms[name])]),
    ...HIT_CASES.map((name) => [`event_loop_lag_ms.hit.${name}`, hits.lagMs[name]]),
    ['hits.compared', hits.compared],
    ['hits.loads', hits.loads],
  ]);
}

function updateMetrics({ updates }: ConfigMeasurement): Named {
  if (updates.length === 0) return {};
  const metrics: Named = {};
  const all = [['', updates] as const, ...updates.map((each) => [`.${each.sharing}`, [each]] as const)];
  for (const [suffix, results] of all) {
    const totals = updateTotals(results);
    const calls = callsAnUpdate(results);
    Object.assign(metrics, {
      [`updates${suffix}`]: totals.updates,
      [`update.last_good_events${suffix}`]: totals.lastGoodEvents,
      [`updates_failed${suffix}`]: sum(results.map(({ updatesFailed }) => updatesFailed)),
      [`reads_compared${suffix}`]: totals.configs.compared,
      [`old_reads_after_100ms${suffix}`]: totals.configs.old,
      [`old_reads_after_500ms${suffix}`]: totals.lasting.configs.old,
      [`old_reads_after_100ms.by_clock${suffix}`]: totals.byClock.configs.old,
      [`prompts_compared${suffix}`]: totals.prompts.compared,
      [`old_prompts_after_100ms${suffix}`]: totals.prompts.old,
      [`old_prompts_after_500ms${suffix}`]: totals.lasting.prompts.old,
      [`old_prompts_after_100ms.by_clock${suffix}`]: totals.byClock.prompts.old,
      [`starved_share${suffix}`]: Math.max(...results.map(({ starved }) => starved)),
      [`fresh_after_ms${suffix}`]: distribution(results.flatMap(({ freshAfterMs }) => freshAfterMs)),
      [`prompt_fresh_after_ms${suffix}`]: distribution(results.flatMap((each) => each.promptFreshAfterMs)),
      [`told_after_ms${suffix}`]: distribution(results.flatMap((each) => each.toldAfterMs)),
      [`applied_after_ms${suffix}`]: distribution(results.flatMap((each) => each.appliedAfterMs)),
      [`update_ms${suffix}`]: distribution(
        results.flatMap((each) => each.updates.map(({ sentMs, repliedMs }) => repliedMs - sentMs)),
      ),
      [`agents_get_per_update${suffix}`]: calls.gets,
      [`feed_pushes_per_update${suffix}`]: calls.pushes,
    });
  }
  for (const { sharing, lagMs } of updates) {
    for (const [who, ms] of Object.entries(lagMs)) metrics[`event_loop_lag_ms.update.${sharing}.${who}`] = ms;
  }
  return metrics;
}

function cutMetrics(m: ConfigMeasurement): Named {
  const metrics: Named = {};
  for (const how of ['refused', 'silent'] as const) {
    const cuts = cutsOf(m, how);
    if (cuts.length === 0) continue;
    const suffix = how === 'refused' ? '' : '.silent';
    const [deaf, back] = [together(cuts.map((cut) => cut.deaf)), together(cuts.map((cut) => cut.back))];
    Object.assign(metrics, {
      [`old_reads_after_5s${suffix}`]: deaf.old,
      [`deaf_reads_compared${suffix}`]: deaf.compared,
      [`old_reads_after_reconnect_1s${suffix}`]: back.old,
      [`reconnect_reads_compared${suffix}`]: back.compared,
      [`heard_again_ms${suffix}`]: distribution(cuts.flatMap(({ windowAfterMs }) => windowAfterMs ?? [])),
      [`live_again_ms${suffix}`]: distribution(cuts.flatMap(({ liveAfterMs }) => liveAfterMs ?? [])),
      [`lapsed_after_ms${suffix}`]: distribution(cuts.flatMap(({ lapsedAfterMs }) => lapsedAfterMs ?? [])),
      [`event_loop_lag_ms.cut${suffix}`]: distribution(cuts.map(({ lagMs }) => lagMs)),
    });
  }
  return metrics;
}

function downMetrics({ downs }: ConfigMeasurement): Named {
  if (downs.length === 0) return {};
  const metrics: Named = {
    calls_started: sum(downs.map(({ answers }) => answers.length)),
    calls_without_config: sum(downs.map(({ withoutConfig }) => withoutConfig)),
    last_good_events: Math.min(...downs.map(({ lastGoodEventsMin }) => lastGoodEventsMin)),
  };
  for (const { downCase, answers } of downs) {
    const name = `down.${downCase.name}${downCase.withRedis ? '.redis' : ''}`;
    metrics[`${name}.first_config_ms`] = distribution(answers.map(({ configMs }) => configMs));
    metrics[`${name}.prompt_ms`] = distribution(answers.map(({ promptMs }) => promptMs));
  }
  return metrics;
}

function migrationMetrics({ migration }: ConfigMeasurement): Named {
  if (migration === undefined) return {};
  const { agents, before, first, second, after } = migration;
  return {
    'migration.agents': agents,
    'migration.built_before': before.sources.build,
    'migration.rebuilt': first?.rebuilt ?? 0,
    'migration.rebuilt_again': second?.rebuilt ?? 0,
    'sources.build': after.sources.build,
    'sources.db': after.sources.db,
    'sources.ram': after.sources.ram,
    prompts_asked: after.asked,
  };
}
