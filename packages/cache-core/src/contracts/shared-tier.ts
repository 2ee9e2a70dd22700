import type { EntryRef, Invalidation } from './invalidation.ts';
import type { Journal } from './journal.ts';
import type { SharedOutbox } from './shared-outbox.ts';

/** A random 64-bit token. A stored frame is valid only while every stamp it carries still exists and is equal. */
export type Stamp = bigint;

/** The stamps that guard one entry. Absent (`undefined`) means: nothing guarded by it is valid. */
export interface Stamps {
  readonly key: Stamp | undefined;
  readonly namespace: Stamp | undefined;
  /** In the order of `EntryRef.tags`. */
  readonly tags: readonly (Stamp | undefined)[];
}

/** What a tier holds for one entry; the reader judges whether the bytes are valid. */
export interface StoredFrame {
  readonly bytes: Uint8Array | undefined;
  readonly stamps: Stamps;
}

/** The right to load, held across processes. It saves work; correctness never depends on it. */
export interface Lease {
  /** Gives the right back. Never rejects. */
  release(): Promise<void>;
}

/** @see SharedTier.begin */
export interface BeginOptions {
  /** How long the lease lasts when its holder dies, in milliseconds. 0 asks for no lease. */
  readonly leaseMs: number;
  /** Stamps created now must outlive every frame written under them; whole milliseconds. */
  readonly stampTtlMs: number;
}

/** @see SharedTier.begin */
export interface Begun extends StoredFrame {
  readonly lease: Lease | 'elsewhere' | 'none';
}

/** @see SharedTier.write */
export interface WriteOptions {
  /** Hard expiry, in whole milliseconds from now; at most 49 days. */
  readonly ttlMs: number;
  /** Asks the tier to keep the entry when it makes space. @default false */
  readonly pin?: boolean;
}

/**
 * A level of the cache that several processes share. It stores bytes and stamps and judges nothing.
 * Every method may reject: the engine reports the error and treats the tier as empty.
 */
export interface SharedTier {
  /** By who shares it, e.g. `host` or `cluster`; appears in events and statistics. */
  readonly name: string;
  /** Present when the tier keeps the invalidations of its machine; the engine then obeys it. */
  readonly journal?: Journal;
  /**
   * False while it is known that it cannot answer: its calls are left out then, at no cost, and what it is owed is told as soon as it
   * is back. @default true
   */
  readonly isAvailable?: boolean;
  /** The tier's own time in milliseconds, the same for all processes that share it. Frames are stamped with it. */
  now(): number;
  /** Values and stamps in one trip, in the order asked. */
  read(entries: readonly EntryRef[]): Promise<readonly StoredFrame[]>;
  /**
   * Called after a miss and before the source is read: creates the stamps that are missing, tries the lease, and returns
   * the stored frame if someone has just filled it.
   */
  begin(entry: EntryRef, options: BeginOptions): Promise<Begun>;
  /**
   * Copies the frame, which is never empty. Unconditional: a late or foreign write is simply not valid, because of its stamps.
   */
  write(entry: EntryRef, frame: Uint8Array, options: WriteOptions): Promise<void>;
  /**
   * Removes the stamps named, then the values. After it resolves, no frame written under the old stamps is valid.
   * Leases of what it names end. A soft one replaces each stamp by its `softened` successor and leaves the values; a tier that cannot do so removes them.
   */
  invalidate(invalidation: Invalidation): Promise<void>;
  /** As `begin` for many entries in one trip, in the order asked. @default one `begin` each, at the same time */
  beginMany?(entries: readonly EntryRef[], options: BeginOptions): Promise<readonly Begun[]>;
  /** The machine whose invalidations this tier's journal has; goes out with every message to the bus. */
  readonly origin?: string;
  /**
   * Extends `Journal.liveUntil` to `forMs` milliseconds from now. Only tiers with a journal that a pump fills have it.
   * @param position where the bus stands that it is filled from.
   */
  stayLive?(forMs: number, position?: string): Promise<void>;
  /** Present when the tier keeps what its machine owes to farther tiers and to the bus. */
  readonly outbox?: SharedOutbox;
  /** Ends all work of the tier; a second call does nothing. Called by its owner; a cache does not close the tiers it was given. */
  close(): Promise<void>;
}
