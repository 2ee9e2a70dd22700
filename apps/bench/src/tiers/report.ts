import { distribution } from '../distribution.ts';
import { spreadOf } from '../hot-path/statistics.ts';
import type { ScenarioResult } from '../scenario.ts';
import { sum } from '../sum.ts';
import { DISTRIBUTION_HEAD, distributionCells, table } from '../tables.ts';
import { digits, spreadCells, targetSection } from '../targets.ts';
import { clusterSection } from './cluster/report.ts';
import { ALLOWED_MS } from './judge.ts';
import type { TiersMeasurement } from './measurement.ts';
import { beyondBareMs } from './measurement.ts';
import { targetsOf } from './targets.ts';
import type { Begun } from './writer-child.ts';
import { OPERATIONS } from './writer-child.ts';

type Section = ScenarioResult['sections'][number];

/** The measurement for people. */
export function sectionsOf(m: TiersMeasurement): Section[] {
  return [
    readSection(m),
    openSection(m),
    writeSection(m),
    stopSection(m),
    invalidationSection(m),
    clusterSection(m.cluster),
    targetSection(targetsOf(m), 'the rounds (of invalidations: of all trials)'),
  ];
}

function readSection({ reads }: TiersMeasurement): Section {
  return {
    title:
      'A read in a process that has not written it, from the call to the value in hand; all ways in turn, round by round.\n' +
      'raw: lmdb by itself, values of equal size; renewed: sees the latest commit, as the tier does. cache_get: nothing in the process tier.\n' +
      'A loop of reads never lets the event loop turn, so its lag is the length of the sample.',
    body: table(
      ['', 'us a read', 'min..max', 'rounds', 'reads', 'lag max ms'],
      reads.flatMap(({ size, ways }) =>
        ways.map((way) => [
          `${size.name} ${way.name}`,
          ...spreadCells(spreadOf(way.us)),
          way.reads.toLocaleString('en'),
          digits(way.lagMs.max),
        ]),
      ),
    ),
  };
}

function openSection(m: TiersMeasurement): Section {
  const { opens } = m;
  return {
    title:
      'A fresh process, from fork until it has done its work, in turn. tier: imports cache-lmdb, opens the file that is there, reads one value.\n' +
      (opens.fromSource
        ? 'From source: what Node needs to strip the types of the packages is included.'
        : 'From the built output.'),
    body: table(
      ['', 'ms', 'min..max', 'rounds'],
      [
        ['bare Node', ...spreadCells(spreadOf(opens.bareMs))],
        ['tier', ...spreadCells(spreadOf(opens.openMs))],
        ['beyond bare', ...spreadCells(spreadOf(beyondBareMs(m)))],
      ],
    ),
  };
}

function writeSection({ writes: { latencies } }: TiersMeasurement): Section {
  return {
    title:
      'Calls of the tier one after another, with nobody in the way: from the call until its promise is kept.\n' +
      `Event-loop lag: ${digits(latencies.lagMs.max)} ms at worst.`,
    body: table(
      ['', ...DISTRIBUTION_HEAD],
      OPERATIONS.map((operation) => [operation, ...distributionCells(distribution(latencies.ms[operation]))]),
    ),
  };
}

function stopSection({ writes: { stops } }: TiersMeasurement): Section {
  const row = (name: string, parts: readonly Begun[], ended: number): (string | number)[] => [
    name,
    sum(parts.map((part) => part.writes)),
    sum(parts.map((part) => part.ended)),
    ended,
    `${sum(parts.map(({ answered }) => answered))} of ${sum(parts.map(({ reads }) => reads))}`,
    digits(Math.max(...parts.map(({ callMs }) => callMs))),
    ...spreadCells(spreadOf(parts.map(({ lagMs }) => lagMs))),
  ];
  const rows = (['SIGCONT', 'SIGKILL'] as const).flatMap((ending) => {
    const some = stops.filter((stop) => stop.ending === ending);
    if (some.length === 0) return [];
    return [row(`stopped, then ${ending}`, some.map(({ stopped }) => stopped), sum(some.map(({ after }) => after.ended)))]; // prettier-ignore
  });
  const free = stops.map((stop) => stop.free);
  return {
    title:
      'The same calls begun every 10 ms, in turn: with nobody in the way, and while another process is stopped (SIGSTOP) inside its\n' +
      'write transaction. Ended after: when it was continued or killed. Lag: the longest that the event loop was held, round by round.',
    body: table(
      [
        'another process',
        'writes',
        'ended',
        'ended after',
        'reads answered',
        'call max ms',
        'lag ms',
        'min..max',
        'rounds',
      ],
      [row('none', free, sum(free.map(({ writes }) => writes))), ...rows],
    ),
  };
}

function invalidationSection({ invalidations: i }: TiersMeasurement): Section {
  const lagMs = Math.max(...i.lagMs);
  return {
    title:
      `A version is set, all readers hold it in their process tiers, it is deleted; they look every millisecond (${i.trials} times).\n` +
      'Seen: from the resolved delete to the end of the first read that finds it gone. Late: how long after it the last read began that found it.\n' +
      `Event-loop lag of the readers: ${digits(lagMs)} ms at worst. The delete itself: p50 ${digits(distribution(i.deleteMs).p50)} ms, p99 ${digits(distribution(i.deleteMs).p99)} ms.`,
    body: table(
      ['', ...DISTRIBUTION_HEAD, 'reads compared', `begun > ${ALLOWED_MS} ms later, older`, 'late at worst ms'],
      i.verdicts.map(({ seenMs, compared, older, worstMs }, index) => [
        `reader ${index + 1}, seen`,
        ...distributionCells(distribution(seenMs)),
        compared,
        older,
        digits(worstMs),
      ]),
    ),
  };
}
