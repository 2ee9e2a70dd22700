import { LRUCache } from 'lru-cache';
import type { Clock } from './contracts/clock.ts';
import type { EntryRef } from './contracts/invalidation.ts';

/** One entry of the process tier. */
export interface ProcessEntry<V> {
  readonly value: V;
  /** Clock time after which the entry is not served. */
  readonly freshUntilMs: number;
  /** Clock time at which the value was read from its source, as far as is known. */
  readonly originMs: number;
  /** Known when the entry passed through a shared tier: spares hashing every key when another process invalidates. */
  readonly ref: EntryRef | undefined;
  readonly bytes: number;
}

/** @see ProcessTier */
export interface ProcessTierOptions {
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly onEvict: (key: string, bytes: number) => void;
}

/** What an entry costs besides its value and key: the map's and list's slots and the entry object, rounded up. */
const ENTRY_OVERHEAD_BYTES = 160;
/** Pinned entries may take this part of the space; the rest is always left to what is used. */
const PINNED_SHARE = 0.5;

/**
 * The memory of one process, bounded by bytes: least recently used entries make way, pinned ones do not.
 * lru-cache keeps order and sizes; the bound is kept here, because it spans the two sets.
 */
export class ProcessTier<V> {
  readonly #entries: LRUCache<string, ProcessEntry<V>>;
  readonly #pinned = new Map<string, ProcessEntry<V>>();
  readonly #options: ProcessTierOptions;
  #pinnedBytes = 0;

  constructor(options: ProcessTierOptions) {
    this.#options = options;
    this.#entries = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: (entry) => entry.bytes,
      dispose: (entry, key, reason) => {
        if (reason === 'evict') options.onEvict(key, entry.bytes);
      },
    });
  }

  /** The entry if it is fresh. An expired one is removed. */
  get(key: string): ProcessEntry<V> | undefined {
    const entry = this.#entries.get(key) ?? this.#pinned.get(key);
    if (entry === undefined) return undefined;
    if (this.#options.clock.now() < entry.freshUntilMs) return entry;
    this.delete(key);
    return undefined;
  }

  /** @returns what became of it: `too-large` when it would not fit even alone, `unpinned` when the share for pins is used up. */
  set(
    key: string,
    value: Omit<ProcessEntry<V>, 'bytes'> & { valueBytes: number },
    pin: boolean,
  ): 'kept' | 'unpinned' | 'too-large' {
    const { maxBytes } = this.#options;
    const { valueBytes, ...rest } = value;
    const bytes = valueBytes + key.length * 2 + ENTRY_OVERHEAD_BYTES;
    this.delete(key);
    if (bytes > maxBytes) return 'too-large';
    const pinnable = pin && this.#pinnedBytes + bytes <= maxBytes * PINNED_SHARE;
    if (!pinnable && bytes > maxBytes - this.#pinnedBytes) return 'too-large';
    while (this.bytes + bytes > maxBytes) this.#entries.pop();
    const entry = { ...rest, bytes };
    if (pinnable) {
      this.#pinned.set(key, entry);
      this.#pinnedBytes += bytes;
    } else {
      this.#entries.set(key, entry);
    }
    return pin && !pinnable ? 'unpinned' : 'kept';
  }

  delete(key: string): void {
    this.#entries.delete(key);
    const pinned = this.#pinned.get(key);
    if (pinned === undefined) return;
    this.#pinned.delete(key);
    this.#pinnedBytes -= pinned.bytes;
  }

  clear(): void {
    this.#entries.clear();
    this.#pinned.clear();
    this.#pinnedBytes = 0;
  }

  /** Removes every entry that matches; looks at all of them. */
  deleteWhere(matches: (key: string, ref: EntryRef | undefined) => boolean): void {
    for (const [key, entry] of [...this.#entries.entries(), ...this.#pinned]) {
      if (matches(key, entry.ref)) this.delete(key);
    }
  }

  get size(): number {
    return this.#entries.size + this.#pinned.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize + this.#pinnedBytes;
  }
}
