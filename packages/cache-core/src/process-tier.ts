import { LRUCache } from 'lru-cache';
import type { EntryRef } from './contracts/invalidation.ts';

/** Fresh: served. Stale: served while it is being replaced. Last good: served only if its loader fails. */
export type Freshness = 'fresh' | 'stale' | 'last-good';

/** What a process keeps of a value. Times are of the cache's clock, in milliseconds. */
export interface Kept<V> {
  /** `undefined`: a negative entry. */
  readonly value: V | undefined;
  /** When the value was read from its source, as far as is known. */
  readonly originMs: number;
  /** Fresh before. */
  readonly freshUntilMs: number;
  /** Stale from `freshUntilMs` to here; then last good. */
  readonly staleUntilMs: number;
  /** Gone from here. */
  readonly goneAtMs: number;
  readonly loadCostMs: number;
  /** Known when tiers, tags or other processes could name it; without it only the logical key finds the entry. */
  readonly ref: EntryRef | undefined;
  readonly valueBytes: number;
}

/**
 * One entry of the process tier. Whole milliseconds, rounded down, because V8 keeps small integers in place and boxes every
 * other number: 16 bytes each, in every entry.
 */
export class ProcessEntry<V> {
  readonly value: V | undefined;
  readonly originMs: number;
  freshUntilMs: number;
  staleUntilMs: number;
  readonly goneAtMs: number;
  readonly #loadCostUs: number;
  readonly ref: EntryRef | undefined;
  readonly bytes: number;

  constructor(kept: Kept<V>, bytes: number) {
    this.value = kept.value;
    this.originMs = Math.floor(kept.originMs);
    this.freshUntilMs = Math.floor(kept.freshUntilMs);
    this.staleUntilMs = Math.floor(kept.staleUntilMs);
    this.goneAtMs = Math.floor(kept.goneAtMs);
    this.#loadCostUs = Math.min(MAX_SMALL_INTEGER, Math.round(kept.loadCostMs * 1000));
    this.ref = kept.ref;
    this.bytes = bytes;
  }

  get loadCostMs(): number {
    return this.#loadCostUs / 1000;
  }

  /** What may be done with it at this time. */
  freshnessAt(nowMs: number): Freshness {
    if (nowMs < this.freshUntilMs) return 'fresh';
    return nowMs < this.staleUntilMs ? 'stale' : 'last-good';
  }

  /** From now on it is served only if its loader fails. */
  soften(): void {
    this.freshUntilMs = this.originMs;
    this.staleUntilMs = this.originMs;
  }
}

/** @see ProcessTier */
export interface ProcessTierOptions {
  readonly maxBytes: number;
  readonly onEvict: (key: string, bytes: number) => void;
}

const MAX_SMALL_INTEGER = 2 ** 31 - 1;
/** What an entry costs besides its value and key: the map's and list's slots and the entry object, rounded up. */
const ENTRY_OVERHEAD_BYTES = 160;
/** What the physical names of an entry cost, with their places in the indexes. */
const REF_BYTES = 130;
const TAG_BYTES = 110;
/** Pinned entries may take this part of the space; the rest is always left to what is used. */
const PINNED_SHARE = 0.5;

/**
 * The memory of one process, bounded by bytes: least recently used entries make way, pinned ones do not.
 * lru-cache keeps order and sizes; the bound is kept here, because it spans the two sets.
 */
export class ProcessTier<V> {
  readonly #entries: LRUCache<string, ProcessEntry<V>>;
  readonly #pinned = new Map<string, ProcessEntry<V>>();
  /** Keys by their physical names and by their tags: others invalidate by those. */
  readonly #keys = new Map<string, string>();
  readonly #tagged = new Map<string, Set<string>>();
  readonly #maxBytes: number;
  #pinnedBytes = 0;

