import { distribution } from '../distribution.ts';
import type { ScenarioResult } from '../scenario.ts';
import { table } from '../tables.ts';
import { digits, targetSection } from '../targets.ts';
import { clientSection } from './client-report.ts';
import type { Composition } from './composition.ts';
import { growthMb } from './growth.ts';
import { BACK_MS, BUDGET_MS, coldLimitMs, hotLimitMs } from './limits.ts';
import type { OutageMeasurement } from './measurement.ts';
import { peersSection } from './peers-report.ts';
import { ABREAST, LOADER_MS } from './play.ts';
import type { ReaderResult, RoundResult } from './round-result.ts';
import { targetsOf } from './targets.ts';

type Section = ScenarioResult['sections'][number];

const WHAT: Readonly<Record<Composition, string>> = {
  cluster: 'process + cluster',
  host_cluster: 'process + host + cluster',
};

/** The measurement for people. */
export function sectionsOf(m: OutageMeasurement): Section[] {
  const { rounds } = m;
  const played = rounds.length === 0 ? [] : [statesSection(rounds), behaviourSection(rounds), freshnessSection(rounds)];
  return [
    ...played,
    ...doubtedSection(rounds),
    ...peersSection(rounds),
    ...growthSection(m),
    ...clientSection(m.client),
    targetSection(targetsOf(m), 'all states and both processes: the worst'),
  ];
}

function statesSection(rounds: readonly RoundResult[]): Section {
  return {
    title: 'The states: what was sent to which server, and what a second client saw that has nothing of Warmline.',
    body: table(
      ['state', 'server pid', 'sent', 'seen', ''],
      rounds.map(({ state, serverPid, sent, seen, isVerified }) => [
        state.name,
        serverPid,
        sent,
        seen.replace(/^(.{0,90}).*$/su, '$1'),
        isVerified ? 'verified' : 'NOT VERIFIED',
      ]),
    ),
  };
}

function behaviourSection(rounds: readonly RoundResult[]): Section {
  const row = ({ state }: RoundResult, reader: ReaderResult): (string | number)[] => {
    const { healthy, outage, back } = reader;
    const [cold, hot] = [distribution(outage.coldMs), distribution(outage.hotMs)];
    const [coldLimit, hotLimit] = [coldLimitMs(reader), hotLimitMs(reader)];
    return [
      `${state.name}, ${WHAT[reader.composition]}`,
      cold.n,
      outage.failed,
      digits(distribution(healthy.coldMs).p95),
      `${digits(cold.p50)} / ${digits(cold.p95)}`,
      against(cold.p95, coldLimit),
      hot.n,
      us(distribution(healthy.hotMs).p99),
      `${us(hot.p50)} / ${us(hot.p99)}`,
      against(hot.p99, hotLimit),
      outage.hotLoads,
      digits(outage.lagMs),
      again(back.mutableMs),
    ];
  };
  return {
    title:
      `State × behaviour. Cold: from the call of getOrLoad to its value, loader of ${LOADER_MS} ms, ${ABREAST} at once; wanted: p95 <= budget of ${BUDGET_MS} + loader + 5 ms + lag.\n` +
      'Hot: keys that the process holds and that can become stale, us; wanted: p99 <= twice that of before + 1 ms. Loaded: hot keys it had to drop and load anew.\n' +
      'Lag: the worst of the event loop in the state. Again: from the success of a fresh client until an entry is found in Redis that was stored after it.',
    body: table(
      [
        'state, tiers',
        'cold n',
        'failed',
        'p95 before',
        'cold p50 / p95 ms',
        'wanted',
        'hot n',
        'p99 before',
        'hot p50 / p99 us',
        'wanted ms',
        'loaded',
        'lag ms',
        `again ms (<= ${BACK_MS})`,
      ],
      rounds.flatMap((round) => round.readers.map((reader) => row(round, reader))),
    ),
  };
}

function freshnessSection(rounds: readonly RoundResult[]): Section {
  return {
    title:
      'Freshness, from the beginning of the state until all was well again. Compared: reads begun after their key had been changed by the process itself\n' +
      '(delete, set, invalidateTags had resolved, pending or not) or by another machine before the state. Later: by another machine in the state, which cannot be\n' +
      'heard; begun 5 s after it. Newcomer: keys that were changed, as a process finds them in Redis that starts afterwards. Owed: invalidations not delivered then.',
    body: table(
      ['state, tiers', 'compared', 'stale served', 'later', 'older than allowed', 'wrong', 'newcomer', 'older', 'owed'],
      rounds.flatMap(({ state, readers, newcomer }) =>
        readers.map(({ composition, verdict, back }) => [
          `${state.name}, ${WHAT[composition]}`,
          verdict.compared,
          verdict.stale,
          verdict.doubted,
          verdict.olderThanAllowed,
          verdict.wrong,
          newcomer.compared,
          newcomer.older,
          back.owed,
        ]),
      ),
    ),
  };
}

function doubtedSection(rounds: readonly RoundResult[]): Section[] {
  const rows = rounds.flatMap(({ state, readers }) =>
    readers.flatMap(({ composition, outage: { doubtedMs, hotImmutableMs } }) => {
      if (doubtedMs.length === 0) return [];
      const [doubted, immutable] = [distribution(doubtedMs), distribution(hotImmutableMs)];
      return [
        [
          `${state.name}, ${WHAT[composition]}`,
          doubted.n,
          `${digits(doubted.p50)} / ${digits(doubted.p95)}`,
          immutable.n,
          us(immutable.p99),
        ],
      ];
    }),
  );
  if (rows.length === 0) return [];
  const title =
    'Past the dead-man switch: nobody vouches for what can become stale, so each read of it is loaded; what is immutable stays a hit.';
  return [{ title, body: table(['state, tiers', 'mutable n', 'p50 / p95 ms', 'immutable n', 'p99 us'], rows) }];
}

function growthSection({ growth }: OutageMeasurement): Section[] {
  if (growth === undefined) return [];
  const mb = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  const { before, half, after, writes, bytesEach, tookMs, serverPid } = growth;
  return [
    {
      title:
        `${writes} writes of ${bytesEach / 1024} KB (set and loaders in turn) to a server that hangs (SIGSTOP of pid ${serverPid}), in ${(tookMs / 1000).toFixed(1)} s; the process tier was full before.\n` +
        'In use: after garbage collection, external memory included.',
      body: table(
        ['', 'before', 'half', 'after', 'growth MB'],
        [
          ['in use MB', mb(before.usedBytes), mb(half.usedBytes), mb(after.usedBytes), growthMb(growth).toFixed(2)],
          ['resident MB', mb(before.residentBytes), mb(half.residentBytes), mb(after.residentBytes), ''],
        ],
      ),
    },
  ];
}

function against(foundMs: number, limitMs: number): string {
  return `${digits(limitMs)} ${foundMs <= limitMs ? 'met' : 'NOT MET'}`;
}

function again(ms: number | undefined): string {
  if (ms === undefined) return 'never';
  return `${ms.toFixed(0)} ${ms <= BACK_MS ? 'met' : 'NOT MET'}`;
}

function us(ms: number): string {
  return (ms * 1000).toFixed(0);
}
