import type { Clock } from './contracts/clock.ts';
import type { Invalidation } from './contracts/invalidation.ts';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** More than this many are replaced by one of the whole namespace. */
const MAX_PENDING = 1_000;

/** @see Outbox */
export interface OutboxOptions {
  readonly clock: Clock;
  readonly namespace: string;
  /** Repeats an invalidation everywhere. @returns the names of those who have not acknowledged. */
  readonly deliver: (invalidation: Invalidation) => Promise<readonly string[]>;
  readonly onChange: (to: string, pending: number) => void;
}

/**
 * Invalidations that a tier or the bus has not acknowledged. They are repeated until they arrive; meanwhile this cache does
 * not read the tiers concerned, which may still give the old value. In memory: it ends with the process.
 */
export class Outbox {
  #pending: Invalidation[] = [];
  #missing: readonly string[] = [];
  readonly #options: OutboxOptions;
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Whether a tier has acknowledged everything. */
  isClear(tier: string): boolean {
    return this.#missing.length === 0 || !this.#missing.includes(tier);
  }

  get size(): number {
    return this.#pending.length;
  }

  /** @param missing the names of those who have not acknowledged. */
  add(invalidation: Invalidation, missing: readonly string[]): void {
    if (this.#closed) return;
    this.#pending.push(invalidation);
    if (this.#pending.length > MAX_PENDING) {
      this.#pending = [{ kind: 'namespace', namespace: this.#options.namespace }];
    }
    this.#setMissing([...new Set([...this.#missing, ...missing])]);
    this.#cancelRetry ??= this.#options.clock.after(this.#retryMs, () => void this.#retry());
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
  }

  async #retry(): Promise<void> {
    const tried = this.#pending;
    const missing = new Set<string>();
    const left: Invalidation[] = [];
    for (const invalidation of tried) {
      if (this.#closed) return;
      const refused = await this.#options.deliver(invalidation);
      if (refused.length > 0) left.push(invalidation);
      for (const name of refused) missing.add(name);
    }
    this.#cancelRetry = undefined;
    if (this.#closed) return;
    // What was added meanwhile has its own names in `#missing`, which may only shrink when nothing new has come.
    const added = this.#pending.filter((invalidation) => !tried.includes(invalidation));
    this.#pending = [...left, ...added];
    this.#setMissing(added.length === 0 ? [...missing] : this.#missing);
    if (this.#pending.length === 0) {
      this.#retryMs = FIRST_RETRY_MS;
      return;
    }
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
    this.#cancelRetry = this.#options.clock.after(this.#retryMs, () => void this.#retry());
  }

  #setMissing(missing: readonly string[]): void {
    for (const name of new Set([...this.#missing, ...missing])) {
      this.#options.onChange(name, missing.includes(name) ? this.#pending.length : 0);
    }
    this.#missing = missing;
  }
}
