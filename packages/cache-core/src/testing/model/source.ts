import type { BatchLoader, LoadContext, Loader } from '../../contracts/cache.ts';
import type { Copy, ReferenceModel } from '../reference-model.ts';
import type { FakeClock } from '../fake-clock.ts';

/** What the source throws. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** One run of a loader for one cell. */
export interface LoaderRun {
  readonly process: string;
  readonly cell: string;
  readonly copy: Copy;
  readonly reason: 'miss' | 'refresh';
  readonly batch: boolean;
  readonly signal: AbortSignal;
  readonly mayStore: boolean;
  /** When its caller came: from then on it can be overtaken. */
  readonly askedMs: number;
  readonly startedMs: number;
  outcome: 'running' | 'value' | 'none' | 'failed';
  /** Position among all starts and ends; Infinity while it runs. */
  endedAt: number;
  endedMs: number;
}

/** How a loader behaves. */
export interface LoaderPlan {
  readonly ends: 'value' | 'none' | 'failed';
  readonly held: boolean;
  readonly doNotStore?: boolean;
  readonly batch?: boolean;
}

/** The source that all caches of a model load from, and the record of what it was asked. */
export class ModelSource {
  readonly runs: LoaderRun[] = [];
  readonly #reference: ReferenceModel;
  readonly #clock: FakeClock;
  readonly #onStart: (run: LoaderRun) => void;
  readonly #onEnd: (run: LoaderRun) => void;
  readonly #last = new Map<string, LoaderRun>();
  readonly #gates: (() => void)[] = [];
  #ticks = 0;

  constructor(reference: ReferenceModel, clock: FakeClock, onStart: (run: LoaderRun) => void, onEnd: (run: LoaderRun) => void) {
    this.#reference = reference;
    this.#clock = clock;
    this.#onStart = onStart;
    this.#onEnd = onEnd;
  } // prettier-ignore

  /** A position later than all before. */
  tick(): number {
    return this.#ticks++;
  }

  copyOf(cell: string): Copy {
    const padding = cell.endsWith(':9') ? { padding: 'x'.repeat(700) } : {};
    return { cell, version: this.#reference.versionOf(cell), atMs: this.#clock.now(), ...padding };
  }

  loader(process: string, cell: string, plan: LoaderPlan): Loader<Copy> {
    const askedMs = this.#clock.now();
    return async (context) => {
      if (plan.doNotStore === true) context.doNotStore();
      const run = this.#start(process, cell, context, { ...plan, askedMs });
      await this.#pass(plan);
      return this.#end(run, plan);
    };
  }

  batchLoader(process: string, cellOf: (key: string) => string, plan: LoaderPlan): BatchLoader<Copy> {
    const askedMs = this.#clock.now();
    return async (keys, { signal }) => {
      const runs = keys.map((key) =>
        this.#start(process, cellOf(key), { signal, reason: 'miss' }, { ...plan, askedMs, batch: true }),
      );
      await this.#pass(plan);
      const values = runs.map((run, index) => this.#end(run, plan, index === runs.length - 1));
      return new Map(keys.map((key, index) => [key, values[index]]));
    };
  }

  /** When the last load of a cell failed here, if it did; else the beginning of time. */
  lastFailedMs(process: string, cell: string): number {
    const last = this.#last.get(`${process}/${cell}`);
    return last?.outcome === 'failed' ? last.endedMs : Number.NEGATIVE_INFINITY;
  }

  /** Lets the load go on that has been held longest. */
  release(): boolean {
    const open = this.#gates.shift();
    open?.();
    return open !== undefined;
  }

  async #pass({ held }: LoaderPlan): Promise<void> {
    if (held) await new Promise<void>((open) => this.#gates.push(open));
  }

  #start(process: string, cell: string, { signal, reason }: Pick<LoadContext<Copy>, 'signal' | 'reason'>, plan: LoaderPlan & { askedMs: number }) {
    const copy = this.copyOf(cell);
    const run: LoaderRun = {
      process,
      cell,
      copy,
      reason,
      batch: plan.batch === true,
      signal,
      mayStore: plan.doNotStore !== true,
      askedMs: plan.askedMs,
      startedMs: this.#clock.now(),
      outcome: 'running',
      endedAt: Number.POSITIVE_INFINITY,
      endedMs: Number.POSITIVE_INFINITY,
    };
    this.#onStart(run);
    this.runs.push(run);
    return run;
  } // prettier-ignore

  #end(run: LoaderRun, { ends }: LoaderPlan, last = true): Copy | undefined {
    run.outcome = ends;
    run.endedAt = this.tick();
    run.endedMs = this.#clock.now();
    this.#last.set(`${run.process}/${run.cell}`, run);
    this.#onEnd(run);
    if (ends === 'failed' && last) throw new SourceError('the source fails');
    return ends === 'value' ? run.copy : undefined;
  }
}
