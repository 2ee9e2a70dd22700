import type { Bus } from './contracts/bus.ts';
import type { Clock } from './contracts/clock.ts';
import type { CacheEvent } from './contracts/events.ts';
import type { EntryRef, Invalidation } from './contracts/invalidation.ts';
import type { Journal } from './contracts/journal.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import { attempt, Fence, names } from './fence.ts';
import { MemoryJournal } from './memory-journal.ts';
import type { PumpTarget } from './pump.ts';
import { Pump } from './pump.ts';
import { randomBits } from './random.ts';

/** How stale a process may be towards its machine's journal; the promise is 5 ms. */
const JOURNAL_CHECK_MS = 2;

/** Each call notes its invalidation twice; a load refuses its result when it has missed any. */
const OWN_CAPACITY = 4096;

/** @see Hearing */
export interface HearingOptions {
  readonly tiers: readonly SharedTier[];
  readonly bus: Bus | undefined;
  readonly clock: Clock;
  readonly mutable: boolean;
  readonly isWatched: (() => boolean) | undefined;
  readonly unwatchedTtl: number;
  /** Others have invalidated this, oldest first. */
  readonly onInvalidations: (invalidations: readonly Invalidation[]) => void;
  /** Others have invalidated more than is known. */
  readonly onOverrun: () => void;
  readonly emit: (event: CacheEvent) => void;
}

interface Followed {
  readonly journal: Journal;
  readonly now: () => number;
  sequence: number;
}

/**
 * What one cache knows of invalidations: its own, which hold before any tier has answered, and those of others, from the
 * journals of its tiers, or from the bus itself where no tier keeps a journal.
 */
export class Hearing {
  readonly mutable: boolean;
  /** Sent along with messages to the bus: who need not hear them again. */
  readonly origin: string;
  /**
   * From which age on an entry is doubted, in milliseconds: served only if it cannot be loaded. 0 while nothing vouches for the
   * invalidations of other machines, `unwatchedTtl` while nobody hears of the source's own updates, else `Infinity`.
   */
  doubtedFromMs: number = Number.POSITIVE_INFINITY;
  #deaf = false;
  #unwatched = false;
  readonly #own = new MemoryJournal(OWN_CAPACITY);
  readonly #firstNoted = new WeakMap<Invalidation, number>();
  readonly #journals: readonly Journal[];
  readonly #shared: readonly { readonly journal: Journal; readonly isLast: boolean }[];
  readonly #followed: readonly Followed[];
  readonly #hasAnythingToHear: boolean;
  readonly #options: HearingOptions;
  readonly #pump: Pump | undefined;
  #checkedMs = Number.NEGATIVE_INFINITY;

