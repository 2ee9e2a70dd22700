import type { Invalidation } from './contracts/invalidation.ts';
import type { Journal } from './contracts/journal.ts';

/** The journal of a lone process: a ring of the newest invalidations. The reference for journals in shared tiers. */
export class MemoryJournal implements Journal {
  readonly #records: Invalidation[] = [];
  readonly #capacity: number;
  #sequence = 0;
  #liveUntilMs: number | undefined;

  /** @param capacity how many invalidations are remembered. @default 1024 */
  constructor(capacity = 1024) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new TypeError(`capacity must be a whole number of at least 1, got ${capacity}`);
    }
    this.#capacity = capacity;
  }

  sequence(): number {
    return this.#sequence;
  }

  since(sequence: number): readonly Invalidation[] | 'overrun' {
    const missed = this.#sequence - sequence;
    if (missed === 0) return [];
    if (missed < 0 || missed > this.#records.length) return 'overrun';
    return this.#records.slice(this.#records.length - missed);
  }

  liveUntil(): number | undefined {
    return this.#liveUntilMs;
  }

  /** Adds an invalidation; from now on whatever was read before it and is named by it must not be inserted. */
  append(invalidation: Invalidation): void {
    this.#records.push(invalidation);
    if (this.#records.length > this.#capacity) this.#records.shift();
    this.#sequence++;
  }

  /** Sets `liveUntil`: somebody has just proved that invalidations of others reach this journal. */
  stayLiveUntil(untilMs: number): void {
    this.#liveUntilMs = Math.max(this.#liveUntilMs ?? untilMs, untilMs);
  }
}
