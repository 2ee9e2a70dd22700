import type { LoadOptions } from '../../contracts/cache.ts';
import { CacheError } from '../../errors.ts';
import type { FakeClock } from '../fake-clock.ts';
import type { Change, Copy, Expectation, ReferenceModel } from '../reference-model.ts';
import type { ModelPolicy } from './commands.ts';
import { TTL_MS } from './commands.ts';
import type { ModelSource } from './source.ts';
import { SourceError } from './source.ts';
import type { ModelProcess } from './stage.ts';

/** What an aborted caller gets. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
}

/** A read under way. */
export interface Read {
  readonly process: ModelProcess;
  readonly expected: Expectation;
  /** Position among the ends of loads: those that end in the same turn may still be joined. */
  readonly startedAt: number;
  /** The loader had failed a short time ago. */
  readonly resting: boolean;
  readonly mayLoad: boolean;
  readonly mayBeStale: boolean;
}

/** A `set` that was called; what it sets is as old as its arrival in the tiers. */
export interface Arrival {
  readonly by: string;
  endedMs: number;
  endedAt: number;
}

/** How a read is made. */
export interface ReadOptions {
  readonly mayLoad?: boolean;
  readonly deadline?: boolean;
}

/** @see Answers */
export interface AnswersOptions {
  readonly clock: FakeClock;
  readonly policy: ModelPolicy;
  readonly reference: ReferenceModel;
  readonly source: ModelSource;
  readonly violate: (what: string) => void;
  readonly track: (work: Promise<unknown>) => void;
}

/** After this long without proof a machine does not trust what it holds. */
const LIVE_MS = 5_000;
const MACHINE_MS = 5;
const BACK_OFF_MS = 30_000;

/** Compares what caches answer with what {@link ReferenceModel} allows. */
export class Answers {
  /** Values compared. */
  compared = 0;
  readonly #options: AnswersOptions;
  readonly #sets = new Map<string, Arrival>();
  /** When the call began that made each version of a cell, and whose it was. */
  readonly #calls = new Map<string, { readonly by: string; readonly at: number }>();
  readonly #cutSinceMs = new Map<string, number>();
  /** Reads that wait for each cell, by process. */
  readonly #asked = new Map<string, Map<string, number>>();
  #turnedAt = 0;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** What waits for promises only has run. */
  turn(): void {
    this.#turnedAt = this.#options.source.tick();
  }

