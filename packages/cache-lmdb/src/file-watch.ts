import { closeSync, constants, openSync, readSync, statSync, utimesSync, writeSync } from 'node:fs';
import { filesOf } from './environment.ts';

const MARK_BYTES = 8;

/**
 * Tells whether the files that are mapped are still the ones in the folder, and whole.
 *
 * How large the data file has been, as far as any process has seen, is written beside it: LMDB's never shrink. LMDB's own count
 * of pages does not tell, because pages at the end that were given back before they were written are counted, too.
 */
export class FileWatch {
  readonly #files: ReturnType<typeof filesOf>;
  readonly #dataInode: number;
  readonly #lockInode: number;
  readonly #mark: number;
  readonly #bytes = Buffer.alloc(MARK_BYTES);

  /** @param folder of the environment that has just been opened. */
  constructor(folder: string) {
    this.#files = filesOf(folder);
    this.#dataInode = statSync(this.#files.data).ino;
    this.#lockInode = statSync(this.#files.lock).ino;
    this.#mark = openSync(this.#files.size, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** What has become of the files; `undefined` while all is well. */
  fault(): 'removed' | 'replaced' | 'cut' | undefined {
    // Before the file is measured, which may grow in between.
    const largest = readSync(this.#mark, this.#bytes, 0, MARK_BYTES, 0) === MARK_BYTES ? this.#bytes.readDoubleLE() : 0;
    const data = statSync(this.#files.data, { throwIfNoEntry: false });
    const lock = statSync(this.#files.lock, { throwIfNoEntry: false });
    if (data === undefined || lock === undefined) return 'removed';
    if (data.ino !== this.#dataInode || lock.ino !== this.#lockInode) return 'replaced';
    if (data.size > largest) this.#raise(data.size);
    return data.size < largest ? 'cut' : undefined;
  }

  /** Keeps cleaners of temporary folders away, who go by age: the lock file is never written to, only mapped. */
  touch(): void {
    const now = Math.round(performance.timeOrigin + performance.now()) / 1000;
    for (const file of Object.values(this.#files)) utimesSync(file, now, now);
  }

  close(): void {
    closeSync(this.#mark);
  }

  #raise(size: number): void {
    this.#bytes.writeDoubleLE(size);
    writeSync(this.#mark, this.#bytes, 0, MARK_BYTES, 0);
  }
}
