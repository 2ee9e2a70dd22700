import type { Clock } from '../../contracts/clock.ts';
import type { ModelPolicy } from './commands.ts';
import { TTL_MS } from './commands.ts';
import type { LoaderRun } from './source.ts';
import type { ModelProcess } from './stage.ts';

/** How long an invalidation may take until a process hears of it; within it a load may be overtaken. */
const HEARD_MS = 5;
/** A load blocks its key no longer than this. */
const KEY_BLOCKED_MS = 60_000;

interface Kept {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly turn: number;
}

/** When the source may be asked: once for all callers, not while another process holds the lease, not for what is stored. */
export class LoadRules {
  readonly #clock: Clock;
  readonly #policy: ModelPolicy;
  readonly #evicts: boolean;
  readonly #violate: (what: string) => void;
  readonly #touchedMs = new Map<string, number>();
  readonly #running = new Map<LoaderRun, ModelProcess>();
  /** What is stored, by who finds it. */
  readonly #kept = new Map<string, Kept>();
  readonly #sole = new Set<LoaderRun>();
  #turn = 0;

  constructor(clock: Clock, policy: ModelPolicy, evicts: boolean, violate: (what: string) => void) {
    this.#clock = clock;
    this.#policy = policy;
    this.#evicts = evicts;
    this.#violate = violate;
  }

  /** What waits for promises only has run. */
  turn(): void {
    this.#turn++;
  }

  /** An invalidation names these cells. */
  touch(cells: readonly string[]): void {
    for (const cell of cells) this.#touchedMs.set(cell, this.#clock.now());
  }

  started(run: LoaderRun, process: ModelProcess): void {
    const others = [...this.#running].filter(([{ cell }]) => cell === run.cell);
    const nowMs = this.#clock.now();
    const say = (what: string): void => this.#violate(`${process.id} loads ${run.cell} ${what}`);
    for (const [other, { id, sharesWith }] of others) {
      // An invalidation detaches either: who came before it loads for himself.
      if (!this.#isCurrent(other) || this.#isTouched(run.cell, run.askedMs)) continue;
      if (id === process.id) say(`though it has loaded it since ${other.startedMs} ms`);
      else if (this.#isLeased(other, sharesWith, process, run) && !run.batch && !process.closed) say(`though ${id} has its lease since ${other.startedMs} ms`); // prettier-ignore
    }
    if (others.every(([, { sharesWith }]) => sharesWith !== process.sharesWith)) this.#sole.add(run);
    const kept = this.#kept.get(`${process.sharesWith}/${run.cell}`);
    if (kept !== undefined && this.#mustFind(kept, run, nowMs)) say(`though it is stored since ${kept.sinceMs} ms`);
    this.#running.set(run, process);
  } // prettier-ignore

  ended(run: LoaderRun, process: ModelProcess): void {
    const isCurrent = this.#isCurrent(run);
    this.#running.delete(run);
    this.#sole.delete(run);
    if (run.outcome === 'failed' || !run.mayStore) return;
    const name = `${process.sharesWith}/${run.cell}`;
    // It may have been stored over something newer, or not at all.
    this.#kept.delete(name);
    if (!isCurrent || process.closed) return;
    const { jitter, negativeTtl, processTtl } = this.#policy;
    const ttlMs = run.outcome === 'none' ? negativeTtl : TTL_MS;
    const lifeMs = Math.min(ttlMs * (1 - jitter), process.tiers.length === 0 ? processTtl : Number.POSITIVE_INFINITY);
    this.#kept.set(name, {
      sinceMs: run.startedMs,
      untilMs: run.startedMs + lifeMs - 1,
      turn: this.#turn,
    });
  }

  /** How many loads of a process run at least, and which may. */
  loading({ id, closed }: ModelProcess, runs: readonly LoaderRun[]): { least: number; all: string[] } {
    const own = runs.filter((run) => run.outcome === 'running' && run.process === id);
    const certain = new Set(own.filter((run) => this.#isCurrent(run)).map(({ cell }) => cell));
    return { least: closed ? 0 : certain.size, all: own.map(({ cell }) => cell) };
  }

  /** Nothing has overtaken this load: no invalidation, no timeout, and not all of its callers have left. */
  #isCurrent({ cell, askedMs, startedMs, signal }: LoaderRun): boolean {
    const blockedMs = Math.min(this.#policy.hardTimeoutMs, KEY_BLOCKED_MS);
    return !this.#isTouched(cell, askedMs) && !signal.aborted && this.#clock.now() - startedMs < blockedMs;
  }

  #isTouched(cell: string, sinceMs: number): boolean {
    return (this.#touchedMs.get(cell) ?? Number.NEGATIVE_INFINITY) >= sinceMs - HEARD_MS;
  }

  /** The holder's time is not over, nor is that of the one who waits. */
  #isLeased(holder: LoaderRun, sharesWith: string, process: ModelProcess, { askedMs }: LoaderRun): boolean {
    const { calm, leaseMs, leaseWaitMs } = this.#policy;
    const nowMs = this.#clock.now();
    // A batch does not wait for a lease: that it loads does not say that it has one.
    const holds =
      !holder.batch && this.#sole.has(holder) && nowMs < holder.startedMs + leaseMs && nowMs < askedMs + leaseWaitMs;
    return calm && !this.#evicts && holds && process.tiers.length > 0 && sharesWith === process.sharesWith;
  }

  #mustFind(kept: Kept, { cell, reason, batch }: LoaderRun, nowMs: number): boolean {
    const { calm, settleMs, maxBytes } = this.#policy;
    if (!calm || this.#evicts || settleMs > 0 || maxBytes < 10_000 || reason === 'refresh') return false;
    return kept.turn < this.#turn && nowMs < kept.untilMs && !batch && !this.#isTouched(cell, kept.sinceMs);
  }
}
