import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';

/** The host tier's keys are text. */
const TEXT_KEYS = {
  writeKey: (key: string, target: Buffer, at: number): number => at + target.write(key, at),
  readKey: (source: Buffer, start: number, end: number): string => source.toString('utf8', start, end),
};
const MAP_BYTES = 2 ** 30;

/** An LMDB file without Warmline. */
export type RawFile = RootDatabase<Uint8Array, string>;

/** Whoever is writing has ended by then. */
const QUIET_MS = 100;

/** Opens an LMDB directory as its documentation advises for caches: binary values, no fsync. */
export function openRaw(path: string): RawFile {
  return open<Uint8Array, string>({
    path,
    encoding: 'binary',
    keyEncoder: TEXT_KEYS,
    useVersions: true,
    noSync: true,
    overlappingSync: false,
    maxReaders: 1024,
    mapSize: MAP_BYTES,
    maxDbs: 1,
  });
}

/**
 * Opens the file of a host tier, to read it, damage it, or stand in its way; not in a process that has that tier open. As the
 * tier itself does, it keeps others from writing meanwhile: LMDB puts back an older transaction number when it is opened (ITS#9496).
 * @param directory as `HostTier.directory`
 */
export async function openUnderneath(directory: string): Promise<RawFile> {
  const ticket = join(directory, 'opening', String(process.pid));
  await writeFile(ticket, '');
  try {
    await sleep(QUIET_MS);
    return openRaw(environmentOf(directory));
  } finally {
    await rm(ticket);
  }
}

/** The folder of `data.mdb`. */
export function environmentOf(directory: string): string {
  return join(directory, 'current');
}

/** Under this key the host tier keeps a frame. */
export function frameKey(physicalKey: string): string {
  return `v${physicalKey}`;
}
