import { distribution } from '../distribution.ts';
import type { Distribution, Metrics, ScenarioResult } from '../scenario.ts';
import { DISTRIBUTION_HEAD, distributionCells, percent, table } from '../tables.ts';
import { totalOf } from './billing.ts';
import { billedOf, firstAudioMs, hitsOf, saidIn, socketsOf } from './measurement.ts';
import type { TurnMeasurement } from './measurement.ts';
import { CONCURRENT_CALLS } from './phases.ts';
import type { Pass } from './phases.ts';

interface Times {
  readonly noCache: Distribution;
  readonly miss: Distribution;
  readonly shared: Distribution;
  readonly hit: Distribution;
  readonly gap: Distribution;
  readonly pairNoCache: Distribution;
  readonly pairCold: Distribution;
  readonly ownNoCache: Distribution;
  readonly ownCold: Distribution;
}

/** The measurement as metrics for machines and tables for people. */
export function reportTurn(m: TurnMeasurement): Pick<ScenarioResult, 'metrics' | 'sections'> {
  const cached = [...m.cold.calls, ...m.warm.calls].flat();
  const times: Times = {
    noCache: distribution(firstAudioMs(m.plain.calls.flat())),
    miss: distribution(firstAudioMs(cached, 'recorded')),
    shared: distribution(firstAudioMs(cached, 'shared')),
    hit: distribution(firstAudioMs(cached, 'stored')),
    gap: distribution(cached.flatMap(({ hitGapsMs }) => hitGapsMs)),
    pairNoCache: distribution(m.penalty.plainMs),
    pairCold: distribution(m.penalty.coldMs),
    ownNoCache: distribution(m.penalty.plainOwnMs),
    ownCold: distribution(m.penalty.coldOwnMs),
  };
  return {
    metrics: metricsOf(m, times),
    sections: [workload(m), firstAudio(times), processing(m, times), bill(m), sockets(m)],
  };
}

function metricsOf(m: TurnMeasurement, times: Times): Metrics {
  const { comparison: c, sharedBill } = m;
  const billed = billedOf(m);
  const { peak, utterancesEach, refused, byRest } = socketsOf(m);
  return {
    sentences_compared: c.compared,
    audio_mismatches: c.mismatches,
    order_violations: c.orderViolations,
    truncated_stored: c.truncatedStored,
    unheard_sentences: c.unheard,
    stray_bytes: c.strayBytes,
    'first_audio_ms.no_cache': times.noCache,
    'first_audio_ms.miss': times.miss,
    'first_audio_ms.shared': times.shared,
    'first_audio_ms.hit': times.hit,
    hit_speedup: times.hit.p50 === 0 ? 0 : times.miss.p50 / times.hit.p50,
    miss_penalty_ms: times.ownCold.p50 - times.ownNoCache.p50,
    'miss_penalty_ms.no_cache': times.pairNoCache,
    'miss_penalty_ms.cold_cache': times.pairCold,
    'miss_penalty_ms.no_cache_without_provider': times.ownNoCache,
    'miss_penalty_ms.cold_cache_without_provider': times.ownCold,
    splice_gap_ms: times.gap,
    'hit_rate.empty_cache': hitRate(m.cold),
    'hit_rate.full_cache': hitRate(m.warm),
    'hit_rate.cache_per_call': hitRate(m.own),
    billed_chars: billed.shared,
    'billed_chars.distinct_admitted': sharedBill.distinctAdmitted,
    'billed_chars.non_admitted': sharedBill.nonAdmitted,
    'billed_chars.rebilled_after_eviction': sharedBill.rebilled,
    'billed_chars.no_cache': saidIn(m.plain).chars,
    'billed_chars.cache_per_call': billed.own,
    'billed_chars.cache_per_call_explained': totalOf(m.ownBill),
    evictions: m.evictions,
    'sockets.peak': peak,
    'sockets.utterances_a_socket': utterancesEach,
    'sockets.refused': refused,
    'sockets.by_rest': byRest,
    'event_loop_lag_ms.no_cache': m.plain.loopLagMs,
    'event_loop_lag_ms.empty_cache': m.cold.loopLagMs,
    'event_loop_lag_ms.full_cache': m.warm.loopLagMs,
  };
}

