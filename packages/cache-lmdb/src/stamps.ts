import { combinedStamp, EVERY_MUTABLE_NAMESPACE, freshStamp, softenedStamp } from '@warmline/cache-core/stamps';
import type { EntryRef, Stamp, Stamps } from '@warmline/cache-core';
import { hostNow } from './clock.ts';
import type { Batch, LmdbFile } from './lmdb-file.ts';
import { recordKey } from './names.ts';
import { freshVersion } from './versions.ts';

/** u64 stamp · f64 when it expires · u8 1 where the namespace is immutable */
const RECORD_BYTES = 17;
const EXPIRES_AT = 8;

type StampKind = 'stamp' | 'group';

interface StampRecord {
  readonly stamp: Stamp;
  readonly expiresMs: number;
  readonly immutable: boolean;
}

/**
 * The stamps in the file. What guards a mutable namespace is the sum of its own stamp and that of all mutable ones, so that a
 * gap on the bus voids every mutable namespace by replacing one record, whatever namespaces come into being meanwhile.
 */
export class StampRecords {
  readonly #file: LmdbFile;

  constructor(file: LmdbFile) {
    this.#file = file;
  }

  /** The stamps that guard an entry, as of the file's present view. */
  of(ref: EntryRef, nowMs: number): Stamps {
    return {
      key: this.#alive('stamp', ref.key, nowMs)?.stamp,
      namespace: this.#ofNamespace(ref, nowMs),
      tags: ref.tags.length === 0 ? NO_TAGS : ref.tags.map((tag) => this.#alive('group', tag, nowMs)?.stamp),
    };
  }

  /** Creates the stamps that entries lack, and prolongs those that would not outlive a frame written now. */
  async ensure(refs: readonly EntryRef[], ttlMs: number): Promise<void> {
    const writes = new Map<string, () => Promise<boolean>>();
    for (const ref of refs) {
      const immutable = ref.immutable === true;
      this.#plan(writes, 'stamp', ref.key, ttlMs);
      for (const tag of ref.tags) this.#plan(writes, 'group', tag, ttlMs);
      this.#plan(writes, 'group', ref.namespace, ttlMs, immutable);
      if (!immutable) this.#plan(writes, 'group', EVERY_MUTABLE_NAMESPACE, ttlMs);
    }
    await Promise.all([...writes.values()].map((write) => write()));
  }

  /** Queues what an invalidation does to one stamp. Absent is void already; what comes into being meanwhile is removed with it. */
  void(batch: Batch, kind: StampKind, name: string, soft: boolean): void {
    const record = soft ? this.#alive(kind, name, hostNow()) : undefined;
    if (record === undefined) batch.remove(recordKey(kind, name));
    else batch.put(recordKey(kind, name), encode({ ...record, stamp: softenedStamp(record.stamp) }), freshVersion());
  }

  #ofNamespace({ namespace, immutable }: EntryRef, nowMs: number): Stamp | undefined {
    const own = this.#alive('group', namespace, nowMs);
    // A namespace that anybody calls mutable is mutable.
    if (own === undefined || (immutable === true && own.immutable)) return own?.stamp;
    const every = this.#alive('group', EVERY_MUTABLE_NAMESPACE, nowMs);
    return every && combinedStamp(own.stamp, every.stamp);
  }

  /**
   * An existing stamp keeps its value. Each record is replaced only if it is still the one that was seen: to write back what an
   * invalidation has removed meanwhile would revive the frames under it.
   */
  #plan(
    writes: Map<string, () => Promise<boolean>>,
    kind: StampKind,
    name: string,
    ttlMs: number,
    immutable = true,
  ): void {
    const key = recordKey(kind, name);
    if (writes.has(key)) return;
    const found = this.#file.get(key);
    const nowMs = hostNow();
    const alive = this.#alive(kind, name, nowMs);
    if (alive !== undefined && alive.expiresMs >= nowMs + ttlMs && (immutable || !alive.immutable)) return;
    const next = encode({
      stamp: alive?.stamp ?? freshStamp(),
      // Twice as long as needed: so it is rewritten once in that time, not at every load.
      expiresMs: nowMs + 2 * ttlMs,
      immutable: immutable && (alive?.immutable ?? true),
    });
    const condition = { key, version: found?.version ?? null };
    writes.set(key, () => this.#file.commit(condition, (batch) => batch.put(key, next, freshVersion())));
  }

  #alive(kind: StampKind, name: string, nowMs: number): StampRecord | undefined {
    const view = this.#file.view(recordKey(kind, name), RECORD_BYTES);
    return view === undefined || nowMs >= view.getFloat64(EXPIRES_AT, true) ? undefined : decode(view);
  }
}

const NO_TAGS: readonly (Stamp | undefined)[] = Object.freeze([]);

function encode({ stamp, expiresMs, immutable }: StampRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.writeBigUInt64LE(stamp, 0);
  bytes.writeDoubleLE(expiresMs, EXPIRES_AT);
  bytes.writeUInt8(immutable ? 1 : 0, 16);
  return bytes;
}

function decode(view: DataView): StampRecord {
  return {
    stamp: view.getBigUint64(0, true),
    expiresMs: view.getFloat64(EXPIRES_AT, true),
    immutable: view.getUint8(16) === 1,
  };
}

/** Whether a record in the file guards nothing any more. */
export function isExpiredStamp(bytes: Buffer, nowMs: number): boolean {
  return bytes.length !== RECORD_BYTES || nowMs >= bytes.readDoubleLE(EXPIRES_AT);
}
