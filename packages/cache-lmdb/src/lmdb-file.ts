import { join } from 'node:path';
import { hostNow, pause } from './clock.ts';
import { HostTierError } from './errors.ts';
import { FileWatch } from './file-watch.ts';
import { Gate } from './gate.ts';
import { CURRENT, discard, IDENTITY, loadEngine, openEnvironment } from './open-environment.ts';
import type { Db, LmdbModule } from './open-environment.ts';
import { failureOf, inTime } from './write-failure.ts';

/** Behind a stuck writer no more than this is kept waiting; further writes fail at once. */
const MAX_PENDING_BYTES = 16 * 2 ** 20;
/** A view of the file this old is renewed before it is read; a machine's invalidations must be seen within 5 ms. */
const VIEW_MS = 1;
const MIN_PENDING_BYTES = 1024;
/** A process that ends does not wait longer for a stopped writer. */
const STUCK_AT_EXIT_MS = 500;
const CLOSE_MS = 2_000;

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
  readonly #watch: FileWatch;
  /** The engine hands out the same buffer again and again. */
  #view: DataView = new DataView(new ArrayBuffer());
  readonly #gate: Gate;
  #viewMs = Number.NEGATIVE_INFINITY;
  #pendingBytes = 0;
  #pendingSinceMs = Number.POSITIVE_INFINITY;
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
    this.#db = openEnvironment(this.#lmdb, directory, mapBytes);
    this.#gate = new Gate(directory);
    this.#watch = new FileWatch(join(directory, CURRENT));
    process.once('exit', this.#endOfProcess);
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
    const kept = Math.max(bytes, MIN_PENDING_BYTES);
    if (this.#pendingBytes > 0 && this.#pendingBytes + kept > MAX_PENDING_BYTES) {
      throw new HostTierError(
        'ERR_HOST_STUCK',
        `${this.#pendingBytes} bytes wait for a write to ${this.directory} to end`,
      );
    }
    return inTime(this.#commit(condition, queue, kept), this.directory);
  }

  async #commit(condition: Condition | undefined, queue: (batch: Batch) => void, kept: number): Promise<boolean> {
    if (this.#pendingBytes === 0) this.#pendingSinceMs = hostNow();
    this.#pendingBytes += kept;
    try {
      await this.#gate.enter();
      try {
        if (this.#gone !== undefined) throw this.#gone;
        const write = (): void =>
          queue({ put: (...args) => void this.#db.put(...args), remove: (key) => void this.#db.remove(key) });
        // The types know no `null`; it is the documented form of `ifNoExists`.
        if (condition === undefined) return await this.#db.batch(write);
        return await this.#db.ifVersion(condition.key, condition.version as number, write);
      } finally {
        this.#gate.leave();
      }
    } catch (error) {
      throw await failureOf(error, this.directory);
    } finally {
      this.#pendingBytes -= kept;
      this.#pendingSinceMs = this.#pendingBytes === 0 ? Number.POSITIVE_INFINITY : hostNow();
      // What this process has written it sees at once.
      this.#viewMs = Number.NEGATIVE_INFINITY;
      // How large the file is now, for those who have not looked since.
      if (this.#gone === undefined) this.#look();
    }
  }

  /** Drawn when the file was made: those who share it share this. */
  identity(): string {
    this.renew();
    return this.peek(IDENTITY)?.toString() ?? '';
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
   * Takes the file away from everybody: each process sees it at its next look. For an invalidation that cannot be written down,
   * because the disk is full: nobody may go on reading what it names.
   */
  condemn(): void {
    this.#look();
    if (this.#gone === undefined) discard(this.directory);
    this.#look();
  }

  /** @see FileWatch.touch */
  touch(): void {
    this.#watch.touch();
  }

  async close(): Promise<void> {
    if (--this.#users > 0) return;
    if (opened.get(this.directory) === this) opened.delete(this.directory);
    process.off('exit', this.#endOfProcess);
    this.#gone ??= new HostTierError('ERR_HOST_CLOSED', 'the host tier is closed');
    await Promise.race([this.#db.close(), pause(CLOSE_MS)]);
    this.#gate.close();
    this.#watch.close();
  }

  /** A map must not be read where its file has ended: that would kill the process. */
  #look(): void {
    if (this.#gone !== undefined) return;
    const what = this.#watch.fault();
    if (what === undefined) return;
    this.#gone = new HostTierError('ERR_HOST_GONE', `the file in ${this.directory} was ${what} while it was in use`);
    for (const listener of this.#onGone) listener(this.#gone);
  }

  /** LMDB's thread cannot be interrupted: behind a stopped writer a process would never end. */
  readonly #endOfProcess = (): void => {
    if (hostNow() - this.#pendingSinceMs > STUCK_AT_EXIT_MS) process.kill(process.pid, 'SIGKILL');
  };
}
