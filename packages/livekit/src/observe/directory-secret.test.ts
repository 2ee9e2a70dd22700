import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { directorySecret } from './directory-secret.ts';

const run = promisify(execFile);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warmline-secret-'));
});

afterEach(() => rm(directory, { recursive: true }));

test('all that ask at the same time get the same secret, and no trace of the others is left', async () => {
  const asked: Promise<Uint8Array>[] = [];
  // One after the other, so that each step of one meets each step of another.
  for (let asker = 0; asker < 50; asker++) {
    asked.push(directorySecret(directory));
    await new Promise(setImmediate);
  }
  const secrets = await Promise.all(asked);
  expect(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size).toBe(1);
  expect(secrets[0]).toHaveLength(32);
  expect(await readdir(directory)).toEqual(['secret']);
  expect((await stat(join(directory, 'secret'))).mode & 0o777).toBe(0o600);
});

test('processes share it', async () => {
  const program = new URL('directory-secret.fixture.ts', import.meta.url).pathname;
  const outputs = await Promise.all(Array.from({ length: 3 }, () => run(process.execPath, [program, directory])));
  expect(outputs[0]!.stdout).toMatch(/^[0-9a-f]{64}$/u);
  expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
  expect(await readdir(directory)).toEqual(['secret']);
});

test('two directories have two secrets', async () => {
  const other = await mkdtemp(join(directory, 'other-'));
  expect(await directorySecret(directory)).not.toEqual(await directorySecret(other));
});

test('a file that is no secret is not used as one', async () => {
  await writeFile(join(directory, 'secret'), 'short');
  await expect(directorySecret(directory)).rejects.toThrow('must hold 32 bytes, it has 5');
});
