import { distribution } from '../../distribution.ts';
import type { Metrics } from '../../scenario.ts';
import { targetMetrics } from '../../targets.ts';
import { countOf, firstAudioMs, firstTurnMs, heardBefore, tierErrorsOf, turnsOf } from './figures.ts';
import type { ForkedMeasurement } from './measurement.ts';
import { forkedTargetsOf } from './targets.ts';

export function forkedMetricsOf(m: ForkedMeasurement): Metrics {
  const { fresh, warm, comparison: c, statistics, refused, crowded } = m;
  const calls = [...fresh.calls, ...warm.calls];
  const [first, again] = [heardBefore(fresh.calls), heardBefore(warm.calls, fresh.calls)];
  return {
    'first_audio_ms.host_hit': distribution(firstAudioMs(calls, 'host')),
    'first_audio_ms.host_hit_first_turn': distribution(firstTurnMs(calls, 'host')),
    'first_audio_ms.process_hit': distribution(firstAudioMs(calls, 'process')),
    'first_audio_ms.forked_miss': distribution(firstAudioMs(calls, 'provider')),
    ...targetMetrics(forkedTargetsOf(m).filter(({ name }) => !name.startsWith('first_audio_ms'))),
    forked_billed_chars: fresh.billedChars,
    'forked_billed_chars.one_shared_cache': fresh.sharedCacheChars,
    'forked_billed_chars.warm': warm.billedChars,
    'forked_billed_chars.warm_one_shared_cache': warm.sharedCacheChars,
    'forked.processes': calls.length,
    'forked.sentences_compared': c.compared,
    'forked.audio_mismatches': c.mismatches,
    'forked.order_violations': c.orderViolations,
    'forked.truncated_stored': c.truncatedStored,
    'forked.host_hits': countOf(calls, 'host'),
    'forked.process_hits': countOf(calls, 'process'),
    'forked.misses': countOf(calls, 'provider'),
    'forked.heard_before': first.expected + again.expected,
    'forked.spoken_again': first.spokenAgain.length + again.spokenAgain.length,
    'forked.statistics.billed_chars': statistics.billedChars,
    'forked.sockets.refused': refused,
    'forked.tier_errors': tierErrorsOf(calls),
    'forked.ready_ms': distribution(calls.map(({ readyMs }) => readyMs)),
    'forked.cold_start_ms': distribution(calls.map(({ readyMs, dispatchToAudioMs }) => readyMs + dispatchToAudioMs)),
    'event_loop_lag_ms.forked': distribution(calls.map(({ lagMs }) => lagMs)),
    'sockets_100.processes': crowded.processes,
    'sockets_100.limit': crowded.limit,
    'sockets_100.refused': crowded.refused,
    'sockets_100.peak': crowded.peak,
    'sockets_100.opened': crowded.opened,
    'sockets_100.by_rest': crowded.byRest,
    'sockets_100.sentences_compared': crowded.comparison.compared,
    'sockets_100.audio_mismatches': crowded.comparison.mismatches,
    'sockets_100.billed_chars': crowded.billedChars,
    'sockets_100.billed_chars.one_shared_cache': crowded.bill.distinctAdmitted + crowded.bill.nonAdmitted,
    'sockets_100.billed_chars.spoken_twice': crowded.bill.rebilled,
    'sockets_100.tier_errors': tierErrorsOf(crowded.calls),
    'sockets_100.first_audio_ms': distribution(turnsOf(crowded.calls).flatMap(({ firstAudioMs: ms }) => ms ?? [])),
  };
}
