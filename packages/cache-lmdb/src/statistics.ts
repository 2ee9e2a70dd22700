import { randomUUID } from 'node:crypto';
import { every } from './clock.ts';
import { isAlive } from './process-state.ts';
import type { HostTier } from './host-tier.ts';
import type { Duty } from './keeper.ts';

/** Numbers by name that only grow while their process lives: hits, characters, milliseconds. */
export type Counters = Readonly<Record<string, number>>;

/** What all processes of a machine have counted, those that have ended included. */
export interface MachineStatistics {
  readonly total: Counters;
  /** Of those that are running, by pid. */
  readonly processes: ReadonlyMap<number, Counters>;
}

const PREFIX = 'statistics/';
const ENDED = `${PREFIX}ended`;
const PUBLISH_MS = 500;
const FOLD_MS = 1000;

interface Published {
  readonly pid: number;
  readonly counters: Counters;
}

/**
 * Writes this process's counters down, twice a second if they have changed. They outlive the process; after a `kill -9` what it
 * counted since the last time is missing.
 */
export class StatisticsPublisher {
  readonly #tier: HostTier;
  readonly #read: () => Counters;
  readonly #name = `${PREFIX}${process.pid}-${randomUUID()}`;
  readonly #stop: () => void;
  #published = '{}';

  constructor(tier: HostTier, read: () => Counters) {
    this.#tier = tier;
    this.#read = read;
    this.#stop = every(PUBLISH_MS, () => void this.publish());
  }

  /** Never rejects: what cannot be written now is contained in what is written later. */
  async publish(): Promise<void> {
    try {
      const counters = this.#read();
      const text = JSON.stringify(counters);
      if (text === this.#published) return;
      await this.#tier.records.put(this.#name, { pid: process.pid, counters } satisfies Published);
      this.#published = text;
    } catch {
      // The cache that uses the tier reports what is wrong with it.
    }
  }

  async close(): Promise<void> {
    this.#stop();
    await this.publish();
  }
}

/** Adds what ended processes have counted to one record, so that their number does not grow. For the {@link Keeper}. */
export function foldStatistics(tier: HostTier): Duty {
  return {
    name: 'statistics',
    everyMs: FOLD_MS,
    run: async () => {
      const ended = (): [string, Published][] =>
        [...published(tier.records.list(PREFIX))].filter(([, { pid }]) => !isAlive(pid));
      if (ended().length === 0) return;
      await tier.records.update(ENDED, (before) => {
        // Listed anew each time: another keeper may just have added them.
        const parts = ended();
        return {
          document: sum([countersOf(before), ...parts.map(([, { counters }]) => counters)]),
          remove: parts.map(([name]) => name),
        };
      });
    },
  };
}

/** What has been counted on this machine so far. */
export function machineStatistics(tier: HostTier): MachineStatistics {
  // One list: between two a part could move from the one to the other.
  const list = tier.records.list(PREFIX);
  const all = [...published(list).values()];
  const processes = new Map<number, Counters>();
  for (const { pid, counters } of all) {
    if (isAlive(pid)) processes.set(pid, sum([processes.get(pid) ?? {}, counters]));
  }
  return { total: sum([countersOf(list.get(ENDED)), ...all.map(({ counters }) => counters)]), processes };
}

function published(list: ReadonlyMap<string, unknown>): Map<string, Published> {
  return new Map([...list].filter((entry): entry is [string, Published] => isPublished(entry[1])));
}

function isPublished(document: unknown): document is Published {
  return typeof document === 'object' && document !== null && 'pid' in document && 'counters' in document;
}

function countersOf(document: unknown): Counters {
  return typeof document === 'object' && document !== null ? (document as Counters) : {};
}

function sum(parts: readonly Counters[]): Counters {
  const total: Record<string, number> = {};
  for (const part of parts) for (const [name, count] of Object.entries(part)) total[name] = (total[name] ?? 0) + count;
  return total;
}
