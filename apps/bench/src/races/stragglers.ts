/** Steps that may be late. A later begin is one that is not its process's first, as before a write. */
const STRAGGLERS = ['answers of the source', 'answers of tiers', 'later begins', 'writes'] as const;
export type Straggler = (typeof STRAGGLERS)[number];

/** Of the schedules. */
const STRAGGLING_SHARE = 0.6;

/** Of the schedules: the first invalidation comes when somebody has read what it makes old. */
const LATE_STRIKE_SHARE = 0.5;

/**
 * What goes wrong is what has gone out before an invalidation and arrives after it, and chance alone brings that about too
 * rarely. So some schedules hold the first invalidation back until a value has been read, and steps of one kind until that
 * invalidation has resolved. Not longer than until nothing else can happen: they may wait for each other.
 */
export class Stragglers {
  #held: Straggler | undefined;
  #strikesLate = false;
  #read = Promise.withResolvers<void>();
  readonly #struck = Promise.withResolvers<void>();
  readonly #waiting = Promise.withResolvers<void>();

  /** From now on, in some schedules. */
  start(random: () => number): void {
    // What was read while the value was brought to its place does not count.
    this.#read = Promise.withResolvers();
    this.#strikesLate = random() < LATE_STRIKE_SHARE;
    if (random() < STRAGGLING_SHARE) this.#held = STRAGGLERS[Math.floor(random() * STRAGGLERS.length)];
  }

  holds(what: Straggler): boolean {
    return this.#held === what;
  }

  async wait(what: Straggler): Promise<void> {
    if (!this.holds(what)) return;
    this.#waiting.resolve();
    await this.#struck.promise;
  }

  /** Resolves when somebody is held back, at the latest when nobody is any more. */
  async someoneWaits(): Promise<void> {
    if (this.#held !== undefined) await this.#waiting.promise;
  }

  async waitToStrike(): Promise<void> {
    if (this.#strikesLate) await this.#read.promise;
  }

  /** The value has been read, at its source or in a tier. */
  noteRead(): void {
    this.#strikesLate = false;
    this.#read.resolve();
  }

  /** The first invalidation has resolved. */
  noteStruck(): void {
    this.#held = undefined;
    this.#waiting.resolve();
    this.#struck.resolve();
  }

  /** Nothing else can happen. @returns whether anybody may have been waiting. */
  release(): boolean {
    const holding = this.#strikesLate || this.#held !== undefined;
    // One after the other, so that what is held back still meets the invalidation.
    if (this.#strikesLate) this.noteRead();
    else this.noteStruck();
    return holding;
  }
}