  constructor(options: HearingOptions) {
    const { tiers, bus, clock, mutable } = options;
    this.#options = options;
    this.mutable = mutable;
    const keeper = tiers.find(({ journal }) => journal !== undefined);
    this.origin = keeper?.origin ?? randomBits().toString(36);
    const followed: Followed[] = tiers.flatMap((tier) =>
      tier.journal === undefined
        ? []
        : [{ journal: tier.journal, now: () => tier.now(), sequence: sequenceOf(tier.journal) }],
    );
    this.#shared = tiers.flatMap(({ journal }, level) =>
      journal === undefined ? [] : [{ journal, isLast: level === tiers.length - 1 }],
    );
    this.#journals = [this.#own, ...followed.map(({ journal }) => journal)];
    if (bus !== undefined && keeper === undefined) {
      this.#pump = new Pump({ bus, target: this.#target(), clock, onEvent: options.emit });
      // Its own journal is followed only for `liveUntil`: `note` and the pump drop what they append.
      followed.push({ journal: this.#own, now: () => clock.now(), sequence: 0 });
    }
    this.#followed = followed;
    this.#hasAnythingToHear = followed.length > 0 || options.isWatched !== undefined;
  }

  /** Raised before the first read of a lookup; asked before its result is inserted anywhere. */
  raiseFence(): Fence {
    return new Fence(this.#journals);
  }

  /** Appends an invalidation to this cache's own journal: reads that have begun may not insert what it names. */
  note(invalidation: Invalidation): void {
    if (!this.#firstNoted.has(invalidation)) this.#firstNoted.set(invalidation, this.#own.sequence());
    this.#own.append(invalidation);
  }

  /** Where the journals of the tiers stand. */
  standing(): readonly number[] {
    return this.#shared.map(({ journal }) => sequenceOf(journal));
  }

  /**
   * Whether somebody has invalidated an entry since this call noted its own invalidation: a later call of this process, or
   * any call of another since `standing`. Two calls may overlap:
   *
   *   1. `set` is under way   2. `delete` is called, and resolves   3. `set` would insert what the delete was to remove
   */
  isOutdone(invalidation: Invalidation, ref: EntryRef, standing: readonly number[]): boolean {
    const first = this.#firstNoted.get(invalidation) ?? 0;
    const own = this.#own.since(first);
    const isLater = (other: Invalidation): boolean => (this.#firstNoted.get(other) ?? 0) > first && names(other, ref);
    return own === 'overrun' || own.some(isLater) || this.#othersNamed(ref, standing);
  }

  /** Whether it is time to {@link catchUp}. Asked at every read: with nobody to hear it costs one comparison. */
  isDue(nowMs: number): boolean {
    return this.#hasAnythingToHear && nowMs - this.#checkedMs >= JOURNAL_CHECK_MS;
  }

  /** Hears what others have invalidated since the last time. */
  catchUp(nowMs: number): void {
    this.#checkedMs = nowMs;
    const hasBus = this.#options.bus !== undefined;
    let deaf = false;
    for (const followed of this.#followed) {
      try {
        this.#follow(followed);
        const liveUntilMs = followed.journal.liveUntil?.();
        // Where there is a bus, somebody has to have listened to it for the machine.
        const isUnheard = hasBus && followed.journal !== this.#own;
        deaf ||= liveUntilMs === undefined ? isUnheard : followed.now() >= liveUntilMs;
      } catch (error) {
        // What cannot be heard may be anything.
        deaf = true;
        this.#options.onOverrun();
        this.#options.emit({ type: 'journal-error', error });
      }
    }
    if (this.mutable) this.#doubt(deaf, this.#isUnwatched());
  }

  async close(): Promise<void> {
    await this.#pump?.close();
  }

  #isUnwatched(): boolean {
    const { isWatched } = this.#options;
    // What it throws means the same as a no.
    return isWatched !== undefined && attempt(isWatched) !== true;
  }

  #doubt(deaf: boolean, unwatched: boolean): void {
    const { emit, unwatchedTtl } = this.#options;
    if (deaf !== this.#deaf) emit({ type: 'hearing', state: deaf ? 'deaf' : 'live' });
    if (unwatched !== this.#unwatched) emit({ type: 'hearing', state: unwatched ? 'unwatched' : 'watched' });
    this.#deaf = deaf;
    this.#unwatched = unwatched;
    this.doubtedFromMs = deaf ? 0 : unwatched ? unwatchedTtl : Number.POSITIVE_INFINITY;
  }

  /** A call tells each tier its invalidation once, and all but the last once more: what goes beyond that is another's. */
  #othersNamed(ref: EntryRef, standing: readonly number[]): boolean {
    return this.#shared.some(({ journal, isLast }, index) => {
      const since = attempt(() => journal.since(standing[index] ?? Number.NEGATIVE_INFINITY));
      if (since === undefined || since === 'overrun') return true;
      return since.filter((other) => names(other, ref)).length > (isLast ? 1 : 2);
    });
  }

  #follow(followed: Followed): void {
    const { journal } = followed;
    const sequence = journal.sequence();
    if (sequence === followed.sequence) return;
    const invalidations = journal === this.#own ? [] : journal.since(followed.sequence);
    followed.sequence = sequence;
    if (invalidations === 'overrun') this.#options.onOverrun();
    else this.#options.onInvalidations(invalidations);
  }

  #target(): PumpTarget {
    return {
      journal: this.#own,
      origin: this.origin,
      invalidate: async (invalidation: Invalidation): Promise<void> => {
        this.note(invalidation);
        this.#options.onInvalidations([invalidation]);
      },
      stayLive: async (forMs: number): Promise<void> => {
        this.#own.stayLiveUntil(this.#options.clock.now() + forMs);
      },
    };
  }
}

/** A journal that cannot be read now is read from its beginning later: an overrun at worst. */
function sequenceOf(journal: Journal): number {
  return attempt(() => journal.sequence()) ?? Number.NEGATIVE_INFINITY;
}
