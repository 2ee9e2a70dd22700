import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The files of one LMDB directory. */
export const FILES = ['data.mdb', 'lock.mdb'] as const;

/** `MDB_MAGIC` and the fields of `MDB_meta` behind the header of each of the first two pages. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;

/**
 * Removes what is no LMDB file, or only the beginning of one: to map it could end the process. It is a cache: it starts anew,
 * and who has it open sees that it is gone.
 */
export function removeIfUnusable(directory: string): void {
  const state = stateOf(join(directory, 'data.mdb'));
  if (state === 'usable' || state === 'absent') return;
  for (const name of FILES) rmSync(join(directory, name), { force: true });
}

function stateOf(path: string): 'usable' | 'absent' | 'foreign' | 'cut' {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'absent';
    throw error;
  }
  try {
    // Empty: another process is making it.
    if (fstatSync(file).size === 0) return 'usable';
    const first = readMeta(file, 0);
    const second = first && readMeta(file, first.readUInt32LE(PAGE_SIZE_AT));
    if (first === undefined || second === undefined) return 'foreign';
    const newest = first.readBigUInt64LE(TRANSACTION_AT) > second.readBigUInt64LE(TRANSACTION_AT) ? first : second;
    const bytes = (Number(newest.readBigUInt64LE(LAST_PAGE_AT)) + 1) * first.readUInt32LE(PAGE_SIZE_AT);
    // Asked last: a file in use only grows.
    return fstatSync(file).size < bytes ? 'cut' : 'usable';
  } finally {
    closeSync(file);
  }
}

function readMeta(file: number, at: number): Buffer | undefined {
  const meta = Buffer.alloc(META_BYTES);
  const read = readSync(file, meta, 0, META_BYTES, at);
  return read === META_BYTES && meta.readUInt32LE(MAGIC_AT) === MAGIC ? meta : undefined;
}
