import { closeSync, openSync, readSync } from 'node:fs';
import { processState } from './process-state.ts';

/** `MDB_txninfo.mt2.mt2_wmutex` follows one cache line; the first word of a robust mutex is its owner's thread id (glibc). */
const OWNER_AT = 64;
const OWNER_BITS = 0x3fffffff;

/**
 * The thread that holds the write lock of an LMDB environment and is stopped (a debugger, SIGSTOP), if there is one. Opening a
 * file takes the lock for a moment, on the caller's event loop: behind a stopped writer that would be for ever. Where the lock
 * file is laid out otherwise, what is read here is no stopped thread's id.
 *
 * Not for a file that this process has open: to close a lock file gives up all locks that the process has on it.
 */
export function stoppedWriter(lockFile: string): number | undefined {
  try {
    const file = openSync(lockFile, 'r');
    try {
      const word = Buffer.alloc(4);
      readSync(file, word, 0, 4, OWNER_AT);
      const thread = word.readUInt32LE() & OWNER_BITS;
      return thread !== 0 && processState(thread) === 'stopped' ? thread : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    // No lock file yet: nobody is in the way.
    return undefined;
  }
}