  constructor({ maxBytes, onEvict }: ProcessTierOptions) {
    this.#maxBytes = maxBytes;
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (entry) => entry.bytes,
      dispose: (entry, key, reason) => {
        this.#unindex(key, entry);
        if (reason === 'evict') onEvict(key, entry.bytes);
      },
    });
  }

  /** The entry, fresh or not. One that is gone at `nowMs` is removed. */
  get(key: string, nowMs: number): ProcessEntry<V> | undefined {
    const entry = this.#entries.get(key) ?? this.#pinned.get(key);
    if (entry === undefined || nowMs < entry.goneAtMs) return entry;
    this.delete(key);
    return undefined;
  }

  /** @returns what became of it: `too-large` when it would not fit even alone, `unpinned` when the share for pins is used up. */
  set(key: string, kept: Kept<V>, pin: boolean, nowMs: number): 'kept' | 'unpinned' | 'too-large' {
    const maxBytes = this.#maxBytes;
    const bytes = kept.valueBytes + key.length * 2 + ENTRY_OVERHEAD_BYTES + refBytes(kept.ref);
    this.delete(key);
    if (bytes > maxBytes) return 'too-large';
    if (pin || bytes > maxBytes - this.#pinnedBytes) this.#sweepPins(nowMs);
    const pinnable = pin && this.#pinnedBytes + bytes <= maxBytes * PINNED_SHARE;
    if (!pinnable && bytes > maxBytes - this.#pinnedBytes) return 'too-large';
    while (this.bytes + bytes > maxBytes) this.#entries.pop();
    const entry = new ProcessEntry(kept, bytes);
    if (pinnable) {
      this.#pinned.set(key, entry);
      this.#pinnedBytes += bytes;
    } else {
      this.#entries.set(key, entry);
    }
    this.#index(key, entry);
    return pin && !pinnable ? 'unpinned' : 'kept';
  }

  delete(key: string): void {
    this.#entries.delete(key);
    const pinned = this.#pinned.get(key);
    if (pinned === undefined) return;
    this.#pinned.delete(key);
    this.#unindex(key, pinned);
    this.#pinnedBytes -= pinned.bytes;
  }

  clear(): void {
    this.#entries.clear();
    this.#pinned.clear();
    this.#keys.clear();
    this.#tagged.clear();
    this.#pinnedBytes = 0;
  }

  /** Keeps every entry as last good. */
  softenAll(): void {
    for (const key of [...this.#entries.keys(), ...this.#pinned.keys()]) this.invalidate(key, true);
  }

  /** As {@link invalidate} for everything that carries a tag. */
  invalidateTag(physicalTag: string, soft: boolean): void {
    for (const key of this.#tagged.get(physicalTag) ?? []) this.invalidate(key, soft);
  }

  /** As {@link invalidate} for a physical key. */
  invalidatePhysical(physicalKey: string, soft: boolean): void {
    const key = this.#keys.get(physicalKey);
    if (key !== undefined) this.invalidate(key, soft);
  }

  /** Removes an entry, or keeps it as last good. */
  invalidate(key: string, soft: boolean): void {
    const entry = this.#entries.peek(key) ?? this.#pinned.get(key);
    if (entry !== undefined) this.#invalidate(key, entry, soft);
  }

  get size(): number {
    return this.#entries.size + this.#pinned.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize + this.#pinnedBytes;
  }

  /** Pinned entries that are gone must not keep others from their share. */
  #sweepPins(nowMs: number): void {
    for (const [key, { goneAtMs }] of this.#pinned) if (nowMs >= goneAtMs) this.delete(key);
  }

  #index(key: string, { ref }: ProcessEntry<V>): void {
    if (ref === undefined) return;
    this.#keys.set(ref.key, key);
    for (const tag of ref.tags) {
      const keys = this.#tagged.get(tag) ?? new Set();
      this.#tagged.set(tag, keys.add(key));
    }
  }

  #unindex(key: string, { ref }: ProcessEntry<V>): void {
    if (ref === undefined) return;
    this.#keys.delete(ref.key);
    for (const tag of ref.tags) {
      const keys = this.#tagged.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#tagged.delete(tag);
    }
  }

  #invalidate(key: string, entry: ProcessEntry<V>, soft: boolean): void {
    if (!soft) this.delete(key);
    else entry.soften();
  }
}

function refBytes(ref: EntryRef | undefined): number {
  return ref === undefined ? 0 : REF_BYTES + TAG_BYTES * ref.tags.length;
}
