import type { SharedOutbox } from '../contracts/shared-outbox.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../contracts/clock.ts';
import type { EntryRef, Invalidation } from '../contracts/invalidation.ts';
import type { Journal } from '../contracts/journal.ts';
import type { Begun, BeginOptions, SharedTier, StoredFrame, WriteOptions } from '../contracts/shared-tier.ts';
import type { CallFaults, FailingCallFaults, FaultCounts, RangeMs } from './chaos.ts';
import { Chaos, checkFaults } from './chaos.ts';

/** What may happen to `read`, `begin` and `beginMany`; the chances of what concerns one entry are thrown for each entry. */
export interface AnswerFaults extends FailingCallFaults {
  /** Chance that one bit of a returned frame is flipped; the stored one stays as it is. */
  readonly corruption?: number;
  /** Chance that a returned frame is cut short. */
  readonly truncation?: number;
  /** Chance that the bytes of an entry are answered as gone. */
  readonly evictedValue?: number;
  /** Chance that one stamp of an entry is answered as gone. */
  readonly evictedStamp?: number;
}

/** What may happen to `write`. */
export interface WriteFaults extends FailingCallFaults {
  /** Chance that the write resolves and stores nothing. */
  readonly loss?: number;
  /** Chance that the same write is carried out once more, `duplicateMs` later. */
  readonly duplicate?: number;
  /** @default [1, 50] */
  readonly duplicateMs?: RangeMs;
}

/** What may happen to the release of a lease, which never rejects. */
export interface ReleaseFaults extends CallFaults {
  /** Chance that the lease is not freed before its time is over. */
  readonly loss?: number;
}

/** Options of {@link ChaosTier}. What is not named works. */
export interface ChaosTierOptions {
  /** The same calls in the same order get the same faults for the same seed. */
  readonly seed: number;
  /** For delays and late duplicates. @default systemClock */
  readonly clock?: Clock;
  readonly read?: AnswerFaults;
  readonly begin?: AnswerFaults;
  /** @default the faults of `begin` */
  readonly beginMany?: AnswerFaults;
  readonly write?: WriteFaults;
  readonly invalidate?: FailingCallFaults;
  readonly stayLive?: FailingCallFaults;
  readonly release?: ReleaseFaults;
  /** Told of each fault as it is drawn, e.g. `write.loss`. @default none */
  readonly onFault?: (fault: string) => void;
}

/**
 * A tier that fails in every way that the contract allows, over one that works: to show that caches are right all the same.
 * It never breaks what correctness rests on: an invalidation that has resolved has been carried out.
 */
export class ChaosTier implements SharedTier {
  readonly name: string;
  readonly journal?: Journal;
  readonly origin?: string;
  readonly outbox?: SharedOutbox;
  readonly beginMany?: (entries: readonly EntryRef[], options: BeginOptions) => Promise<readonly Begun[]>;
  readonly stayLive?: (forMs: number) => Promise<void>;
  readonly #inner: SharedTier;
  readonly #options: ChaosTierOptions;
  readonly #clock: Clock;
  readonly #chaos: Chaos;
  readonly #calls: Record<string, number> = {};
  readonly #duplicates = new Set<() => void>();

