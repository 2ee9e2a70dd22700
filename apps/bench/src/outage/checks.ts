import { atLeast, exactly, none } from '../checks.ts';
import type { Check } from '../scenario.ts';
import { sum } from '../sum.ts';
import { clientChecks } from './client-report.ts';
import { growthMb } from './growth.ts';
import type { OutageMeasurement } from './measurement.ts';
import type { ReaderResult, Reads } from './round-result.ts';

/** Of every process in every state, begun after a change of their key: else it has not been looked at. */
const MIN_COMPARED = 200;
/** Begun when another machine's change could not be known, and the dead-man switch was past. */
const MIN_DOUBTED = 20;
const MAX_GROWTH_MB = 5;

/** What must hold, whatever the machine's speed. */
export function checksOf(m: OutageMeasurement, wanted: Reads): Check[] {
  const { rounds } = m;
  const readers = rounds.flatMap((round) => round.readers);
  const unverified = rounds.filter(({ isVerified }) => !isVerified).map(({ state }) => state.name);
  return [
    ...(rounds.length === 0 ? [] : stateChecks(readers, wanted)),
    exactly('states', rounds.length, m.states),
    none('unverified', unverified.length, `of ${m.states} states as seen by a second client ${unverified.join(', ')}`),
    ...lastingChecks(m, readers),
    none('unhandled_rejections', m.unhandled, 'in the processes with caches'),
    ...growthChecks(m),
    ...clientChecks(m.client),
  ];
}

function stateChecks(readers: readonly ReaderResult[], wanted: Reads): Check[] {
  const verdicts = readers.map(({ verdict }) => verdict);
  const plays = readers.flatMap(({ healthy, outage }) => [healthy, outage]);
  const compared = sum(verdicts.map((verdict) => verdict.compared));
  const reads = sum(plays.map((play) => play.reads));
  return [
    atLeast('cold_reads', Math.min(...plays.map(({ coldMs }) => coldMs.length)), wanted.cold),
    atLeast('hot_reads', Math.min(...plays.map(({ hotMs }) => hotMs.length)), wanted.hot),
    none('failed', sum(plays.map((play) => play.failed)), `of ${reads} reads rejected or had no value`),
    none(
      'wrong',
      sum([...plays.map((play) => play.wrong), ...verdicts.map((verdict) => verdict.wrong)]),
      `of ${reads} reads had what the source never had`,
    ),
    atLeast('reads_compared', Math.min(...verdicts.map((verdict) => verdict.compared)), MIN_COMPARED),
    none(
      'stale_served',
      sum(verdicts.map(({ stale }) => stale)),
      `of ${compared} reads begun after a change of their key, older than that`,
    ),
  ];
}

/** What shows when the outage has lasted, and when it is over. */
function lastingChecks({ rounds }: OutageMeasurement, readers: readonly ReaderResult[]): Check[] {
  const doubted = sum(readers.map(({ verdict }) => verdict.doubted));
  const lasting = rounds.filter(({ state }) => state.lastsMs !== undefined && state.othersWrite === true);
  const older = sum(readers.map(({ verdict }) => verdict.olderThanAllowed));
  const newcomers = sum(rounds.map(({ newcomer }) => newcomer.compared));
  const back = readers.map((reader) => reader.back);
  return [
    ...(lasting.length === 0 ? [] : [atLeast('doubted_reads', doubted, MIN_DOUBTED)]),
    none(
      'older_than_allowed',
      older,
      `of ${doubted} reads begun 5 s after a change of a machine that could not be heard`,
    ),
    none(
      'newcomer.older',
      sum(rounds.map(({ newcomer }) => newcomer.older)),
      `of ${newcomers} changed keys as a process found them in Redis that started afterwards`,
    ),
    none(
      'owed',
      sum(back.map(({ owed }) => owed)),
      `invalidations had not arrived afterwards, of ${readers.length} processes`,
    ),
    none(
      'not_back',
      back.filter(({ mutableMs, immutableMs }) => mutableMs === undefined || immutableMs === undefined).length,
      `of ${readers.length} processes found nothing in Redis any more`,
    ),
  ];
}

function growthChecks({ growth }: OutageMeasurement): Check[] {
  if (growth === undefined) return [];
  const found = growthMb(growth);
  return [
    none('growth.failed', growth.failed, `of ${growth.writes} writes to a hung server`),
    {
      name: 'growth_mb',
      holds: found <= MAX_GROWTH_MB,
      detail: `${found.toFixed(2)}, at most ${MAX_GROWTH_MB}, over ${growth.writes} writes to a hung server`,
    },
  ];
}
