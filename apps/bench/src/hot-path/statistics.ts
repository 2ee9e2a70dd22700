/** Middle of the values, with the extremes beside it. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly n: number;
}

/** @throws Error when there is nothing to sum up. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) throw new Error('no samples');
  return { median: (low + high) / 2, min, max, n: sorted.length };
}

/** Round by round: both sides of each quotient were measured within the same round. */
export function ratioOf(numerator: readonly number[], denominator: readonly number[]): Spread {
  if (numerator.length !== denominator.length) throw new Error('rounds do not match');
  return spreadOf(numerator.map((value, round) => value / (denominator[round] ?? Number.NaN)));
}
