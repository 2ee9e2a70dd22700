import { distribution } from '../distribution.ts';
import { spreadOf } from '../hot-path/statistics.ts';
import type { Target } from '../targets.ts';
import { clientTargets } from './client-report.ts';
import { BACK_MS, COLD_SLACK_MS, coldLimitMs, HOT_SLACK_MS, hotLimitMs } from './limits.ts';
import type { OutageMeasurement } from './measurement.ts';
import type { ReaderResult } from './round-result.ts';

/** Of the state in which it is worst: a median of states says little. */
export function targetsOf(m: OutageMeasurement): Target[] {
  const readers = m.rounds.flatMap((round) => round.readers);
  const back = readers.flatMap((reader) => reader.back.mutableMs ?? []);
  const backImmutable = readers.flatMap((reader) => reader.back.immutableMs ?? []);
  return [
    worst(
      'cold_over_ms',
      'cold p95, ms beyond budget, loader and event-loop lag',
      readers.map((reader) => overCold(reader)),
      COLD_SLACK_MS,
    ),
    worst(
      'hot_over_ms',
      'hot p99, ms beyond twice that of the same process when all is well',
      readers.map((reader) => overHot(reader)),
      HOT_SLACK_MS,
    ),
    worst('fast_again_ms', 'a fresh client succeeds until the process finds new entries in Redis, ms', back, BACK_MS),
    worst('fast_again_immutable_ms', 'the same, of what cannot become stale', backImmutable, BACK_MS),
    clientTargets(m.client),
  ].flat();
}

function overCold(reader: ReaderResult): number {
  return distribution(reader.outage.coldMs).p95 - (coldLimitMs(reader) - COLD_SLACK_MS);
}

function overHot(reader: ReaderResult): number {
  return distribution(reader.outage.hotMs).p99 - (hotLimitMs(reader) - HOT_SLACK_MS);
}

function worst(name: string, what: string, values: readonly number[], atMost: number): Target[] {
  if (values.length === 0) return [];
  const spread = spreadOf(values);
  return [{ name, what, found: { ...spread, median: spread.max }, wanted: { atMost } }];
}
