import { atLeast, exactly, none } from '../../checks.ts';
import type { Check } from '../../scenario.ts';
import { totalOf } from '../billing.ts';
import { charsOf, firstAudioMs, heardBefore, tierErrorsOf } from './figures.ts';
import type { HeardBefore } from './figures.ts';
import type { ForkedMeasurement, ForkedSeries } from './measurement.ts';

const MIN_COMPARED_A_CALL = 2;

/** What must hold, whatever the machine's speed. */
export function forkedChecksOf(m: ForkedMeasurement): Check[] {
  return [...seriesChecks(m), ...crowdChecks(m)];
}

function seriesChecks(m: ForkedMeasurement): Check[] {
  const { fresh, warm, comparison: c, statistics, refused, machine } = m;
  const { asksAgain } = m.calls;
  const calls = [...fresh.calls, ...warm.calls];
  const [first, again] = [heardBefore(fresh.calls), heardBefore(warm.calls, fresh.calls)];
  const expected = first.expected + again.expected;
  const spokenAgain = first.spokenAgain.length + again.spokenAgain.length;
  const late = tierErrorsOf(calls);
  const billed = fresh.billedChars + warm.billedChars;
  const of = `of ${c.compared} sentences, heard in ${calls.length} processes`;
  return [
    exactly('forked.pids', new Set(calls.map(({ pid }) => pid)).size, calls.length, 'calls'),
    exactly(
      'forked.cold_starts',
      calls.filter(({ callsBefore, phrasesBefore }) => callsBefore === 0 && phrasesBefore === 0).length,
      calls.length,
      'calls began in a process without phrases or earlier calls',
    ),
    {
      name: 'forked.on_one_host_tier',
      holds: calls.every((call) => call.directory === machine && call.complaints.length === 0),
      detail: [`${calls.length} processes`, ...new Set(calls.flatMap(({ complaints }) => complaints))].join('; '),
    },
    atLeast('forked.sentences_compared', c.compared, MIN_COMPARED_A_CALL * calls.length),
    none('forked.audio_mismatches', c.mismatches, of),
    none('forked.order_violations', c.orderViolations, of),
    none('forked.truncated_stored', c.truncatedStored, of),
    none('forked.unheard_sentences', c.unheard, of),
    none('forked.stray_bytes', c.strayBytes, of),
    atLeast('forked.heard_before', expected, asksAgain),
    {
      name: 'forked.spoken_again',
      holds: spokenAgain <= late,
      detail: `${spokenAgain} of ${expected} that an earlier call had spoken; ${late} late calls of the host tier`,
    },
    atLeast('first_audio_ms.host_hit.n', firstAudioMs(calls, 'host').length, asksAgain),
    atLeast('first_audio_ms.process_hit.n', firstAudioMs(calls, 'process').length, asksAgain),
    atLeast('first_audio_ms.forked_miss.n', firstAudioMs(calls, 'provider').length, 1),
    asOneSharedCache('forked_billed_chars', fresh, first, late),
    asOneSharedCache('forked_billed_chars.warm', warm, again, late),
    exactly('forked.statistics.processes', statistics.processes, calls.length, 'counted by the host service'),
    exactly('forked.statistics.billed_chars', statistics.billedChars, billed, 'by the ledger'),
    none('forked.sockets.refused', refused, `handshakes and requests; ${calls.length} processes`),
  ];
}

/** When a machine is held up, a call of the host tier may be late: then one sentence is spoken and billed again; no other is. */
function asOneSharedCache(
  name: string,
  { billedChars, sharedCacheChars, calls }: ForkedSeries,
  { spokenAgain }: HeardBefore,
  late: number,
): Check {
  const again = charsOf(spokenAgain);
  return {
    name,
    holds: billedChars === sharedCacheChars + again && spokenAgain.length <= late,
    detail: `${billedChars} in ${calls.length} processes = ${sharedCacheChars} of one shared cache + ${again} spoken again`,
  };
}

function crowdChecks({ crowded }: ForkedMeasurement): Check[] {
  const { processes, limit, calls, comparison: c, bill, billedChars, refused, peak, opened } = crowded;
  const of = `of ${c.compared} sentences, heard in ${processes} processes`;
  return [
    exactly('sockets_100.pids', new Set(calls.map(({ pid }) => pid)).size, processes, 'call processes'),
    none('sockets_100.refused', refused, `of ${opened + refused} handshakes, ${processes} processes, ${limit} sockets`),
    {
      name: 'sockets_100.peak',
      holds: peak <= limit && peak >= Math.min(limit, processes),
      detail: `${peak}, at most ${limit}, all of which were wanted`,
    },
    atLeast('sockets_100.sentences_compared', c.compared, processes),
    none('sockets_100.audio_mismatches', c.mismatches, of),
    none('sockets_100.unheard_sentences', c.unheard, of),
    exactly('sockets_100.billed_chars', billedChars, totalOf(bill), 'explained: as one shared cache, and spoken twice'),
  ];
}
