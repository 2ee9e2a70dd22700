import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import type * as Lmdb from 'lmdb';
import { filesOf, stateOf } from './environment.ts';
import { HostTierError } from './errors.ts';
import { Gate } from './gate.ts';
import { recordKey } from './names.ts';
import { stoppedWriter } from './write-lock.ts';

/** The database in the file: bytes by text. */
export type Db = Lmdb.RootDatabase<Uint8Array, string>;
export type LmdbModule = typeof Lmdb;

/** The folder of the environment in use. */
export const CURRENT = 'current';
/** Drawn when the file was made. */
export const IDENTITY: string = recordKey('head', 'identity');

const MAX_READERS = 1024;
/** A cache line of LMDB's for each reader, and a page for what comes before. */
const LOCK_BYTES = (MAX_READERS + 64) * 64;
/** Without so much room there is no use in a new file. */
const MIN_FREE_BYTES = 2 ** 20;

/** Keys are text, written straight into the buffer of the engine. */
const TEXT_KEYS = {
  writeKey: (key: string, target: Buffer, at: number): number => at + target.write(key, at),
  readKey: (source: Buffer, start: number, end: number): string => source.toString('utf8', start, end),
};

/**
 * Opens the environment, and makes one if there is none or it is unusable. A new one is made where nobody looks and appears
 * whole, so that no process opens a file that another is still making.
 */
export function openEnvironment(lmdb: LmdbModule, directory: string, mapBytes: number): Db {
  if (!isMainThread) {
    throw new HostTierError('ERR_HOST_FILE', 'the host tier can be opened by the main thread of a process only');
  }
  const current = join(directory, CURRENT);
  const open = (path: string): Db =>
    lmdb.open<Uint8Array, string>({
      path,
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
  return Gate.whileNobodyWrites(directory, () => {
    if (stateOf(current) === 'unusable') discard(directory);
    if (stateOf(current) === 'absent') {
      const made = make(directory, open);
      if (made !== undefined) return made;
    }
    const stopped = stoppedWriter(filesOf(current).lock);
    if (stopped !== undefined) {
      throw new HostTierError('ERR_HOST_STUCK', `thread ${stopped} was stopped while it was writing to ${directory}`);
    }
    return open(current);
  });
}

/** @returns `undefined` when another process was quicker. */
function make(directory: string, open: (path: string) => Db): Db | undefined {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < MIN_FREE_BYTES)
    throw new HostTierError('ERR_HOST_FULL', `less than ${MIN_FREE_BYTES} bytes are free for ${directory}`);
  const making = join(directory, `making-${randomUUID()}`);
  mkdirSync(making, { mode: 0o700 });
  // In full length: a page of it that the disk has no room for would end the process that touches it.
  writeFileSync(filesOf(making).lock, Buffer.alloc(LOCK_BYTES), { mode: 0o600 });
  const db = open(making);
  db.putSync(IDENTITY, Buffer.from(randomUUID()), 1);
  try {
    renameSync(making, join(directory, CURRENT));
    return db;
  } catch {
    void db.close();
    rmSync(making, { recursive: true, force: true });
    return undefined;
  }
}

/** Both files at once: never would a new file stand beside the lock of an old one. */
export function discard(directory: string): void {
  const discarded = join(directory, `discarded-${randomUUID()}`);
  renameSync(join(directory, CURRENT), discarded);
  rmSync(discarded, { recursive: true, force: true });
}

/** Loaded at the first use only, and so that its absence is an error like any other. */
export function loadEngine(): LmdbModule {
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
