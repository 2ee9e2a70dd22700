import Table from 'cli-table3';
import type { Distribution } from './scenario.ts';

/** A plain table for terminals and logs: first column to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const result = new Table({
    head: [...head],
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  result.push(...rows.map((row) => row.map(String)));
  return result.toString();
}

/** A distribution of milliseconds as cells for {@link DISTRIBUTION_HEAD}. */
export function distributionCells(d: Distribution): string[] {
  return d.n === 0 ? ['–', '–', '–', '–', '–', '0'] : [...[d.p50, d.p95, d.p99, d.min, d.max].map(ms), String(d.n)];
}

/** Heads of the columns that {@link distributionCells} fills. */
export const DISTRIBUTION_HEAD: readonly string[] = ['p50 ms', 'p95', 'p99', 'min', 'max', 'n'];

/** Milliseconds with as many digits as mean something. */
function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A share as a percentage. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}
