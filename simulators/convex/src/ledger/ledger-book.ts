import { epochMs, monotonicMs } from '../clock.ts';
import type { FunctionLedger, Ledger, LedgerCommit } from './ledger.ts';

/** What a function can be counted for. */
export type Counted = Exclude<keyof FunctionLedger, 'billable'>;
type Counts = Record<Counted, number>;
type Bytes = Ledger['bytes'];

const MOST_COMMITS = 10_000;

/** Keeps the ledger. */
export class LedgerBook {
  readonly #functions: Map<string, Counts> = new Map();
  #commits: LedgerCommit[] = [];
  #bytes: { -readonly [K in keyof Bytes]: number } = noBytes();
  #requests = 0;
  #open = 0;
  #opened = 0;
  #peak = 0;

  get openSockets(): number {
    return this.#open;
  }

  count(path: string, what: Counted): void {
    const counts = this.#functions.get(path) ?? noCounts();
    counts[what] += 1;
    this.#functions.set(path, counts);
  }

  commit(path: string, ts: bigint): void {
    this.#commits.push({ path, ts: String(ts), at_ms: monotonicMs(), wall_ms: epochMs() });
    // Twice as many are kept in between, so that not every commit moves all of them.
    if (this.#commits.length > 2 * MOST_COMMITS) this.#commits = this.#commits.slice(-MOST_COMMITS);
  }

  request(): void {
    this.#requests += 1;
  }

  transferred(where: keyof Bytes, bytes: number): void {
    this.#bytes[where] += bytes;
  }

  opened(): void {
    this.#open += 1;
    this.#opened += 1;
    this.#peak = Math.max(this.#peak, this.#open);
  }

  closed(): void {
    this.#open -= 1;
  }

  /** Forgets everything but the sockets that are open. */
  reset(): void {
    this.#functions.clear();
    this.#commits = [];
    this.#bytes = noBytes();
    this.#requests = 0;
    this.#opened = 0;
    this.#peak = this.#open;
  }

  snapshot(): Ledger {
    const totals = noCounts();
    for (const counts of this.#functions.values()) {
      for (const [what, count] of Object.entries(counts) as [Counted, number][]) totals[what] += count;
    }
    const functions = [...this.#functions].map(([path, counts]) => [path, withBillable(counts)] as const);
    return {
      functions: Object.fromEntries(functions.toSorted(([a], [b]) => (a < b ? -1 : 1))),
      totals: withBillable(totals),
      sockets: { open: this.#open, opened: this.#opened, peak: this.#peak },
      requests: this.#requests,
      bytes: { ...this.#bytes },
      commits: this.#commits.slice(-MOST_COMMITS),
    };
  }
}

function withBillable(counts: Counts): FunctionLedger {
  const { queries, mutations, actions, scheduled, updates } = counts;
  return { ...counts, billable: queries + mutations + actions + scheduled + updates };
}

function noCounts(): Counts {
  return { queries: 0, cached: 0, mutations: 0, actions: 0, scheduled: 0, updates: 0, errors: 0, runs: 0 };
}

function noBytes(): { -readonly [K in keyof Bytes]: number } {
  return { http_in: 0, http_out: 0, socket_in: 0, socket_out: 0 };
}
