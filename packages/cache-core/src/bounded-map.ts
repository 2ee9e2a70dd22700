/**
 * A map that forgets its oldest entry when it is full. For what is rare in most processes and must be bounded in all:
 * lru-cache allocates room for its `max` at once.
 */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #max: number;
  readonly #onForgotten: (value: V) => void;

  constructor(max: number, onForgotten: (value: V) => void = () => {}) {
    this.#max = max;
    this.#onForgotten = onForgotten;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#max) return;
    for (const [oldest, forgotten] of this.#entries) {
      this.#entries.delete(oldest);
      this.#onForgotten(forgotten);
      return;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  entries(): IterableIterator<[string, V]> {
    return this.#entries.entries();
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }
}