function workload(m: TurnMeasurement): { title: string; body: string } {
  const dialogues = m.datasets.reduce((sum, dataset) => sum + dataset.dialogues.length, 0);
  const names = m.datasets.map(({ name }) => name).join(', ');
  return {
    title: `Workload: ${names}; ${dialogues} dialogues, ${saidIn(m.plain).sentences} sentences, ${CONCURRENT_CALLS} calls at once`,
    body: `processes: bench ${m.pids[0]}, simulated provider ${m.pids[1]}${m.sabotage === undefined ? '' : `; sabotage: ${m.sabotage}`}`,
  };
}

function firstAudio(times: Times): { title: string; body: string } {
  return {
    title:
      'First audio of a turn: from the push that completes its first sentence to the first frame at the audio output',
    body: table(
      ['', ...DISTRIBUTION_HEAD],
      [
        ['no cache', ...distributionCells(times.noCache)],
        ['miss (spoken by the provider)', ...distributionCells(times.miss)],
        ['shared (another call records it)', ...distributionCells(times.shared)],
        ['hit', ...distributionCells(times.hit)],
      ],
    ),
  };
}

function processing(m: TurnMeasurement, times: Times): { title: string; body: string } {
  return {
    title:
      'What an empty cache costs (the same sentences both ways in turn, a socket for each), and what a hit costs the machine',
    body: table(
      ['', ...DISTRIBUTION_HEAD],
      [
        ['first audio, no cache', ...distributionCells(times.pairNoCache)],
        ['first audio, empty cache', ...distributionCells(times.pairCold)],
        ['the same without the provider, no cache', ...distributionCells(times.ownNoCache)],
        ['the same without the provider, empty cache', ...distributionCells(times.ownCold)],
        ['from one hit to the next', ...distributionCells(times.gap)],
        ['event-loop lag, full cache', ...distributionCells(m.warm.loopLagMs)],
      ],
    ),
  };
}

function bill(m: TurnMeasurement): { title: string; body: string } {
  const billed = billedOf(m);
  const without = saidIn(m.plain).chars;
  const row = (name: string, pass: Pass, chars: number, evictions: number): (string | number)[] => {
    const { hits, said } = hitsOf(pass);
    return [
      name,
      said,
      percent(hits, said),
      chars,
      percent(without - chars, without),
      evictions,
      pass.seconds.toFixed(1),
    ];
  };
  return {
    title:
      'Who spoke, and what the provider billed. The last row makes cache and sockets anew for each call, as LiveKit does with\n' +
      'its process per call: only what repeats within one call is a hit. A tier that calls share brings back the rows above.',
    body: table(
      ['', 'sentences', 'hits', 'characters billed', 'saved', 'evicted', 'seconds'],
      [
        ['no cache', saidIn(m.plain).sentences, '–', without, '–', '–', m.plain.seconds.toFixed(1)],
        row('one cache of 64 MiB, empty at first', m.cold, billed.cold, m.coldEvictions),
        row('the same calls again, newest first', m.warm, billed.warm, m.evictions - m.coldEvictions),
        row('a cache per call', m.own, billed.own, 0),
      ],
    ),
  };
}

function sockets(m: TurnMeasurement): { title: string; body: string } {
  const { peak, opened, utterancesEach, refused, byRest } = socketsOf(m);
  return {
    title: 'Sockets at the provider, one pool for all calls',
    body: table(
      ['peak', 'pool cap', 'opened', 'utterances of the least used', 'refused', 'sent by REST'],
      [[peak, m.poolCap, opened, utterancesEach, refused, byRest]],
    ),
  };
}

function hitRate(pass: Pass): number {
  const { hits, said } = hitsOf(pass);
  return said === 0 ? 0 : hits / said;
}
