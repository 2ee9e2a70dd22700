import { atLeast, none } from '../checks.ts';
import type { Check } from '../scenario.ts';
import { sum } from '../sum.ts';
import { clusterChecks } from './cluster/report.ts';
import { ALLOWED_MS } from './judge.ts';
import type { TiersMeasurement } from './measurement.ts';

const MIN_ROUNDS = 5;
const MIN_COMPARED = 1_000;

/** What must hold, whatever the machine's speed. */
export function checksOf(m: TiersMeasurement, trials: number): Check[] {
  const ways = m.reads.flatMap((each) => each.ways);
  const compared = sum(ways.map((way) => way.compared));
  return [
    atLeast('reads.compared', compared, MIN_COMPARED),
    none('reads.mismatched', sum(ways.map((way) => way.mismatched)), `of ${compared} values, byte by byte`),
    none(
      'reads.wrong_passes',
      sum(ways.map((way) => way.wrongPasses)),
      `passes over all keys in ${sum(ways.map((way) => way.reads))} timed reads`,
    ),
    atLeast('reads.rounds', Math.min(...ways.map(({ us }) => us.length)), MIN_ROUNDS),
    atLeast('open.rounds', m.opens.openMs.length, MIN_ROUNDS),
    none('open.mismatched', m.opens.mismatched, `of ${m.opens.openMs.length} fresh processes read another value`),
    ...stopChecks(m),
    ...invalidationChecks(m, trials),
    ...clusterChecks(m.cluster),
  ];
}

function stopChecks({ writes: { stops } }: TiersMeasurement): Check[] {
  const writes = sum(stops.map(({ stopped }) => stopped.writes));
  const reads = sum(stops.map(({ stopped }) => stopped.reads));
  const unfinished = writes - sum(stops.map(({ after }) => after.ended));
  return [
    atLeast('write_stall.rounds', stops.length, MIN_ROUNDS),
    // Else the other process did not have the lock.
    none(
      'write_stall.ended_meanwhile',
      sum(stops.map(({ stopped }) => stopped.ended)),
      `of ${writes} writes behind a stopped writer`,
    ),
    none('write_stall.unfinished', unfinished, `of these ${writes} when it was continued or killed`),
    none(
      'write_stall.unread',
      reads - sum(stops.map(({ stopped }) => stopped.answered)),
      `of ${reads} reads meanwhile`,
    ),
  ];
}

function invalidationChecks({ invalidations: i }: TiersMeasurement, trials: number): Check[] {
  const readers = i.verdicts.length;
  const compared = sum(i.verdicts.map((verdict) => verdict.compared));
  const seen = sum(i.verdicts.map(({ seenMs }) => seenMs.length));
  return [
    atLeast('invalidation.trials', i.trials, trials),
    atLeast('invalidation.seen', seen, Math.floor(0.95 * trials * readers)),
    atLeast('reads_compared', compared, trials * readers),
    none(
      'older_reads',
      sum(i.verdicts.map(({ older }) => older)),
      `of ${compared} reads begun more than ${ALLOWED_MS} ms after a delete had resolved`,
    ),
  ];
}
