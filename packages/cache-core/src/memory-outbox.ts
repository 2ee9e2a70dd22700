import type { Invalidation } from './contracts/invalidation.ts';
import type { SharedOutbox } from './contracts/shared-outbox.ts';
import { randomBits } from './random.ts';

/** The outbox of a tier in memory: the reference for those that outlive a process. */
export class MemoryOutbox implements SharedOutbox {
  readonly #debts = new Map<string, Invalidation>();
  #owed: readonly Invalidation[] = [];

  async owe(invalidation: Invalidation): Promise<string> {
    const debt = randomBits().toString(36);
    this.#debts.set(debt, invalidation);
    this.#owed = [...this.#debts.values()];
    return debt;
  }

  async settle(debt: string): Promise<void> {
    if (this.#debts.delete(debt)) this.#owed = [...this.#debts.values()];
  }

  owed(): readonly Invalidation[] {
    return this.#owed;
  }
}