  /** @throws TypeError for a chance outside 0 to 1 or a range that is none. */
  constructor(inner: SharedTier, options: ChaosTierOptions) {
    const { read, begin, beginMany = begin, write, invalidate, stayLive, release } = options;
    for (const [operation, faults] of Object.entries({ read, begin, beginMany, write, invalidate, stayLive, release }))
      checkFaults(operation, faults);
    this.name = inner.name;
    if (inner.journal !== undefined) this.journal = inner.journal;
    if (inner.origin !== undefined) this.origin = inner.origin;
    if (inner.outbox !== undefined) this.outbox = inner.outbox;
    this.#inner = inner;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#chaos = new Chaos(options.seed, this.#clock, options.onFault);
    const manyOf = inner.beginMany?.bind(inner);
    if (manyOf !== undefined) {
      this.beginMany = async (entries, ask) => {
        const run = (): Promise<readonly Begun[]> => manyOf(entries, ask);
        const begun = await this.#call('beginMany', beginMany, run);
        return begun.map((one) => this.#begun('beginMany', beginMany, one));
      };
    }
    const liveOf = inner.stayLive?.bind(inner);
    if (liveOf !== undefined) this.stayLive = (forMs) => this.#call('stayLive', stayLive, () => liveOf(forMs));
  }

  /** Injected so far, by `operation.fault`. */
  get faults(): FaultCounts {
    return this.#chaos.counts;
  }

  /** Calls so far, by operation: what the faults are a part of. Releases are counted as `release`. */
  get calls(): FaultCounts {
    return { ...this.#calls };
  }

  /** Calls that hang now. */
  get hanging(): number {
    return this.#chaos.hanging;
  }

  /** Injects faults, as at the beginning. */
  storm(): void {
    this.#chaos.storm();
  }

  /** Injects no more faults. What hangs, is late or will be written twice stays so. */
  calm(): void {
    this.#chaos.calm();
  }

  /** As `calm`, and what hangs is carried out now. */
  heal(): void {
    this.#chaos.heal();
  }

  now(): number {
    return this.#inner.now();
  }

  async read(entries: readonly EntryRef[]): Promise<readonly StoredFrame[]> {
    const stored = await this.#call('read', this.#options.read, () => this.#inner.read(entries));
    return stored.map((one) => this.#answer('read', this.#options.read, one));
  }

  async begin(entry: EntryRef, options: BeginOptions): Promise<Begun> {
    const begun = await this.#call('begin', this.#options.begin, () => this.#inner.begin(entry, options));
    return this.#begun('begin', this.#options.begin, begun);
  }

  async write(entry: EntryRef, frame: Uint8Array, options: WriteOptions): Promise<void> {
    const faults = this.#options.write;
    const lost = this.#chaos.strikes('write.loss', faults?.loss);
    const write = (): Promise<void> => this.#inner.write(entry, frame, options);
    if (this.#chaos.strikes('write.duplicate', faults?.duplicate)) {
      this.#writeAgain(this.#chaos.pickMs(faults?.duplicateMs), entry, Uint8Array.from(frame), options);
    }
    await this.#call('write', faults, lost ? async () => {} : write);
  }

  invalidate(invalidation: Invalidation): Promise<void> {
    return this.#call('invalidate', this.#options.invalidate, () => this.#inner.invalidate(invalidation));
  }

  /** Drops the duplicates that are still to come, and closes the inner tier. What hangs stays so. */
  async close(): Promise<void> {
    for (const cancel of this.#duplicates) cancel();
    this.#duplicates.clear();
    await this.#inner.close();
  }

  #call<T>(operation: string, faults: FailingCallFaults | undefined, run: () => Promise<T>): Promise<T> {
    this.#calls[operation] = (this.#calls[operation] ?? 0) + 1;
    return this.#chaos.call(operation, faults, run);
  }

  #writeAgain(delayMs: number, entry: EntryRef, frame: Uint8Array, options: WriteOptions): void {
    const cancel = this.#clock.after(delayMs, () => {
      this.#duplicates.delete(cancel);
      // Nobody waits for a duplicate: that it failed is nobody's error.
      this.#inner.write(entry, frame, options).catch(() => {});
    });
    this.#duplicates.add(cancel);
  }

  #begun(operation: string, faults: AnswerFaults | undefined, begun: Begun): Begun {
    const { lease } = begun;
    const answer = this.#answer(operation, faults, begun);
    if (typeof lease !== 'object') return { ...answer, lease };
    const release = (): Promise<void> => {
      const lost = this.#chaos.strikes('release.loss', this.#options.release?.loss);
      return this.#call('release', this.#options.release, lost ? async () => {} : () => lease.release());
    };
    return { ...answer, lease: { release } };
  }

  #answer(operation: string, faults: AnswerFaults | undefined, { bytes, stamps }: StoredFrame): StoredFrame {
    const chaos = this.#chaos;
    let answered = bytes;
    if (answered !== undefined && chaos.strikes(`${operation}.evictedValue`, faults?.evictedValue))
      answered = undefined;
    if (answered?.length && chaos.strikes(`${operation}.truncation`, faults?.truncation)) {
      answered = answered.slice(0, chaos.pick(0, answered.length - 1));
    }
    if (answered?.length && chaos.strikes(`${operation}.corruption`, faults?.corruption)) {
      answered = Uint8Array.from(answered);
      const at = chaos.pick(0, answered.length - 1);
      answered[at] = (answered[at] ?? 0) ^ (1 << chaos.pick(0, 7));
    }
    if (!chaos.strikes(`${operation}.evictedStamp`, faults?.evictedStamp)) return { bytes: answered, stamps };
    const gone = chaos.pick(0, stamps.tags.length + 1);
    return {
      bytes: answered,
      stamps: {
        key: gone === 0 ? undefined : stamps.key,
        namespace: gone === 1 ? undefined : stamps.namespace,
        tags: stamps.tags.map((stamp, index) => (gone === index + 2 ? undefined : stamp)),
      },
    };
  }
}
