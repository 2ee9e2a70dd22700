/** Values from this size on hold up small ones. */
const LARGE_BYTES = 32 * 1024;
const MAX_CATEGORIES = 64;

/**
 * Categories of keys that had a large value once: how large a value is, is not known before it is read. None is ever taken out,
 * because all calls of one key are to keep their order, which two connections would not.
 */
export class LargeCategories {
  readonly #names = new Set<string>();

  has(category: string): boolean {
    return this.#names.size > 0 && this.#names.has(category);
  }

  /** A value of this size has passed. */
  note(category: string, bytes: number): void {
    if (bytes >= LARGE_BYTES && this.#names.size < MAX_CATEGORIES) this.#names.add(category);
  }
}
