import { closeSync, fstatSync, openSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Lmdb from 'lmdb';
import { hostNow } from './clock.ts';
import { HostTierError } from './errors.ts';
import { FILES, removeIfUnusable } from './file-check.ts';
import { stoppedWriter } from './write-lock.ts';

/** Behind a stuck writer no more than this is kept waiting; further writes fail at once. */
const MAX_PENDING_BYTES = 16 * 2 ** 20;
/** A view of the file this old is renewed before it is read; a machine's invalidations must be seen within 5 ms. */
const VIEW_MS = 1;
const MAX_READERS = 1024;
type Db = Lmdb.RootDatabase<Uint8Array, string>;
type LmdbModule = typeof Lmdb;

/** Keys are text, written straight into the buffer of the engine. */
const TEXT_KEYS = {
  writeKey: (key: string, target: Buffer, at: number): number => at + target.write(key, at),
  readKey: (source: Buffer, start: number, end: number): string => source.toString('utf8', start, end),
};

/** What must still be so when a write is made: this key has this version, or does not exist. */
export interface Condition {
  readonly key: string;
  /** `null`: it does not exist. */
  readonly version: number | null;
}

/** A value and its version. */
export interface Versioned {
  readonly bytes: Buffer;
  readonly version: number;
}

/** Queues the writes of one commit. */
export interface Batch {
  put(key: string, value: Uint8Array, version: number): void;
  remove(key: string): void;
}

/** Files that this process has open: LMDB must not be opened twice by one process. */
const opened = new Map<string, LmdbFile>();

/**
 * One LMDB file, as all processes of a machine use it: reads from a memory map, conditional writes from a thread of their own.
 * The event loop never holds the write lock, which another process may have been stopped with.
 */
export class LmdbFile {
  readonly directory: string;
  readonly #lmdb: LmdbModule;
  readonly #db: Db;
  /** Kept open to see whether the file is still the one that is mapped. */
  readonly #watched: number;
  /** The engine hands out the same buffer again and again. */
  #view = new DataView(new ArrayBuffer());
  #largestBytes = 0;
  #viewMs = Number.NEGATIVE_INFINITY;
  #pendingBytes = 0;
  #users = 1;
  #gone: HostTierError | undefined;
  readonly #onGone = new Set<(error: HostTierError) => void>();

  /** @throws HostTierError when there is no native module, or the file cannot be opened. */
  static open(directory: string, mapBytes: number): LmdbFile {
    const existing = opened.get(directory);
    if (existing !== undefined && existing.#gone === undefined) {
      existing.#users++;
      return existing;
    }
    const file = new LmdbFile(directory, mapBytes);
    opened.set(directory, file);
    return file;
  }

  private constructor(directory: string, mapBytes: number) {
    this.directory = directory;
    this.#lmdb = loadEngine();
    const stuck = stoppedWriter(directory);
    if (stuck !== undefined) {
      throw new HostTierError('ERR_HOST_STUCK', `thread ${stuck} was stopped while it was writing to ${directory}`);
    }
    const path = join(directory, 'data.mdb');
    removeIfUnusable(directory);
    try {
      this.#db = this.#lmdb.open<Uint8Array, string>({
        path: directory,
        encoding: 'binary',
        keyEncoder: TEXT_KEYS,
        useVersions: true,
        // The directory is named for the boot: what a power cut loses is never read again.
        noSync: true,
        overlappingSync: false,
        maxReaders: MAX_READERS,
        mapSize: mapBytes,
        maxDbs: 1,
      });
      this.#watched = openSync(path, 'r');
    } catch (error) {
      throw new HostTierError('ERR_HOST_FILE', `${path} cannot be opened: ${String(error)}`, { cause: error });
    }
    this.#look();
  }

  /** Told once, when the file can be used no more. */
  onGone(listener: (error: HostTierError) => void): void {
    if (this.#gone === undefined) this.#onGone.add(listener);
    else listener(this.#gone);
  }

  /** Whether the file is still there, as it was opened. */
  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  /**
   * Makes what other processes have written visible, if the view is old. To be called before every read.
   * @throws HostTierError when the file has been removed, replaced or cut: its map must not be touched then.
   */
  renew(nowMs: number = hostNow()): void {
    if (nowMs - this.#viewMs >= VIEW_MS) {
      this.#look();
      this.#db.resetReadTxn();
      this.#viewMs = nowMs;
    }
    if (this.#gone !== undefined) throw this.#gone;
  }

  /** A view of the stored bytes, good until the next read. The engine's buffer: what lies beyond `length` is no part of it. */
  peek(key: string): Buffer | undefined {
    return this.#db.getBinaryFast(key);
  }

  /** As `peek`, for records of a known length; the fastest way to a few numbers. */
  view(key: string, length: number): DataView | undefined {
    const bytes = this.#db.getBinaryFast(key);
    if (bytes === undefined || bytes.length !== length) return undefined;
    if (bytes.buffer !== this.#view.buffer || bytes.byteOffset !== this.#view.byteOffset) {
      this.#view = new DataView(bytes.buffer, bytes.byteOffset);
    }
    return this.#view;
  }

  /** A copy of the stored bytes, with their version. */
  get(key: string): Versioned | undefined {
    const view = this.#db.getBinaryFast(key);
    if (view === undefined) return undefined;
    const version = this.#lmdb.getLastVersion();
    // Memory of its own, and not filled with zeros first.
    const bytes = Buffer.allocUnsafeSlow(view.length);
    bytes.set(view.subarray(0, view.length));
    return { bytes, version };
  }

  /** The keys from `start` to before `end`, in order. */
  keys(start: string, end: string, limit: number): string[] {
    return [...this.#db.getKeys({ start, end, limit, snapshot: false })];
  }

  /** The version that `peek` of this key saw. */
  lastVersion(): number {
    return this.#lmdb.getLastVersion();
  }

  /**
   * Makes all writes or none; none if the condition does not hold when it comes to it. Runs no JavaScript under the lock.
   * @param bytes how much it keeps in memory meanwhile.
   * @returns whether the writes were made.
   */
  async commit(condition: Condition | undefined, queue: (batch: Batch) => void, bytes = 0): Promise<boolean> {
    this.renew();
    if (this.#pendingBytes + bytes > MAX_PENDING_BYTES) {
      throw new HostTierError(
        'ERR_HOST_STUCK',
        `${this.#pendingBytes} bytes wait for another process's write to ${this.directory}`,
      );
    }
    this.#pendingBytes += bytes;
    const write = (): void =>
      queue({ put: (...args) => void this.#db.put(...args), remove: (key) => void this.#db.remove(key) });
    try {
      if (condition === undefined) return await this.#db.batch(write);
      // The types know no `null`; it is the documented form of `ifNoExists`.
      return await this.#db.ifVersion(condition.key, condition.version as number, write);
    } catch (error) {
      throw await failureOf(error, this.directory);
    } finally {
      this.#pendingBytes -= bytes;
      // What this process has written it sees at once.
      this.#viewMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** Bytes in use: values, and what keeps them in order. */
  usedBytes(): number {
    this.renew();
    const stats = this.#db.getStats() as Record<
      'treeBranchPageCount' | 'treeLeafPageCount' | 'overflowPages' | 'pageSize',
      number
    >;
    return (stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages) * stats.pageSize;
  }

  /** Frees what dead readers hold. */
  checkReaders(): void {
    this.#db.readerCheck();
  }

  /**
   * Takes the file away from everybody: each process sees it at its next read. For an invalidation that cannot be written down,
   * because the disk is full: nobody may go on reading what it names.
   */
  condemn(): void {
    for (const name of FILES) rmSync(join(this.directory, name), { force: true });
    this.#look();
  }

  async close(): Promise<void> {
    if (--this.#users > 0) return;
    if (opened.get(this.directory) === this) opened.delete(this.directory);
    closeSync(this.#watched);
    this.#gone ??= new HostTierError('ERR_HOST_CLOSED', 'the host tier is closed');
    await this.#db.close();
  }

  /** A map must not be read where its file has ended: that would kill the process. */
  #look(): void {
    if (this.#gone !== undefined) return;
    const { nlink, size } = fstatSync(this.#watched);
    if (nlink > 0 && size >= this.#largestBytes) {
      this.#largestBytes = size;
      return;
    }
    const what = nlink === 0 ? 'removed' : `cut from ${this.#largestBytes} to ${size} bytes`;
    this.#gone = new HostTierError('ERR_HOST_GONE', `the file in ${this.directory} was ${what} while it was in use`);
    for (const listener of this.#onGone) listener(this.#gone);
  }
}

/** Loaded at the first use only, and so that its absence is an error like any other. */
function loadEngine(): LmdbModule {
  try {
    return createRequire(import.meta.url)('lmdb') as LmdbModule;
  } catch (error) {
    throw new HostTierError(
      'ERR_HOST_NO_ENGINE',
      `the native module 'lmdb' cannot be loaded on ${process.platform}-${process.arch}`,
      {
        cause: error,
      },
    );
  }
}

/** Why a write was not made; LMDB tells it beside the rejection. */
async function failureOf(error: unknown, directory: string): Promise<HostTierError> {
  if (error instanceof HostTierError) return error;
  const told =
    error instanceof Error && 'commitError' in error ? Promise.resolve(error.commitError) : Promise.reject(error);
  const cause: unknown = await told.then(
    () => error,
    (reason: unknown) => reason,
  );
  const full = /no space|MAP_FULL|ENOSPC|quota|too large/iu.test(String(cause));
  const code = full ? 'ERR_HOST_FULL' : 'ERR_HOST_WRITE';
  return new HostTierError(code, `${directory} could not be written: ${String(cause)}`, { cause });
}
