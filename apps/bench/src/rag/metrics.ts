import { distribution } from '../distribution.ts';
import type { Distribution, Metrics } from '../scenario.ts';
import { sum } from '../sum.ts';
import { targetMetrics } from '../targets.ts';
import { searchesOf } from './checks.ts';
import type { Crowd } from './crowds.ts';
import type { EmbeddingCount } from './embedding.ts';
import { worstMs } from './holds.ts';
import type { LevelsResult } from './levels.ts';
import { LEVELS } from './levels.ts';
import type { RagMeasurement } from './measurement.ts';
import { ONE_WAY_MS, SEARCH_MS } from './stage.ts';
import { targetsOf } from './targets.ts';
import type { UpdateResult } from './update.ts';

export function metricsOf(m: RagMeasurement): Metrics {
  const { hits, update, levels, embedding } = m;
  return {
    one_way_ms: ONE_WAY_MS,
    search_ms: SEARCH_MS,
    ...crowdMetrics(m.host, ''),
    ...crowdMetrics(m.cluster, '.redis'),
    ...(hits && {
      'hit_ms.process': distribution(hits.processMs),
      'hit_ms.host': distribution(hits.hostMs),
      uncached_ms: distribution(hits.convexMs),
      'hits.compared': hits.compared,
      'hits.wrong': hits.wrong,
      'event_loop_lag_ms.hits': hits.lagMs,
    }),
    ...(update && updateMetrics(update)),
    ...(levels && levelMetrics(levels)),
    ...(embedding && {
      vectors_compared: embedding.inTurn.asked + embedding.together.asked,
      wrong_vectors: embedding.inTurn.wrong + embedding.together.wrong,
      ...embeddingMetrics(embedding.inTurn, ''),
      ...embeddingMetrics(embedding.together, '.together'),
    }),
    billed_calls_a_search: m.billedCallsASearch,
    ...Object.fromEntries(
      m.savings.flatMap(({ name, hitRate, calls, dollars }) => [
        [`hit_rate.${name}`, hitRate],
        [`saved_calls_a_million.${name}`, calls],
        [`saved_dollars_a_million_min.${name}`, dollars.least],
        [`saved_dollars_a_million_max.${name}`, dollars.most],
      ]),
    ),
    ...targetMetrics(targetsOf(m)),
  };
}

function crowdMetrics(crowds: readonly Crowd[], suffix: string): Metrics {
  if (crowds.length === 0) return {};
  return {
    [`crowds${suffix}`]: crowds.length,
    [`askers${suffix}`]: Math.min(...crowds.map(({ askers }) => askers)),
    [`searches${suffix}`]: searchesOf(crowds),
    [`answers_compared${suffix}`]: sum(crowds.map(({ compared }) => compared)),
    [`wrong_answers${suffix}`]: sum(crowds.map(({ wrong }) => wrong)),
    [`foreign_compared${suffix}`]: sum(crowds.map(({ foreignCompared }) => foreignCompared)),
    [`foreign_answers${suffix}`]: sum(crowds.map(({ foreign }) => foreign)),
    [`wait_ms${suffix}`]: distribution(crowds.flatMap(({ waitsMs }) => waitsMs)),
    [`event_loop_lag_ms.askers${suffix}`]: distribution(crowds.map(({ lagMs }) => lagMs)),
  };
}

function embeddingMetrics(
  { asked, distinct, embedded, calls, late, waitsMs }: EmbeddingCount,
  suffix: string,
): Metrics {
  return {
    [`embeddings_asked${suffix}`]: asked,
    [`embeddings_distinct${suffix}`]: distinct,
    [`embedded${suffix}`]: embedded,
    [`embedding_calls${suffix}`]: calls,
    [`embedding_tier_late${suffix}`]: late,
    [`embedding_wait_ms${suffix}`]: distribution(waitsMs),
  };
}

function updateMetrics(u: UpdateResult): Metrics {
  return {
    knowledge_changes: u.changes,
    results_compared: u.compared,
    old_results_after_100ms: u.old,
    old_results_held: u.heldReads,
    fresh_after_ms: distribution(u.freshAfterMs),
    'wait_ms.update': distribution(u.waitsMs),
    other_org_reads: u.neighbourReads,
    other_org_searches: u.otherOrgSearches,
    other_org_foreign: u.foreign,
    failed_reads: u.failed,
    'searches.update': u.searches.ledger,
    searches_a_change: u.searchesAChange,
    feed_lapses: sum(u.services.map(({ lapses }) => lapses)),
    feed_gaps: sum(u.services.map(({ gaps }) => gaps)),
    'event_loop_lag_ms.readers': distribution(u.heldMs),
    'event_loop_lag_ms.services': distribution(u.services.map(({ holds }) => worstMs(holds))),
  };
}

function levelMetrics({ sets, pooled, mustDiffer, mustShare, context }: LevelsResult): Metrics {
  const metrics: Record<string, number | Distribution> = {
    must_differ_pairs: mustDiffer.tried,
    must_differ_shared: mustDiffer.shared.length,
    must_share_pairs: mustShare.tried,
    must_share_missed: mustShare.missed.length,
    follow_ups: context.said.asked,
    'follow_ups_false.said': context.said.falseHits,
    'follow_ups_false.contextualised': context.contextualised.falseHits,
    questions: pooled.exact.asked,
  };
  for (const level of LEVELS) {
    metrics[`hits.${level}`] = pooled[level].hits;
    metrics[`false_hits.${level}`] = pooled[level].falseHits;
    for (const { name, counts } of sets) {
      metrics[`hits.${level}.${name}`] = counts[level].hits;
      metrics[`false_hits.${level}.${name}`] = counts[level].falseHits;
      metrics[`questions.${name}`] = counts[level].asked;
    }
  }
  return metrics;
}
