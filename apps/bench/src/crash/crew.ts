import { join } from 'node:path';
import type { Child } from '../processes/child.ts';
import type { Family } from '../processes/family.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Counts } from './counters.ts';
import { PermitLedger } from './permit-ledger.ts';
import type { State } from './state-file.ts';
import { readState } from './state-file.ts';
import type { WorkerCalls, WorkerNote } from './worker-child.ts';
import type { Dead } from './witness.ts';

/** After so many there is no use in going on. */
const MAX_UNOPENED = 5;

/** A worker and what it has told. */
export interface Worker {
  readonly place: number;
  readonly child: Child<WorkerCalls>;
  readonly stateFile: string;
}

/** The workers, those that have died included. */
export class Crew {
  readonly permits: PermitLedger = new PermitLedger();
  /** Why workers had no host tier, each time. */
  readonly unopened: string[] = [];
  /** From the death of a keeper until another process keeps the machine. */
  readonly keeperLostMs: number[] = [];
  readonly #folder: string;
  readonly #family: Family;
  readonly #sabotage: string | undefined;
  readonly #counts = new Map<number, Counts>();
  #hired = 0;
  #keeperDiedMs: number | undefined;

  constructor(folder: string, family: Family, sabotage: string | undefined) {
    this.#folder = folder;
    this.#family = family;
    this.#sabotage = sabotage;
  }

  /** @param isFirst it is not killed: it does the sabotage, and is never the keeper. */
  async hire(place: number, isFirst = false): Promise<Worker> {
    const stateFile = join(this.#folder, `state-${this.#hired++}`);
    const heard = { pid: 0 };
    const early: WorkerNote[] = [];
    const onNote = (note: unknown): void => {
      if (heard.pid === 0) early.push(note as WorkerNote);
      else this.#hear(heard.pid, note as WorkerNote);
    };
    const options = { from: import.meta.url, file: 'worker-child', onNote };
    const child = await this.#family.start<WorkerCalls>(isFirst ? 'first worker' : 'worker', options);
    heard.pid = child.pid;
    for (const note of early) this.#hear(child.pid, note);
    const sabotage = isFirst || this.#sabotage === 'unbounded' ? this.#sabotage : undefined;
    try {
      await child.ask('work', { directory: this.#folder, place, stateFile, keeps: !isFirst, sabotage });
      return { place, child, stateFile };
    } catch (error) {
      this.unopened.push(String(error));
      await child.close();
      if (this.unopened.length > MAX_UNOPENED) throw error;
      return this.hire(place, isFirst);
    }
  }

  async kill({ place, child, stateFile }: Worker): Promise<Dead> {
    const atMs = monotonicMs();
    child.kill('SIGKILL');
    await child.ended;
    this.permits.died(child.pid, atMs);
    const state: State = readState(stateFile);
    if (state.keeper > 0) this.#keeperDiedMs ??= atMs;
    return { pid: child.pid, place, state, atMs };
  }

  /** @returns undefined when a worker does not end. */
  async finish({ child }: Worker, limitMs: number): Promise<Counts | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), limitMs);
    const counts = await Promise.race([child.ask('finish', {}), late]);
    clearTimeout(timer);
    if (counts !== undefined) this.#counts.set(child.pid, counts);
    return counts;
  }

  /** Of all workers; the last fraction of a second of those that were killed is missing. */
  get counts(): readonly Counts[] {
    return [...this.#counts.values()];
  }

  #hear(pid: number, note: WorkerNote): void {
    if (note.type === 'counts') this.#counts.set(pid, note.counts);
    else if (note.type !== 'keeper') this.permits.note(pid, note);
    else if (note.state === 'holding' && this.#keeperDiedMs !== undefined) {
      this.keeperLostMs.push(monotonicMs() - this.#keeperDiedMs);
      this.#keeperDiedMs = undefined;
    }
  }
}
