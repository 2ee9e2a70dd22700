import { createHash } from 'node:crypto';
import { CELLS } from './cells.ts';
import type { Cell } from './cells.ts';
import type { Coverage } from './coverage.ts';
import { play } from './play.ts';
import type { StaleRead } from './judge.ts';
import type { CreateCache } from './world.ts';

/** The first schedule in which something was wrong: with cell and seed it can be played again. */
export interface Finding {
  readonly cell: Cell;
  readonly seed: number;
  readonly what: string;
  readonly stale: readonly StaleRead[];
  readonly steps: readonly string[];
}

/** What became of the schedules of one cell. */
export interface CellResult {
  readonly cell: Cell;
  schedules: number;
  distinct: number;
  /** Reads that were served something too old. */
  staleReads: number;
  staleSchedules: number;
  hung: number;
  failures: number;
  unacknowledged: number;
  finding: Finding | undefined;
}

/** Below this number of different interleavings a cell has not been tried. */
export const DISTINCT_WANTED = 100;
/** A cell in which so many schedules give too few interleavings is given up, and fails its check. */
const MAX_FACTOR = 4;

/** Plays schedules of one cell until there are enough of them, and enough different ones. */
export async function playCell(
  cell: Cell,
  schedules: number,
  seed: number,
  createCache: CreateCache,
  coverage: Coverage,
): Promise<CellResult> {
  const result: CellResult = {
    cell,
    schedules: 0,
    distinct: 0,
    staleReads: 0,
    staleSchedules: 0,
    hung: 0,
    failures: 0,
    unacknowledged: 0,
    finding: undefined,
  };
  const traces = new Set<string>();
  while (
    result.schedules < schedules ||
    (traces.size < DISTINCT_WANTED && result.schedules < MAX_FACTOR * DISTINCT_WANTED)
  ) {
    const own = seedOf(seed, cell, result.schedules++);
    const played = await play(cell, own, createCache, coverage);
    traces.add(createHash('sha1').update(played.steps.join('\n')).digest('base64'));
    result.staleReads += played.stale.length;
    if (played.stale.length > 0) result.staleSchedules++;
    if (played.hung) result.hung++;
    result.failures += played.failures.length;
    result.unacknowledged += played.unacknowledged;
    const what = wrong(played);
    if (what !== undefined) result.finding ??= { cell, seed: own, what, stale: played.stale, steps: played.steps };
  }
  result.distinct = traces.size;
  return result;
}

function wrong(played: Awaited<ReturnType<typeof play>>): string | undefined {
  const [stale] = played.stale;
  if (stale !== undefined) {
    return (
      `${stale.by}.${stale.kind} gave version ${stale.version}, oldest allowed ${stale.oldest}; ` +
      `it began after step ${stale.startedAt} and ended after step ${stale.endedAt}`
    );
  }
  if (played.hung) return 'somebody waited for ever';
  if (played.failures.length > 0) return `a read failed: ${String(played.failures[0])}`;
  return played.unacknowledged > 0 ? 'an invalidation never arrived' : undefined;
}

/** Different for every schedule of a run, and for every run. */
function seedOf(seed: number, cell: Cell, index: number): number {
  const place = CELLS.findIndex(
    ({ load, invalidation, levels }) =>
      load === cell.load && invalidation === cell.invalidation && levels === cell.levels,
  );
  return (seed * 1_000_003 + place * 10_007 + index) >>> 0;
}
