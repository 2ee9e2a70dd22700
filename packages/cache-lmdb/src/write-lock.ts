import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** `MDB_txninfo.mt2.mt2_wmutex` follows one cache line; the first word of a robust mutex is its owner's thread id (glibc). */
const OWNER_AT = 64;
const OWNER_BITS = 0x3fffffff;

/**
 * The thread that holds the write lock of an LMDB directory and is stopped (a debugger, SIGSTOP), if there is one. Opening a
 * file takes the lock for a moment, on the caller's event loop: behind a stopped writer that would be for ever. Where the lock
 * file is laid out otherwise, what is read here is no stopped thread's id.
 */
export function stoppedWriter(directory: string): number | undefined {
  try {
    const file = openSync(join(directory, 'lock.mdb'), 'r');
    try {
      const word = Buffer.alloc(4);
      readSync(file, word, 0, 4, OWNER_AT);
      const thread = word.readUInt32LE() & OWNER_BITS;
      return thread !== 0 && isStopped(thread) ? thread : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    // No lock file yet, or no such thread any more: nobody is in the way.
    return undefined;
  }
}

function isStopped(thread: number): boolean {
  const stat = readFileSync(`/proc/${thread}/stat`, 'utf8');
  return /^[Tt]/u.test(stat.slice(stat.lastIndexOf(')') + 2));
}
