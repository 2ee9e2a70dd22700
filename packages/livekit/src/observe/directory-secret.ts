import { randomBytes } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Name of the file in the directory of the logs. */
const SECRET_FILE = 'secret';
const SECRET_BYTES = 32;

/**
 * The secret of a directory, shared by all processes that log there; the first one makes it.
 *
 * 1. A and B find none, and each writes 32 random bytes to a file of its own.
 * 2. A links its file to the name; from this moment it is there, whole.
 * 3. B's link fails, because the name is taken: B reads what A made.
 */
export async function directorySecret(directory: string): Promise<Uint8Array> {
  const path = join(directory, SECRET_FILE);
  return (await readSecret(path)) ?? makeSecret(path);
}

async function makeSecret(path: string): Promise<Uint8Array> {
  const own = `${path}.${process.pid}-${randomBytes(8).toString('hex')}`;
  await writeFile(own, randomBytes(SECRET_BYTES), { mode: 0o600, flag: 'wx' });
  try {
    await link(own, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(own);
  }
  const secret = await readSecret(path);
  if (secret === undefined) throw new Error(`${path} vanished while it was being made`);
  return secret;
}

async function readSecret(path: string): Promise<Uint8Array | undefined> {
  try {
    const secret = await readFile(path);
    if (secret.byteLength === SECRET_BYTES) return secret;
    throw new Error(`${path} must hold ${SECRET_BYTES} bytes, it has ${secret.byteLength}`);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
