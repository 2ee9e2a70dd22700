import type { Spread } from './hot-path/statistics.ts';
import type { Metrics, ScenarioResult } from './scenario.ts';
import { table } from './tables.ts';

/** A figure that is wanted. Times do not fail a run, because machines are noisy. */
export interface Target {
  readonly name: string;
  readonly what: string;
  readonly found: Spread;
  readonly wanted: { readonly atMost: number } | { readonly atLeast: number };
}

function isMet({ found, wanted }: Target): boolean {
  return 'atMost' in wanted ? found.median <= wanted.atMost : found.median >= wanted.atLeast;
}

/** The median under the target's name, with `.min`, `.max` and `.n` beside it. */
export function targetMetrics(targets: readonly Target[]): Metrics {
  return Object.fromEntries(
    targets.flatMap(({ name, found }) => [
      [name, found.median],
      [`${name}.min`, found.min],
      [`${name}.max`, found.max],
      [`${name}.n`, found.n],
    ]),
  );
}

/** @param from what a median is the median of. */
export function targetSection(targets: readonly Target[], from: string): ScenarioResult['sections'][number] {
  return {
    title: `What is wanted of Warmline: medians of ${from}. Times never fail a run.`,
    body: table(
      ['', 'metric', 'found', 'min..max', 'n', 'wanted', ''],
      targets.map((target) => {
        const { name, what, found, wanted } = target;
        const limit = 'atMost' in wanted ? `<= ${wanted.atMost}` : `>= ${wanted.atLeast}`;
        return [what, name, ...spreadCells(found), limit, isMet(target) ? 'met' : 'not met'];
      }),
    ),
  };
}

/** A median, its extremes, and of how many it is. */
export function spreadCells({ median, min, max, n }: Spread): (string | number)[] {
  return [digits(median), `${digits(min)}..${digits(max)}`, n];
}

/** As many digits as mean something. */
export function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
