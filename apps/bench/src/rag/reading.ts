import { setTimeout as sleep } from 'node:timers/promises';
import type { KnowledgeQuery } from '@warmline/knowledge';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Asker } from './asker.ts';
import { stateOf } from './library.ts';

/** @see Reading */
export interface ReadingPlan {
  /** About what changes. */
  readonly queries: readonly KnowledgeQuery[];
  /** The same questions of an organisation whose knowledge does not change, and its name. */
  readonly neighbour: { readonly queries: readonly KnowledgeQuery[]; readonly name: string };
  readonly everyMs: number;
}

/** What a process has read. */
export interface ReadingReport {
  /** State, begin and wait of each read, one behind another. */
  readonly reads: Float64Array;
  /** Reads of the organisation that does not change, and those of them that held something else than its own. */
  readonly neighbourReads: number;
  readonly foreign: number;
  readonly failed: number;
}

export const READ_FIELDS = 3;

/** Of one question: a read that began before a change must not be in the way of one that comes after it. */
const MAX_A_QUESTION = 2;

/** Asks every question again and again and notes what was answered, until it is to rest. */
export class Reading {
  readonly #asker: Asker;
  readonly #plan: ReadingPlan;
  readonly #underWay = new Map<KnowledgeQuery, number>();
  readonly #running = new Set<Promise<void>>();
  #reads: number[] = [];
  #neighbourReads = 0;
  #foreign = 0;
  #failed = 0;
  #resting = false;

  constructor(asker: Asker, plan: ReadingPlan) {
    this.#asker = asker;
    this.#plan = plan;
  }

  async run(): Promise<void> {
    const { queries, neighbour, everyMs } = this.#plan;
    while (!this.#resting) {
      for (const query of queries) this.#start(query, () => this.#read(query));
      for (const query of neighbour.queries) this.#start(query, () => this.#readNeighbour(query, neighbour.name));
      await sleep(everyMs);
    }
  }

  /** Resolves when all reads have been answered. */
  async rest(): Promise<ReadingReport> {
    this.#resting = true;
    await Promise.all(this.#running);
    return {
      reads: Float64Array.from(this.#reads),
      neighbourReads: this.#neighbourReads,
      foreign: this.#foreign,
      failed: this.#failed,
    };
  }

  async #read(query: KnowledgeQuery): Promise<void> {
    const startedMs = monotonicMs();
    const passages = await this.#asker.search(query);
    this.#reads.push(stateOf(passages), startedMs, monotonicMs() - startedMs);
  }

  async #readNeighbour(query: KnowledgeQuery, name: string): Promise<void> {
    const passages = await this.#asker.search(query);
    this.#neighbourReads++;
    if (passages.length === 0 || passages.some(({ text }) => !text.endsWith(` of ${name}`))) this.#foreign++;
  }

  #start(query: KnowledgeQuery, read: () => Promise<void>): void {
    const underWay = this.#underWay.get(query) ?? 0;
    if (underWay >= MAX_A_QUESTION) return;
    this.#underWay.set(query, underWay + 1);
    const running = read()
      .catch(() => void this.#failed++)
      .finally(() => {
        this.#underWay.set(query, (this.#underWay.get(query) ?? 1) - 1);
        this.#running.delete(running);
      });
    this.#running.add(running);
  }
}
