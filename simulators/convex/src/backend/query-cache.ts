import type { ReadSet } from './read-set.ts';
import type { Outcome, Success } from './outcome.ts';
import type { TableVersions } from './table-versions.ts';

/** A query's outcome and what it depended on. */
export interface QueryRun<O extends Outcome = Outcome> {
  readonly outcome: O;
  readonly reads: ReadSet;
}

/** A query with its arguments and caller. */
export interface QueryCall {
  readonly path: string;
  readonly argsJson: string;
  readonly callerKey: string;
}

const MOST_ENTRIES = 20_000;

/**
 * Convex's query cache: strictly consistent, keyed by function and arguments, and by caller once a run of the function has
 * asked for one; errors are not kept. Concurrent misses of one caller share a run, if it still is current when it ends: a
 * write may have committed after the run and before a late asker joined.
 */
export class QueryCache {
  readonly #versions: TableVersions;
  readonly #entries: Map<string, QueryRun<Success>> = new Map();
  readonly #running: Map<string, Promise<QueryRun>> = new Map();
  readonly #personal: Set<string> = new Set();

  constructor(versions: TableVersions) {
    this.#versions = versions;
  }

  /** The outcome from the cache, from a run that is under way, or of a run of its own. */
  async get(call: QueryCall, compute: () => Promise<QueryRun>): Promise<{ run: QueryRun; isCached: boolean }> {
    for (;;) {
      const cached = this.#entries.get(this.#key(call));
      if (cached?.reads.isCurrent(this.#versions)) return { run: cached, isCached: true };
      const own = ownKey(call);
      const running = this.#running.get(own);
      if (running === undefined) return { run: await this.#compute(own, call, compute), isCached: false };
      const run = await running;
      if (run.reads.isCurrent(this.#versions)) return { run, isCached: true };
    }
  }

  async #compute(own: string, call: QueryCall, compute: () => Promise<QueryRun>): Promise<QueryRun> {
    const running = compute().finally(() => this.#running.delete(own));
    this.#running.set(own, running);
    const run = await running;
    if (run.reads.isPersonal) this.#personal.add(call.path);
    if (run.outcome.isSuccess) this.#keep(this.#key(call), { outcome: run.outcome, reads: run.reads });
    return run;
  }

  #keep(key: string, run: QueryRun<Success>): void {
    this.#entries.delete(key);
    this.#entries.set(key, run);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
  }

  #key(call: QueryCall): string {
    return this.#personal.has(call.path) ? ownKey(call) : ownKey({ ...call, callerKey: '' });
  }
}

function ownKey({ path, argsJson, callerKey }: QueryCall): string {
  return JSON.stringify([path, argsJson, callerKey]);
}