  /** From now on this place hears nothing. */
  cut(where: string): void {
    if (!this.#cutSinceMs.has(where)) this.#cutSinceMs.set(where, this.#options.clock.now());
  }

  mend(where: string): void {
    this.#cutSinceMs.delete(where);
  }

  mendAll(): void {
    this.#cutSinceMs.clear();
  }

  /** All cells that a process was asked to load, and those that somebody waits for. */
  asked(process: string): { all: number; waiting: string[] } {
    const cells = [...(this.#asked.get(process) ?? [])];
    return { all: cells.length, waiting: cells.filter(([, count]) => count > 0).map(([cell]) => cell) };
  }

  set(copy: Copy, by: string): Arrival {
    const arrival = { by, endedMs: Number.POSITIVE_INFINITY, endedAt: Number.POSITIVE_INFINITY };
    this.#sets.set(nameOf(copy), arrival);
    return arrival;
  }

  /** The source changes, because this process is about to invalidate. */
  change({ id }: ModelProcess, cells: readonly string[]): Change {
    const { reference, source } = this.#options;
    const change = reference.change(cells);
    const call = { by: id, at: source.tick() };
    for (const [cell, version] of change) this.#calls.set(`${cell}@${version}`, call);
    return change;
  }

  start(process: ModelProcess, cell: string, { mayLoad = false, deadline = false }: ReadOptions = {}): Read {
    const { clock, policy, reference, source } = this.#options;
    const nowMs = clock.now();
    const failedMs = source.lastFailedMs(process.id, cell);
    if (mayLoad) this.#ask(process.id, cell, 1);
    return {
      process,
      expected: reference.expect(cell, process.id, process.hearsAt, nowMs),
      startedAt: this.#turnedAt,
      resting: policy.grace > 0 && nowMs - failedMs <= BACK_OFF_MS,
      mayLoad,
      mayBeStale: mayLoad && (deadline || policy.softTimeoutMs !== Number.POSITIVE_INFINITY),
    };
  }

  compare(read: Read, answer: Promise<Copy | undefined>, options: LoadOptions = {}): void {
    this.#compare(read, answer, {
      options,
      servedMs: () => this.#options.clock.now(),
      failed: () => this.#hasFailed(read),
    });
  }

  /** The answers of one call for many keys: it ends with the last of them, and fails with any. */
  compareMany(reads: readonly Read[], answers: readonly Promise<Copy | undefined>[]): void {
    const failed = (): boolean => reads.some((read) => read.mayLoad && this.#hasFailed(read));
    reads.forEach((read, index) => {
      const answer = answers[index];
      const servedMs = (): number => read.expected.startedMs;
      if (answer !== undefined) this.#compare(read, answer, { options: {}, servedMs, failed });
    });
  }

  #compare(
    read: Read,
    answer: Promise<Copy | undefined>,
    { options, servedMs, failed }: { options: LoadOptions; servedMs: () => number; failed: () => boolean },
  ): void {
    const { violate, track } = this.#options;
    const { process, expected, mayLoad } = read;
    const { cell, startedMs } = expected;
    const wrong = (what: string): void => violate(`${process.id} asked at ${startedMs} ms for ${cell} and got ${what}`);
    const compared = answer.then(
      (copy) => {
        if (copy === undefined) {
          if (mayLoad && !this.#mayBeNone(read)) wrong('nothing, though there is something');
          return;
        }
        this.compared++;
        const objection = this.#objection(read, copy, failed(), servedMs());
        if (objection !== undefined) wrong(objection);
      },
      (error: unknown) => {
        if (!mayReject(error, options, failed())) wrong(`the error ${String(error)}`);
      },
    );
    track(
      compared.finally(() => {
        if (mayLoad) this.#ask(process.id, cell, -1);
      }),
    );
  }

  /** Whether the loader of this read has failed since it began, took too long, or was resting. */
  #hasFailed({ process, expected, startedAt, resting }: Read): boolean {
    const { clock, policy, source } = this.#options;
    return (
      resting ||
      source.runs.some(
        (run) =>
          run.process === process.id &&
          run.cell === expected.cell &&
          ((run.outcome === 'failed' && run.endedAt > startedAt) ||
            (run.endedAt > startedAt && clock.now() - run.startedMs >= policy.hardTimeoutMs)),
      )
    );
  }

  #objection(read: Read, copy: Copy, failed: boolean, servedMs: number): string | undefined {
    const { policy, reference, source } = this.#options;
    const { process, expected, startedAt } = read;
    const runs = read.mayLoad ? source.runs : [];
    // What a load brings that ran meanwhile is as old as that load.
    const loaded = runs.some(
      ({ endedAt, copy: { cell, version, atMs } }) =>
        endedAt > startedAt && cell === copy.cell && version === copy.version && atMs === copy.atMs,
    );
    const mayBeStale = read.mayBeStale || failed;
    // What was set is as old as its arrival in the tiers.
    const arrival = this.#sets.get(nameOf(copy));
    const setMs = arrival?.endedMs ?? copy.atMs;
    const lifeMs = loaded ? Number.POSITIVE_INFINITY : TTL_MS + (mayBeStale ? policy.grace : 0) + setMs - copy.atMs;
    // A `set` and an invalidation of another process that overlap hold in either order.
    const call = this.#calls.get(`${expected.cell}@${failed ? expected.oldestOnError : expected.oldest}`);
    const overlap = arrival !== undefined && call !== undefined && call.by !== arrival.by && call.at < arrival.endedAt;
    if (overlap && copy.cell === expected.cell) return undefined;
    const cutMs = this.#cutSinceMs.get(process.hearsAt) ?? Number.POSITIVE_INFINITY;
    if (!loaded && !failed && expected.startedMs >= cutMs + LIVE_MS + MACHINE_MS) return 'a value, though it is deaf';
    return reference.objection(expected, copy, { servedMs, lifeMs, failed });
  }

  #mayBeNone({ expected, startedAt }: Read): boolean {
    const { policy, source } = this.#options;
    return source.runs.some(
      (run) =>
        run.outcome === 'none' &&
        run.cell === expected.cell &&
        run.copy.version >= expected.oldest &&
        (run.endedAt > startedAt ||
          expected.startedMs - run.startedMs < policy.negativeTtl ||
          // Without a time of its own it ends at once, after the millisecond in which it came.
          expected.startedMs <= run.endedMs),
    );
  }

  #ask(process: string, cell: string, by: number): void {
    const cells = this.#asked.get(process) ?? new Map<string, number>();
    this.#asked.set(process, cells.set(cell, (cells.get(cell) ?? 0) + by));
  }
}

function mayReject(error: unknown, { deadlineMs, signal }: LoadOptions, failed: boolean): boolean {
  if (error instanceof SourceError) return failed;
  if (error instanceof AbortedError) return signal?.aborted === true;
  if (!(error instanceof CacheError)) return false;
  return error.code === 'ERR_CACHE_DEADLINE' ? deadlineMs !== undefined : failed;
}

function nameOf({ cell, version, atMs }: Copy): string {
  return `${cell}@${version}@${atMs}`;
}
