import type {
  BeginOptions,
  Begun,
  EntryRef,
  Invalidation,
  SharedTier,
  Stamps,
  StoredFrame,
  WriteOptions,
} from '@warmline/cache-core';
import { hostNow } from './clock.ts';
import type { HostDirectoryOptions } from './directory.ts';
import { HostTierError } from './errors.ts';
import type { HostListener } from './events.ts';
import { HostJournal } from './host-journal.ts';
import { HostLeases } from './host-lease.ts';
import { HostOutbox } from './host-outbox.ts';
import { HostRecords } from './host-records.ts';
import type { Batch, LmdbFile } from './lmdb-file.ts';
import { recordKey } from './names.ts';
import { StampRecords } from './stamps.ts';
import { Usage } from './usage.ts';

/** Options of `openHostTier`. */
export interface HostTierOptions extends HostDirectoryOptions {
  /** Bound of the file's contents; soft by what arrives between two sweeps of the keeper. @default 1 GiB, or a quarter of the free space */
  readonly maxBytes?: number;
  /** Larger entries are not stored. @default an eighth of `maxBytes` */
  readonly maxEntryBytes?: number;
  /** How many invalidations are remembered; a process that missed more empties its process tier. @default 4096 */
  readonly journalCapacity?: number;
  /** Without a listener only a missing tier is told, as a process warning. */
  readonly onEvent?: HostListener;
}

/** Without a keeper nobody makes space; past this share of `maxBytes` nothing more is stored. */
const OVERFULL = 1.25;
const FULLNESS_MS = 100;

/** The tier between the processes of one machine; made by `openHostTier`. */
export class HostTier implements SharedTier {
  readonly name = 'host';
  readonly journal: HostJournal;
  /** Rights that one process of the machine holds at a time. */
  readonly leases: HostLeases;
  /** Small documents shared by the machine. */
  readonly records: HostRecords;
  readonly outbox: HostOutbox;
  readonly origin: string;
  readonly maxBytes: number;
  readonly maxEntryBytes: number;
  readonly #file: LmdbFile;
  readonly #tell: HostListener;
  readonly #stamps: StampRecords;
  readonly #usage: Usage;
  #usedBytes = 0;
  #measuredMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** @internal */
  constructor(file: LmdbFile, options: HostTierOptions & { readonly maxBytes: number }, tell: HostListener) {
    this.#file = file;
    this.#tell = tell;
    this.maxBytes = options.maxBytes;
    this.maxEntryBytes = options.maxEntryBytes ?? Math.max(1, Math.floor(options.maxBytes / 8));
    this.origin = file.identity();
    this.journal = new HostJournal(file, options.journalCapacity ?? 4096);
    this.leases = new HostLeases(file);
    this.records = new HostRecords(file);
    this.outbox = new HostOutbox(file);
    this.#stamps = new StampRecords(file);
    this.#usage = new Usage(file);
  }

  /** Where the file is. */
  get directory(): string {
    return this.#file.directory;
  }

  /** @internal For the keeper. */
  get file(): LmdbFile {
    return this.#file;
  }

  now(): number {
    return hostNow();
  }

