/** Upper bounds of the buckets, in milliseconds; the first is "no old read at all". */
const BOUNDS_MS = [
  0,
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  1_000,
  2_000,
  5_000,
  10_000,
  Number.POSITIVE_INFINITY,
] as const;
const BAR_WIDTH = 24;

export interface Bucket {
  readonly name: string;
  count(values: readonly number[]): number;
}

/** Logarithmic, and none of them is left out. */
export const BUCKETS: readonly Bucket[] = BOUNDS_MS.map((boundMs, index) => {
  const aboveMs = BOUNDS_MS[index - 1] ?? Number.NEGATIVE_INFINITY;
  const name = boundMs === 0 ? 'none' : boundMs === Number.POSITIVE_INFINITY ? `> ${aboveMs}` : `<= ${boundMs}`;
  return { name, count: (values) => values.filter((value) => value > aboveMs && value <= boundMs).length };
});

/** A count and a bar whose length is its logarithm, so that one among thousands is seen. */
export function barOf(count: number, most: number): string {
  if (count === 0) return '';
  const share = most <= 1 ? 1 : Math.log(count + 1) / Math.log(most + 1);
  return '█'.repeat(Math.max(1, Math.round(BAR_WIDTH * share)));
}
