import { percent, table } from '../tables.ts';
import type { CellResult, Finding } from './campaign.ts';
import { applies, INVALIDATIONS, LEVELS, LOADS } from './cells.ts';
import type { Cell } from './cells.ts';
import { WANTED } from './coverage.ts';
import type { Coverage, Covered } from './coverage.ts';

/** Kinds of load by kinds of invalidation: schedules, different ones among them, and those with a stale read. */
export function cellTable(results: readonly CellResult[]): string {
  const rows = LOADS.flatMap((load) =>
    INVALIDATIONS.map((invalidation) => [
      `${load} × ${invalidation === 'bus' ? 'another machine' : invalidation}`,
      ...LEVELS.map((levels) => {
        const result = results.find(({ cell }) => isSame(cell, { load, invalidation, levels }));
        if (result !== undefined) return `${result.schedules} / ${result.distinct} / ${result.staleSchedules}`;
        return applies({ load, invalidation, levels }) ? 'not played' : 'does not exist';
      }),
    ]),
  );
  return table(['schedules / distinct / stale', 'process', 'and host', 'and cluster'], rows);
}

/** What really happened in the schedules, and how often it had to. */
export function coverageTable({ counts }: Coverage): string {
  const rows = Object.keys(WANTED).map((name) => {
    const what = name as Covered;
    return [what.replaceAll('_', ' '), counts[what], WANTED[what]];
  });
  return table(['happened', 'times', 'at least'], rows);
}

/** Says which part of the cells that a defence guards has shown stale reads without it. */
export function sabotageText(name: string, where: string, stale: number, cells: number): string {
  return `${name} guards ${where}. Without it ${stale} of these ${cells} cells show stale reads: ${percent(stale, cells)}.`;
}

/** A schedule, step by step. */
export function findingText({ cell, seed, what, steps, stale }: Finding): string {
  const [first] = stale;
  const lines = steps.slice(0, first?.endedAt ?? steps.length).map((step, index) => {
    const marks = index === (first?.startedAt ?? -1) ? ['    – here the read begins –'] : [];
    return [...marks, `${String(index + 1).padStart(4)}. ${step}`];
  });
  const where = `${cell.load} × ${cell.invalidation}, tiers: ${cell.levels}, seed ${seed}`;
  return [`${where}: ${what}`, ...lines.flat()].join('\n');
}

function isSame(a: Cell, b: Cell): boolean {
  return a.load === b.load && a.invalidation === b.invalidation && a.levels === b.levels;
}
