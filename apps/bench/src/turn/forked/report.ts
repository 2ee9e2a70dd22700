import { distribution } from '../../distribution.ts';
import { processTable } from '../../processes/family.ts';
import type { ScenarioResult } from '../../scenario.ts';
import { DISTRIBUTION_HEAD, distributionCells, percent, table } from '../../tables.ts';
import { digits, targetSection } from '../../targets.ts';
import { countOf, firstAudioMs, firstTurnMs, sentencesOf, turnsOf } from './figures.ts';
import type { ForkedCall } from './forked-calls.ts';
import type { ForkedMeasurement } from './measurement.ts';
import { forkedTargetsOf } from './targets.ts';
import { timelines } from './timeline.ts';

type Section = ScenarioResult['sections'][number];

const CALLS_SHOWN = 10;

export function forkedSectionsOf(m: ForkedMeasurement): Section[] {
  return [
    firstAudio(m),
    bill(m),
    callTable(m),
    ...timelines(m),
    sockets(m),
    targetSection(forkedTargetsOf(m), 'all turns of the forked calls'),
    { title: 'Processes of the forked calls', body: processTable(m.pids, m.directories) },
  ];
}

function firstAudio({ fresh, warm, calls: { agent, scripts } }: ForkedMeasurement): Section {
  const calls = [...fresh.calls, ...warm.calls];
  const row = (name: string, ms: readonly number[]): string[] => [name, ...distributionCells(distribution(ms))];
  const repeats =
    scripts < fresh.calls.length ? `; call ${scripts + 1} and later ones repeat the first ${scripts}` : '';
  return {
    title:
      `A process per call, as LiveKit forks them, over the host tier: ${calls.length} calls of agent ${agent}${repeats}.\n` +
      "First audio of a turn as above, in the call's process; its first turn is said again at the end of each call.",
    body: table(
      ['', ...DISTRIBUTION_HEAD],
      [
        row('host hit (spoken in another process)', firstAudioMs(calls, 'host')),
        row('of these, the first turn of its call', firstTurnMs(calls, 'host')),
        row('process hit (spoken before in this call)', firstAudioMs(calls, 'process')),
        row('miss (spoken by the provider)', firstAudioMs(calls, 'provider')),
        row(
          'event-loop lag, worst of each call',
          calls.map(({ lagMs }) => lagMs),
        ),
        row(
          'fork until ready for a call',
          calls.map(({ readyMs }) => readyMs),
        ),
      ],
    ),
  };
}

function bill({ fresh, warm, crowded }: ForkedMeasurement): Section {
  const row = (
    name: string,
    calls: readonly ForkedCall[],
    atOnce: number,
    chars: number,
    shared: number,
  ): (string | number)[] => {
    const said = sentencesOf(calls).length;
    const hits = (['host', 'process'] as const).map((from) => percent(countOf(calls, from), said));
    return [name, calls.length, atOnce, said, ...hits, chars, shared, chars - shared];
  };
  const once = crowded.bill.distinctAdmitted + crowded.bill.nonAdmitted;
  return {
    title:
      'Who spoke in forked processes, and what the provider billed by its ledger, beside one cache that all calls share (the\n' +
      'first two: the same calls through it, one after the other). Calls side by side do not wait for each other’s speech: what\n' +
      'two need at the same moment and nobody has yet is spoken twice.',
    body: table(
      ['', 'processes', 'at once', 'sentences', 'host hits', 'process hits', 'characters billed', 'one cache', 'more'],
      [
        row('empty machine', fresh.calls, fresh.atOnce, fresh.billedChars, fresh.sharedCacheChars),
        row('the same calls again, newest first', warm.calls, warm.atOnce, warm.billedChars, warm.sharedCacheChars),
        row('many open calls, another empty machine', crowded.calls, crowded.speakingAtOnce, crowded.billedChars, once),
      ],
    ),
  };
}

function callTable({ fresh }: ForkedMeasurement): Section {
  const shown = fresh.calls.slice(0, CALLS_SHOWN);
  return {
    title:
      `The first ${shown.length} calls on the empty machine, a process each. Cold start: from the fork to the first audio, without\n` +
      'the time for which a process stood ready.',
    body: table(
      ['dialogue', 'pid', 'sentences', 'host hits', 'process hits', 'misses', 'first audio p50 ms', 'cold start ms'],
      shown.map((call) => {
        const first = distribution(turnsOf([call]).flatMap(({ firstAudioMs: ms }) => ms ?? []));
        const counts = (['host', 'process', 'provider'] as const).map((from) => countOf([call], from));
        const coldStartMs = call.readyMs + call.dispatchToAudioMs;
        return [
          call.dialogue.dialog,
          call.pid,
          sentencesOf([call]).length,
          ...counts,
          digits(first.p50),
          digits(coldStartMs),
        ];
      }),
    ),
  };
}

function sockets({ crowded }: ForkedMeasurement): Section {
  const { processes, speakingAtOnce, limit, peak, opened, refused, utterances, byRest, simulatorPid } = crowded;
  const first = distribution(turnsOf(crowded.calls).flatMap(({ firstAudioMs: ms }) => ms ?? []));
  return {
    title: [
      `${processes} open calls, ${speakingAtOnce} of them speaking, on an account of ${limit} sockets (simulated provider ${simulatorPid}),`,
      'which they share by permits of the host tier: who does not speak gives up a socket that another wants.',
    ].join('\n'),
    body: table(
      [
        'processes',
        'limit',
        'peak',
        'opened',
        'refused',
        'utterances',
        'of these by REST',
        'first audio p50 ms',
        'p95',
      ],
      [[processes, limit, peak, opened, refused, utterances, byRest, digits(first.p50), digits(first.p95)]],
    ),
  };
}
