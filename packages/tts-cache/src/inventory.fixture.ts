import type { InventoryPhrase, PhraseInventory } from './index.ts';

/** An inventory in memory, which can be made to fail. */
export class MemoryInventory implements PhraseInventory {
  readonly phrases = new Map<string, InventoryPhrase>();
  /** What every call rejects with, if anything. */
  failure: Error | undefined;

  async put(phrase: InventoryPhrase): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.phrases.set(phrase.key, phrase);
  }

  async drop(key: string): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.phrases.delete(key);
  }

  async list(): Promise<readonly InventoryPhrase[]> {
    if (this.failure !== undefined) throw this.failure;
    return [...this.phrases.values()];
  }

  /** What is written down, in the order of the texts. */
  get texts(): string[] {
    return [...this.phrases.values()].map(({ text }) => text).toSorted();
  }
}