  async read(entries: readonly EntryRef[]): Promise<readonly StoredFrame[]> {
    const nowMs = this.#renew();
    return entries.map((ref) => this.#stored(ref, nowMs));
  }

  async begin(ref: EntryRef, options: BeginOptions): Promise<Begun> {
    await this.#stamp([ref], options);
    return this.#begun(ref, options);
  }

  async beginMany(entries: readonly EntryRef[], options: BeginOptions): Promise<readonly Begun[]> {
    await this.#stamp(entries, options);
    return Promise.all(entries.map((ref) => this.#begun(ref, options)));
  }

  async write(ref: EntryRef, frame: Uint8Array, { ttlMs, pin = false }: WriteOptions): Promise<void> {
    this.#renew();
    if (frame.byteLength > this.maxEntryBytes) {
      this.#tell({ type: 'not-admitted', bytes: frame.byteLength, maxEntryBytes: this.maxEntryBytes });
      return;
    }
    if (this.#used() > OVERFULL * this.maxBytes) {
      throw new HostTierError(
        'ERR_HOST_FULL',
        `${this.#usedBytes} bytes are in use of ${this.maxBytes}; does a keeper run?`,
      );
    }
    // Until it is measured again.
    this.#usedBytes += frame.byteLength;
    const bytes = Buffer.from(frame);
    const expiresMs = hostNow() + ttlMs;
    // The version is when it expires; below zero for what is pinned.
    await this.#file.commit(
      undefined,
      (batch) => batch.put(recordKey('value', ref.key), bytes, pin ? -expiresMs : expiresMs),
      bytes.length,
    );
  }

  /** @param position where the bus stands after it; kept in the same commit. */
  async invalidate(invalidation: Invalidation, position?: string): Promise<void> {
    try {
      await this.#invalidate(invalidation, position);
    } catch (error) {
      if (!(error instanceof HostTierError) || !['ERR_HOST_FULL', 'ERR_HOST_WRITE'].includes(error.code)) throw error;
      // It cannot be written down, so nobody may read on: every process sees at its next read that the file is gone.
      this.#file.condemn();
    }
  }

  async stayLive(forMs: number, position?: string): Promise<void> {
    this.#renew();
    await this.journal.stayLive(forMs, position);
  }

  /** Where the bus stood after what this machine has applied last; `undefined` when nobody has ever heard it. */
  position(): string | undefined {
    this.#renew();
    return this.journal.position();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#usage.close();
    await this.#file.close();
  }

  /** Another tier of this process may have the same file open still. @returns the time of the look. */
  #renew(): number {
    if (this.#closed) throw new HostTierError('ERR_HOST_CLOSED', 'the host tier is closed');
    const nowMs = hostNow();
    this.#file.renew(nowMs);
    return nowMs;
  }

  async #stamp(refs: readonly EntryRef[], { stampTtlMs }: BeginOptions): Promise<void> {
    this.#renew();
    await this.#stamps.ensure(refs, stampTtlMs);
  }

  async #begun(ref: EntryRef, { leaseMs }: BeginOptions): Promise<Begun> {
    if (leaseMs <= 0) return { ...this.#stored(ref, this.#renew()), lease: 'none' };
    const under = namesOf(this.#stamps.of(ref, this.#renew()));
    const lease = await this.leases.acquire(ref.key, leaseMs, under);
    // Read only now: who held the lease before may just have filled it.
    return { ...this.#stored(ref, this.#renew()), lease: lease ?? 'elsewhere' };
  }

  #stored(ref: EntryRef, nowMs: number): StoredFrame {
    const found = this.#file.get(recordKey('value', ref.key));
    const stamps = this.#stamps.of(ref, nowMs);
    if (found === undefined || nowMs >= Math.abs(found.version)) return { bytes: undefined, stamps };
    this.#usage.note(ref.key);
    return { bytes: found.bytes, stamps };
  }

  /** One commit: the list, the stamps, the values. Another process's invalidation may come first; then it is tried again. */
  async #invalidate(invalidation: Invalidation, position: string | undefined): Promise<void> {
    for (;;) {
      this.#renew();
      const sequence = this.journal.sequence();
      const done = await this.#file.commit(this.journal.condition(sequence), (batch) => {
        this.journal.append(batch, sequence, invalidation, position);
        this.#void(batch, invalidation);
      });
      if (done) return;
    }
  }

  #void(batch: Batch, invalidation: Invalidation): void {
    const { soft = false } = invalidation;
    switch (invalidation.kind) {
      case 'keys':
        for (const key of invalidation.keys) {
          this.#stamps.void(batch, 'stamp', key, soft);
          if (!soft) batch.remove(recordKey('value', key));
        }
        break;
      case 'tags':
        for (const tag of invalidation.tags) this.#stamps.void(batch, 'group', tag, soft);
        break;
      case 'namespace':
        // `EVERY_MUTABLE_NAMESPACE` has a stamp of its own.
        this.#stamps.void(batch, 'group', invalidation.namespace, soft);
        break;
    }
  }

  #used(): number {
    if (hostNow() - this.#measuredMs >= FULLNESS_MS) {
      this.#usedBytes = this.#file.usedBytes();
      this.#measuredMs = hostNow();
    }
    return this.#usedBytes;
  }
}

function namesOf({ key, namespace, tags }: Stamps): readonly string[] {
  return [key, namespace, ...tags].map(String);
}
