/** What a source holds for a cell (a key in its scope) at one time; a cached copy says what it is a copy of. */
export interface Copy {
  readonly cell: string;
  readonly version: number;
  /** When it was read from the source. */
  readonly atMs: number;
  readonly padding?: string;
}

/** Versions of cells that an invalidation makes the oldest ones. */
export type Change = ReadonlyMap<string, number>;

/** What a read may return: noted when it starts, compared when it ends. */
export interface Expectation {
  readonly cell: string;
  readonly startedMs: number;
  readonly oldest: number;
  /** The same when its loader fails: soft invalidations do not count. */
  readonly oldestOnError: number;
}

/** How long an invalidation may take on one machine. */
const MACHINE_MS = 5;

/**
 * What every cache promises, without tiers, loads or faults: the versions of the source, and in every process and on every
 * machine the oldest version that a read which starts now may return.
 */
export class ReferenceModel {
  readonly #versions = new Map<string, number>();
  readonly #floors: { where: string; cell: string; version: number; fromMs: number; soft: boolean }[] = [];

  versionOf(cell: string): number {
    return this.#versions.get(cell) ?? 0;
  }

  /** The source changes, just before an invalidation (or a `set` of the new version) is called. */
  change(cells: readonly string[]): Change {
    for (const cell of cells) this.#versions.set(cell, this.versionOf(cell) + 1);
    return new Map(cells.map((cell) => [cell, this.versionOf(cell)]));
  }

  /** The invalidation has resolved here: where it was called it holds at once, pending or not. */
  resolved(change: Change, process: string, nowMs: number, soft: boolean): void {
    for (const [cell, version] of change) this.#floors.push({ where: process, cell, version, fromMs: nowMs, soft });
  }

  /** It has reached this machine (or this process, if it listens to the bus itself): acknowledged here, or by the bus. */
  reached(change: Change, machine: string, nowMs: number, soft: boolean): void {
    this.resolved(change, machine, nowMs + MACHINE_MS, soft);
  }

  expect(cell: string, process: string, machine: string, startedMs: number): Expectation {
    const held = this.#floors.filter(
      (floor) => floor.cell === cell && floor.fromMs <= startedMs && [process, machine].includes(floor.where),
    );
    const oldestOf = (floors: typeof held): number => Math.max(0, ...floors.map(({ version }) => version));
    return { cell, startedMs, oldest: oldestOf(held), oldestOnError: oldestOf(held.filter(({ soft }) => !soft)) };
  }

  /** What is wrong with what a read was given, if anything is. `lifeMs` is `ttl`, with `grace` where stale values are served. */
  objection(
    { cell, oldest, oldestOnError }: Expectation,
    copy: Copy,
    { servedMs, lifeMs, failed }: { servedMs: number; lifeMs: number; failed: boolean },
  ): string | undefined {
    const least = failed ? oldestOnError : oldest;
    if (copy.cell !== cell) return `the value of ${copy.cell}`;
    if (copy.version < least) return `version ${copy.version}, older than ${least}`;
    if (servedMs - copy.atMs >= lifeMs) return `a value ${servedMs - copy.atMs} ms old, kept for ${lifeMs}`;
    return undefined;
  }
}
