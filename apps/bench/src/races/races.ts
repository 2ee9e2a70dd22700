import { createCache } from '@warmline/cache-core';
import { createCacheWithout } from '@warmline/cache-core/testing';
import { atLeast, none } from '../checks.ts';
import type { Check, Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { DISTINCT_WANTED, playCell } from './campaign.ts';
import type { CellResult } from './campaign.ts';
import { applies, CELLS, SABOTAGES } from './cells.ts';
import { Coverage, WANTED } from './coverage.ts';
import type { Covered } from './coverage.ts';
import { cellTable, coverageTable, findingText, sabotageText } from './report.ts';
import type { CreateCache } from './world.ts';

const SCHEDULES_A_CELL = { full: 600, quick: 160 } as const;
const SCHEDULES_WANTED = 10_000;
/** Invalidations that a tier had not acknowledged in time. */
const PENDING_WANTED = 100;
/** Of the cells that a defence guards: with less, its sabotage proves little. */
const STALE_SHARE_WANTED = 0.2;

/** Every order in which loads and invalidations can meet, as far as no server is needed: is anything served that is too old? */
export const races: Scenario = {
  name: 'races',
  summary: 'loads and invalidations in forced schedules; each read is compared with what the source had',
  byDefault: false,
  sabotages: Object.keys(SABOTAGES),
  run,
};

async function run(context: ScenarioContext): Promise<ScenarioResult> {
  const sabotage = context.sabotage === undefined ? undefined : SABOTAGES[context.sabotage];
  const create: CreateCache =
    sabotage === undefined ? createCache : (options) => createCacheWithout(sabotage.defence, options);
  const existing = CELLS.filter(applies);
  const cells = existing.filter((cell) => sabotage?.matters(cell) ?? true);
  const coverage = new Coverage();
  const results: CellResult[] = [];
  for (const cell of cells) {
    const { load, invalidation, levels } = cell;
    context.progress.update(
      `races · ${load} × ${invalidation}, tiers: ${levels} · ${results.length + 1} of ${cells.length}`,
    );
    const schedules = context.quick ? SCHEDULES_A_CELL.quick : SCHEDULES_A_CELL.full;
    results.push(await playCell(cell, schedules, context.seed, create, coverage));
  }
  const sum = (of: (result: CellResult) => number): number => results.reduce((total, result) => total + of(result), 0);
  const schedules = sum((result) => result.schedules);
  const staleCells = results.filter(({ staleReads }) => staleReads > 0).length;
  const minDistinct = Math.min(...results.map(({ distinct }) => distinct));
  const findings = results.flatMap(({ finding }) => finding ?? []).slice(0, 1);
  const staleReads = sum((result) => result.staleReads);
  const metrics = {
    cells: results.length,
    cells_that_do_not_exist: CELLS.length - existing.length,
    schedules_compared: schedules,
    'distinct_schedules.min_a_cell': minDistinct,
    'distinct_schedules.total': sum((result) => result.distinct),
    reads: coverage.reads,
    reads_compared: coverage.readsCompared,
    stale_served: staleReads,
    cells_with_stale: staleCells,
    cells_with_stale_share: staleCells / results.length,
    hung_schedules: sum((result) => result.hung),
    failed_reads: sum((result) => result.failures),
    invalidations_pending: coverage.pending,
    invalidations_never_acknowledged: sum((result) => result.unacknowledged),
    ...Object.fromEntries(Object.entries(coverage.counts).map(([what, times]) => [`happened.${what}`, times])),
  };
  const schedulesWanted = sabotage === undefined ? SCHEDULES_WANTED : results.length * DISTINCT_WANTED;
  return {
    overrides: {},
    processes: { bench: process.pid },
    metrics,
    checks: [
      none('stale_served', staleReads, `of ${coverage.readsCompared} reads after an invalidation`),
      atLeast('schedules_compared', schedules, schedulesWanted),
      atLeast('reads_compared', coverage.readsCompared, schedulesWanted),
      atLeast('distinct_schedules.min_a_cell', minDistinct, DISTINCT_WANTED),
      none('hung_schedules', metrics.hung_schedules, `of ${schedules}`),
      none('failed_reads', metrics.failed_reads, `of ${coverage.reads}`),
      none(
        'invalidations_never_acknowledged',
        metrics.invalidations_never_acknowledged,
        `of ${coverage.pending} pending`,
      ),
      ...(sabotage === undefined
        ? [atLeast('invalidations_pending', coverage.pending, PENDING_WANTED), ...coverageChecks(coverage)]
        : [atLeast('cells_with_stale', staleCells, Math.ceil(STALE_SHARE_WANTED * results.length))]),
    ],
    sections: [
      { title: 'Schedules played, different ones among them, and those with a stale read', body: cellTable(results) },
      { title: 'What happened in them', body: coverageTable(coverage) },
      ...(sabotage === undefined || context.sabotage === undefined
        ? []
        : [{ title: 'Sabotage', body: sabotageText(context.sabotage, sabotage.where, staleCells, results.length) }]),
      ...findings.map((finding) => ({ title: 'The first schedule that went wrong', body: findingText(finding) })),
    ],
  };
}

/** A run in which nothing gets between anything proves nothing. */
function coverageChecks({ counts }: Coverage): Check[] {
  return Object.keys(WANTED).map((name) => {
    const what = name as Covered;
    return atLeast(`happened.${what}`, counts[what], WANTED[what]);
  });
}
