import type { Clock } from './contracts/clock.ts';
import type { EntryRef, Invalidation } from './contracts/invalidation.ts';
import { namedBy } from './fence.ts';

const FIRST_RETRY_MS = 20;
/** Others must be right within 100 ms of the moment at which it can be delivered. */
const LAST_RETRY_MS = 50;
/** How often it is looked whether who was away is back. */
const LOOK_MS = 20;
/** More than this many are replaced by one of the whole namespace. */
const MAX_PENDING = 1_000;

/** An invalidation and who has not acknowledged it. */
interface Owed {
  readonly invalidation: Invalidation;
  readonly missing: readonly string[];
  readonly isNamed: (ref: EntryRef) => boolean;
  readonly debts: readonly Debt[];
}

/** An invalidation that is written down where it outlives this process. */
export interface Debt {
  /** Never rejects. */
  settle(): void;
}

/** @see Outbox */
export interface OutboxOptions {
  readonly clock: Clock;
  readonly namespace: string;
  /** Repeats an invalidation where it is missing. @returns the names of those who still have not acknowledged. */
  /** Whether this one is known not to answer now: it is not troubled, and told as soon as it is back. */
  readonly isAway: (name: string) => boolean;
  readonly deliver: (invalidation: Invalidation, missing: readonly string[]) => Promise<readonly string[]>;
  readonly onChange: (to: string, pending: number) => void;
}

/**
 * Invalidations that a tier or the bus has not acknowledged. They are repeated until they arrive; meanwhile this cache looks
 * for the entries they name in no shared tier: the one concerned may still give the old value, and a neighbour may have
 * promoted that into the others. It ends with the process; what a machine's own outbox has of it (`SharedOutbox`) does not.
 */
export class Outbox {
  #owed: Owed[] = [];
  /** How many are owed, by name. */
  #pending: ReadonlyMap<string, number> = new Map();
  readonly #options: OutboxOptions;
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Whether an invalidation of this entry has not arrived everywhere. */
  owes(ref: EntryRef): boolean {
    return this.#owed.some(({ isNamed }) => isNamed(ref));
  }

  /** Whether something is owed to this one, so that one more call need not wait to find out that it does not answer. */
  owesTo(name: string): boolean {
    return !this.#closed && this.#pending.has(name);
  }

  /** @param missing the names of those who have not acknowledged. */
  add(invalidation: Invalidation, missing: readonly string[], debts: readonly Debt[]): void {
    if (this.#closed) return;
    const owed = [...this.#owed, { invalidation, missing, isNamed: namedBy(invalidation), debts }];
    this.#setOwed(owed.length > MAX_PENDING ? [this.#all(owed)] : owed);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
  }

  #schedule(): void {
    const { clock, isAway } = this.#options;
    const delayMs = this.#owed.every(({ missing }) => missing.some(isAway)) ? LOOK_MS : this.#retryMs;
    this.#cancelRetry ??= clock.after(delayMs, () => void this.#retry());
  }

  async #retry(): Promise<void> {
    const [first, ...others] = this.#owed.filter(({ missing }) => !missing.some(this.#options.isAway));
    // What one is refused the others would be, too: they need not all find out.
    if (first !== undefined && (await this.#deliver(first)))
      await Promise.all(others.map((owed) => this.#deliver(owed)));
    this.#cancelRetry = undefined;
    if (this.#closed) return;
    if (this.#owed.length === 0) {
      this.#retryMs = FIRST_RETRY_MS;
      return;
    }
    if (first !== undefined) this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
    this.#schedule();
  }

  /** @returns whether it has arrived everywhere. */
  async #deliver(owed: Owed): Promise<boolean> {
    if (this.#closed) return false;
    const missing = await this.#options.deliver(owed.invalidation, owed.missing);
    const hasArrived = missing.length === 0;
    if (hasArrived) for (const debt of owed.debts) debt.settle();
    // What was added meanwhile stays; so does what replaced everything, when there was too much.
    const others = this.#owed.filter((other) => other !== owed);
    if (others.length === this.#owed.length) return hasArrived;
    // One that is refused for a reason of its own must not stand before the others the next time.
    this.#setOwed(hasArrived ? others : [...others, { ...owed, missing }]);
    return hasArrived;
  }

  #all(owed: readonly Owed[]): Owed {
    const missing = [...new Set(owed.flatMap((each) => each.missing))];
    const invalidation = { kind: 'namespace', namespace: this.#options.namespace } as const;
    const debts = owed.flatMap((each) => each.debts);
    return { invalidation, missing, isNamed: namedBy(invalidation), debts };
  }

  #setOwed(owed: Owed[]): void {
    const before = this.#pending;
    const pending = new Map<string, number>();
    for (const { missing } of owed) for (const name of missing) pending.set(name, (pending.get(name) ?? 0) + 1);
    this.#owed = owed;
    this.#pending = pending;
    for (const name of new Set([...before.keys(), ...pending.keys()])) {
      const count = pending.get(name) ?? 0;
      if (count !== before.get(name)) this.#options.onChange(name, count);
    }
  }
}
