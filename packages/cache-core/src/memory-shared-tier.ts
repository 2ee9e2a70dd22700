import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import { systemClock } from './clock.ts';
import type { Clock } from './contracts/clock.ts';
import type { EntryRef, Invalidation } from './contracts/invalidation.ts';
import { EVERY_MUTABLE_NAMESPACE } from './contracts/invalidation.ts';
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
import { MemoryOutbox } from './memory-outbox.ts';
import { whole } from './policy.ts';
import { randomBits } from './random.ts';
import { freshStamp, softenedStamp } from './stamp.ts';

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

/** A lease lasts only as long as the stamps of its entry: an invalidation of any kind ends it. */
interface HeldLease {
  readonly token: symbol;
  readonly stamps: Stamps;
}

interface NamespaceStamp extends Expiring<Stamp> {
  readonly immutable: boolean;
}

/**
 * A shared tier in this process's memory: the reference for tiers on real engines, and a stand-in for them in tests.
 * Caches that are given the same instance behave like processes on one machine.
 */
export class MemorySharedTier implements SharedTier {
  readonly name: string;
  readonly origin: string = randomBits().toString(36);
  readonly journal: MemoryJournal = new MemoryJournal();
  readonly outbox: MemoryOutbox = new MemoryOutbox();
  readonly #clock: Clock;
  readonly #values: LRUCache<string, Expiring<Uint8Array>>;
  /** Of keys and tags. */
  readonly #stamps: LRUCache<string, Expiring<Stamp>>;
  readonly #namespaces: LRUCache<string, NamespaceStamp>;
  readonly #leases: LRUCache<string, Expiring<HeldLease>>;

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
    this.#namespaces = new LRUCache({ max });
    this.#leases = new LRUCache({ max });
  }

  now(): number {
    return this.#clock.now();
  }

  async read(entries: readonly EntryRef[]): Promise<readonly StoredFrame[]> {
    return entries.map((ref) => this.#read(ref));
  }

  async begin(ref: EntryRef, options: BeginOptions): Promise<Begun> {
    return this.#begin(ref, options);
  }

  async beginMany(entries: readonly EntryRef[], options: BeginOptions): Promise<readonly Begun[]> {
    return entries.map((ref) => this.#begin(ref, options));
  }

  async write(ref: EntryRef, frame: Uint8Array, options: WriteOptions): Promise<void> {
    this.#values.set(ref.key, { value: Uint8Array.from(frame), expiresMs: this.now() + options.ttlMs });
  }

  async invalidate(invalidation: Invalidation): Promise<void> {
    const { soft = false } = invalidation;
    switch (invalidation.kind) {
      case 'keys':
        for (const key of invalidation.keys) {
          voidStamp(this.#stamps, key, soft);
          if (!soft) this.#values.delete(key);
        }
        break;
      case 'tags':
        for (const tag of invalidation.tags) voidStamp(this.#stamps, tag, soft);
        break;
      case 'namespace':
        for (const namespace of this.#namespacesNamed(invalidation.namespace)) {
          voidStamp(this.#namespaces, namespace, soft);
        }
        break;
    }
    this.journal.append(invalidation);
  }

  async stayLive(forMs: number): Promise<void> {
    this.journal.stayLiveUntil(this.now() + forMs);
  }

  async close(): Promise<void> {
    this.#values.clear();
    this.#stamps.clear();
    this.#namespaces.clear();
    this.#leases.clear();
  }

  #read(ref: EntryRef): StoredFrame {
    return { bytes: this.#alive(this.#values, ref.key), stamps: this.#stampsOf(ref) };
  }

  #stampsOf(ref: EntryRef): Stamps {
    return {
      key: this.#alive(this.#stamps, ref.key),
      namespace: this.#alive(this.#namespaces, ref.namespace),
      tags: ref.tags.map((tag) => this.#alive(this.#stamps, tag)),
    };
  }

  #alive<T>(entries: { get(key: string): Expiring<T> | undefined }, key: string): T | undefined {
    const entry = entries.get(key);
    return entry !== undefined && this.now() < entry.expiresMs ? entry.value : undefined;
  }

  #begin(ref: EntryRef, { stampTtlMs, leaseMs }: BeginOptions): Begun {
    for (const name of [ref.key, ...ref.tags]) this.#stamps.set(name, this.#kept(this.#stamps, name, stampTtlMs));
    // A namespace that anybody calls mutable is mutable.
    const immutable = ref.immutable === true && this.#namespaces.peek(ref.namespace)?.immutable !== false;
    this.#namespaces.set(ref.namespace, { ...this.#kept(this.#namespaces, ref.namespace, stampTtlMs), immutable });
    return { ...this.#read(ref), lease: this.#tryLease(ref, leaseMs) };
  }

  /** An existing stamp keeps its value and lives at least as long as frames written from now on. */
  #kept<S extends Expiring<Stamp>>(stamps: LRUCache<string, S>, name: string, ttlMs: number): Expiring<Stamp> {
    const expiresMs = Math.max(stamps.peek(name)?.expiresMs ?? 0, this.now() + ttlMs);
    return { value: this.#alive(stamps, name) ?? freshStamp(), expiresMs };
  }

  #namespacesNamed(name: string): string[] {
    if (name !== EVERY_MUTABLE_NAMESPACE) return [name];
    return [...this.#namespaces].filter(([, stamp]) => !stamp.immutable).map(([namespace]) => namespace);
  }

  #tryLease(ref: EntryRef, leaseMs: number): Lease | 'elsewhere' | 'none' {
    if (leaseMs <= 0) return 'none';
    const stamps = this.#stampsOf(ref);
    const held = this.#alive(this.#leases, ref.key);
    if (held !== undefined && isDeepStrictEqual(held.stamps, stamps)) return 'elsewhere';
    const token = Symbol(ref.key);
    this.#leases.set(ref.key, { value: { token, stamps }, expiresMs: this.now() + leaseMs });
    return {
      release: async () => {
        if (this.#leases.get(ref.key)?.value.token === token) this.#leases.delete(ref.key);
      },
    };
  }
}

function voidStamp<S extends Expiring<Stamp>>(stamps: LRUCache<string, S>, name: string, soft: boolean): void {
  const stamp = soft ? stamps.peek(name) : undefined;
  if (stamp === undefined) stamps.delete(name);
  else stamps.set(name, { ...stamp, value: softenedStamp(stamp.value) });
}
