import { closeSync, fstatSync, lstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** `MDB_MAGIC` and the fields of `MDB_meta` behind the header of each of the first two pages. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const VERSION_AT = 28;
const VERSION = 2;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;
const MIN_PAGE_BYTES = 4096;

/** The two files of an LMDB environment, and one of ours: how large the first has been. */
export function filesOf(folder: string): { readonly data: string; readonly lock: string; readonly size: string } {
  return { data: join(folder, 'data.mdb'), lock: join(folder, 'lock.mdb'), size: join(folder, 'size') };
}

/**
 * Whether LMDB may be let loose on a folder: some kinds of damage end the process that opens it. `unusable`: other kinds of
 * files, another user's, another format, or only the beginning of one.
 */
export function stateOf(folder: string): 'usable' | 'absent' | 'unusable' {
  const { data, lock, size } = filesOf(folder);
  if (kindOf(folder) === 'absent') return 'absent';
  if (kindOf(data) !== 'file' || kindOf(lock) !== 'file') return 'unusable';
  const file = openSync(data, 'r');
  try {
    // Both before the file is measured, which may grow in between.
    const largest = sizeSeen(size);
    const needed = pageBytesOf(file);
    return needed !== undefined && fstatSync(file).size >= (largest ?? needed) ? 'usable' : 'unusable';
  } finally {
    closeSync(file);
  }
}

function sizeSeen(path: string): number | undefined {
  try {
    const bytes = readFileSync(path);
    return bytes.length === 8 ? bytes.readDoubleLE() : undefined;
  } catch {
    return undefined;
  }
}

const metas = Buffer.alloc(MIN_PAGE_BYTES + META_BYTES);

/** By LMDB's count of pages, of which the last may never have been written. */
function pageBytesOf(file: number): number | undefined {
  if (readSync(file, metas, 0, metas.length, 0) < metas.length) return undefined;
  const pageBytes = metas.readUInt32LE(PAGE_SIZE_AT);
  const second = pageBytes === MIN_PAGE_BYTES ? metas.subarray(MIN_PAGE_BYTES) : metaAt(file, pageBytes);
  if (!isMeta(metas) || !isMeta(second)) return undefined;
  const newest = metas.readBigUInt64LE(TRANSACTION_AT) > second.readBigUInt64LE(TRANSACTION_AT) ? metas : second;
  return (Number(newest.readBigUInt64LE(LAST_PAGE_AT)) + 1) * pageBytes;
}

function metaAt(file: number, at: number): Buffer {
  const meta = Buffer.alloc(META_BYTES);
  readSync(file, meta, 0, META_BYTES, at);
  return meta;
}

function isMeta(page: Buffer): boolean {
  return page.readUInt32LE(MAGIC_AT) === MAGIC && page.readUInt32LE(VERSION_AT) === VERSION;
}

function kindOf(path: string): 'absent' | 'file' | 'other' {
  try {
    const found = lstatSync(path);
    return found.isFile() && (process.getuid === undefined || found.uid === process.getuid()) ? 'file' : 'other';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'absent';
    throw error;
  }
}
