import { LRUCache } from 'lru-cache';
import { systemClock } from './clock.ts';
import type { Clock } from './contracts/clock.ts';
import type { EntryRef, Invalidation } from './contracts/invalidation.ts';
import type {
  Begun,
  BeginOptions,
  Lease,
  SharedTier,
  Stamp,
  Stamps,
  StoredFrame,
  WriteOptions,
} from './contracts/shared-tier.ts';
import { MemoryJournal } from './memory-journal.ts';
import { whole } from './policy.ts';
import { randomStamp } from './random.ts';

/** @see MemorySharedTier */
export interface MemorySharedTierOptions {
  /** @default 'host' */
  readonly name?: string;
  /** @default 256 MiB */
  readonly maxBytes?: number;
  /** Stamps remembered; a forgotten stamp turns the entries under it into misses. @default 10_000 */
  readonly maxStamps?: number;
  /** @default systemClock */
  readonly clock?: Clock;
}

interface Expiring<T> {
  readonly value: T;
  readonly expiresMs: number;
}

/**
 * A shared tier in this process's memory: the reference for tiers on real engines, and a stand-in for them in tests.
 * Caches that are given the same instance behave like processes on one machine.
 */
export class MemorySharedTier implements SharedTier {
  readonly name: string;
  readonly journal: MemoryJournal = new MemoryJournal();
  readonly #clock: Clock;
  readonly #values: LRUCache<string, Expiring<Uint8Array>>;
  readonly #stamps: LRUCache<string, Expiring<Stamp>>;
  readonly #leases: LRUCache<string, Expiring<symbol>>;

  constructor(options: MemorySharedTierOptions = {}) {
    const { name = 'host', maxBytes = 256 * 2 ** 20, maxStamps = 10_000, clock = systemClock } = options;
    this.name = name;
    this.#clock = clock;
    this.#values = new LRUCache({
      maxSize: whole('maxBytes', maxBytes),
      sizeCalculation: ({ value }, key) => value.byteLength + key.length,
    });
    const max = whole('maxStamps', maxStamps);
    this.#stamps = new LRUCache({ max });
    this.#leases = new LRUCache({ max });
  }

  now(): number {
    return this.#clock.now();
  }

  async read(entries: readonly EntryRef[]): Promise<readonly StoredFrame[]> {
    return entries.map((ref) => this.#read(ref));
  }

  async begin(ref: EntryRef, options: BeginOptions): Promise<Begun> {
    for (const name of [ref.key, ref.namespace, ...ref.tags]) this.#keepStamp(name, options.stampTtlMs);
    return { ...this.#read(ref), lease: this.#tryLease(ref.key, options.leaseMs) };
  }

  async write(ref: EntryRef, frame: Uint8Array, options: WriteOptions): Promise<void> {
    this.#values.set(ref.key, { value: frame, expiresMs: this.now() + options.ttlMs });
  }

  async invalidate(invalidation: Invalidation): Promise<void> {
    switch (invalidation.kind) {
      case 'keys':
        for (const key of invalidation.keys) {
          this.#stamps.delete(key);
          this.#values.delete(key);
          this.#leases.delete(key);
        }
        break;
      case 'tags':
        for (const tag of invalidation.tags) this.#stamps.delete(tag);
        break;
      case 'namespace':
        this.#stamps.delete(invalidation.namespace);
        break;
    }
    this.journal.append(invalidation);
  }

  async close(): Promise<void> {
    this.#values.clear();
    this.#stamps.clear();
    this.#leases.clear();
  }

  #read(ref: EntryRef): StoredFrame {
    return { bytes: this.#alive(this.#values, ref.key), stamps: this.#stampsOf(ref) };
  }

  #stampsOf(ref: EntryRef): Stamps {
    return {
      key: this.#alive(this.#stamps, ref.key),
      namespace: this.#alive(this.#stamps, ref.namespace),
      tags: ref.tags.map((tag) => this.#alive(this.#stamps, tag)),
    };
  }

  #alive<T>(entries: { get(key: string): Expiring<T> | undefined }, key: string): T | undefined {
    const entry = entries.get(key);
    return entry !== undefined && this.now() < entry.expiresMs ? entry.value : undefined;
  }

  /** An existing stamp keeps its value and lives at least as long as frames written from now on. */
  #keepStamp(name: string, ttlMs: number): void {
    const value = this.#alive(this.#stamps, name) ?? randomStamp();
    const expiresMs = Math.max(this.#stamps.peek(name)?.expiresMs ?? 0, this.now() + ttlMs);
    this.#stamps.set(name, { value, expiresMs });
  }

  #tryLease(key: string, leaseMs: number): Lease | 'elsewhere' | 'none' {
    if (leaseMs <= 0) return 'none';
    if (this.#alive(this.#leases, key) !== undefined) return 'elsewhere';
    const token = Symbol(key);
    this.#leases.set(key, { value: token, expiresMs: this.now() + leaseMs });
    return {
      release: async () => {
        if (this.#leases.get(key)?.value === token) this.#leases.delete(key);
      },
    };
  }
}
