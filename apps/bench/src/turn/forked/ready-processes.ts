import type { Child } from '../../processes/child.ts';
import type { Family } from '../../processes/family.ts';
import { monotonicMs } from '../../processes/monotonic.ts';
import type { CallCalls } from './call-child.ts';
import type { CallSetup } from './call-process.ts';

/** A forked process that waits for its one call. */
export interface ReadyProcess {
  readonly child: Child<CallCalls>;
  /** From the fork until it could take a call: Node, LiveKit's packages, the host tier. */
  readonly readyMs: number;
}

/** @see ReadyProcesses */
export interface ReadyPlan {
  readonly role: string;
  readonly setup: CallSetup;
  /** As many as there will be calls. */
  readonly total: number;
  /** Processes that are started at the same time; LiveKit starts one after the other. */
  readonly startsAtOnce: number;
  /** When to begin. */
  readonly after?: Promise<unknown>;
}

/** Keeps processes ready for the calls to come, as a LiveKit worker does; each is for one call. */
export class ReadyProcesses {
  readonly #family: Family;
  readonly #plan: ReadyPlan;
  readonly #ready: Promise<ReadyProcess>[] = [];

  constructor(family: Family, plan: ReadyPlan) {
    this.#family = family;
    this.#plan = plan;
    const { total, startsAtOnce, after = Promise.resolve() } = plan;
    for (let index = 0; index < total; index++) {
      const before = this.#ready[index - startsAtOnce] ?? after;
      const starting = before.then(() => this.#start());
      // Whoever takes it is told.
      starting.catch(() => undefined);
      this.#ready.push(starting);
    }
  }

  /** The one that was started first. @throws Error when it could not be started, or none is left. */
  async take(): Promise<ReadyProcess> {
    const next = this.#ready.shift();
    if (next === undefined) throw new Error('no process is left');
    return next;
  }

  /** When all are ready. */
  async all(): Promise<void> {
    await Promise.all(this.#ready);
  }

  async #start(): Promise<ReadyProcess> {
    const startedMs = monotonicMs();
    const { role, setup } = this.#plan;
    const options = { from: import.meta.url, file: 'call-process', args: [JSON.stringify(setup)] };
    const child = await this.#family.start<CallCalls>(role, options);
    return { child, readyMs: monotonicMs() - startedMs };
  }
}
