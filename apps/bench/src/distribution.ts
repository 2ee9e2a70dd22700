import { build } from 'hdr-histogram-js';
import type { Distribution } from './scenario.ts';

/** Kept with three digits, in microseconds. */
const MICROSECONDS = 1000;

/** Sums up durations in milliseconds; no sample is dropped. Zeros where there is no sample: see `n`. */
export function distribution(samplesMs: readonly number[]): Distribution {
  const histogram = build({ numberOfSignificantValueDigits: 3 });
  // There may be more samples than a call can have arguments.
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const sample of samplesMs) {
    histogram.recordValue(Math.max(0, Math.round(sample * MICROSECONDS)));
    [min, max] = [Math.min(min, sample), Math.max(max, sample)];
  }
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / MICROSECONDS;
  return {
    p50: at(50),
    p95: at(95),
    p99: at(99),
    min: samplesMs.length === 0 ? 0 : min,
    max: samplesMs.length === 0 ? 0 : max,
    n: samplesMs.length,
  };
}
