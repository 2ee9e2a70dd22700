import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { TestContext } from 'vitest';
import { findRedisProgram } from './index.ts';
import type { FindRedisProgramOptions, RedisProgram } from './index.ts';

const run = promisify(execFile);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'warmline-program-'));
  // Another user unpacks there, too.
  chmodSync(folder, 0o777);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A program of this name that says this, and fails if it is asked for anything but its version. */
function place(path: string, says: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n[ "$*" = --version ] && echo '${says}'\n`);
  chmodSync(path, 0o755);
}

const source = new URL('index.ts', import.meta.url).href;

/** Finds in a process of its own. */
async function findElsewhere(options: FindRedisProgramOptions, asUser: readonly string[] = []): Promise<RedisProgram> {
  const program = `import { findRedisProgram } from ${JSON.stringify(source)};
    process.stdout.write(JSON.stringify(await findRedisProgram(${JSON.stringify(options)})));`;
  const node = [process.execPath, '--conditions=@warmline/source', '--input-type=module-typescript', '-e', program];
  const [command = '', ...args] = [...asUser, ...node];
  return JSON.parse((await run(command, args)).stdout) as RedisProgram;
}

async function needsMirror({ skip }: TestContext): Promise<void> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(SITE)']).catch(() => ({ stdout: '' }));
  const [site] = stdout.split('\n');
  if (!site) skip('no apt-get with a source on this system');
  const isReached = await lookup(new URL(site ?? '').hostname).then(
    () => true,
    () => false,
  );
  if (!isReached) skip("the system's package mirror cannot be reached");
}

test('an installed program comes first, redis before valkey, whatever folder they are in', async () => {
  const path = [join(folder, 'empty'), join(folder, 'one'), join(folder, 'two')];
  place(join(folder, 'one', 'valkey-server'), 'Valkey server v=8.9.1 sha=0');
  place(join(folder, 'two', 'redis-server'), 'Redis server v=7.9.2 sha=0');
  expect(await findRedisProgram({ path })).toEqual({
    kind: 'redis',
    path: join(folder, 'two', 'redis-server'),
    version: '7.9.2',
    environment: {},
  });
  expect(await findRedisProgram({ path, kind: 'valkey' })).toMatchObject({ kind: 'valkey', version: '8.9.1' });
  expect(await findRedisProgram({ path: path.slice(0, 2) })).toMatchObject({ kind: 'valkey' });
});

test('the folders are those of PATH', async () => {
  place(join(folder, 'redis-server'), 'Redis server v=1.2.3');
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  expect(await findRedisProgram()).toMatchObject({ path: join(folder, 'redis-server'), version: '1.2.3' });
});

test('one that was unpacked earlier is taken, with its libraries', async () => {
  place(join(folder, 'redis', 'usr', 'bin', 'redis-server'), 'Redis server v=7.9.2');
  mkdirSync(join(folder, 'redis', 'usr', 'lib', 'some'), { recursive: true });
  writeFileSync(join(folder, 'redis', 'usr', 'lib', 'some', 'liblzf.so.1'), '');
  vi.stubEnv('LD_LIBRARY_PATH', '/inherited');
  const { version, environment } = await findRedisProgram({ path: [], cacheDirectory: folder });
  expect(version).toBe('7.9.2');
  expect(environment).toEqual({ LD_LIBRARY_PATH: `${join(folder, 'redis', 'usr', 'lib', 'some')}:/inherited` });
});

test('without apt it says what was tried, what to install, and that a running server will do', async () => {
  place(join(folder, 'bin', 'redis-server'), 'something else');
  vi.stubEnv('PATH', join(folder, 'nowhere'));
  const search = findRedisProgram({
    kind: 'redis',
    path: [join(folder, 'bin')],
    cacheDirectory: join(folder, 'cache'),
  });
  await expect(search).rejects.toThrow(
    /does not tell its version: something else[^]*no apt-get[^]*apt-get install redis-server[^]*REDIS_URL/,
  );
  expect(readdirSync(join(folder, 'cache'))).toEqual([]);
});

test(
  'it unpacks with empty lists of packages, as another user, over one that does not start',
  { timeout: 60_000 },
  async (context) => {
    await needsMirror(context);
    const asUser = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HOME=/nonexistent'];
    const canSwitch = process.getuid?.() === 0 && spawnSync('setpriv', [...asUser.slice(1), 'true']).status === 0;
    // As whoever runs the tests, where that is not root.
    const user = canSwitch ? asUser : [];
    mkdirSync(join(folder, 'lists'));
    const options = {
      kind: 'redis',
      path: [],
      cacheDirectory: join(folder, 'cache'),
      systemLists: join(folder, 'lists'),
    } as const;
    place(join(folder, 'cache', 'redis', 'usr', 'bin', 'redis-server'), 'broken');
    if (canSwitch) spawnSync('chown', ['-R', '65534', join(folder, 'cache')]);
    const { path, version, environment } = await findElsewhere(options, user);
    expect(path).toBe(join(folder, 'cache', 'redis', 'usr', 'bin', 'redis-server'));
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await run(path, ['--version'], { env: environment })).stdout).toContain(`v=${version}`);
    expect(readdirSync(join(folder, 'cache'))).toEqual(['redis']);
    expect(readdirSync(join(folder, 'lists'))).toEqual([]);
  },
);

test('processes that unpack at once do not disturb each other', { timeout: 60_000 }, async (context) => {
  await needsMirror(context);
  const cacheDirectory = join(folder, 'cache');
  const found = await Promise.all([1, 2].map(() => findElsewhere({ path: [], cacheDirectory })));
  expect(new Set(found.map(({ path }) => path)).size).toBe(1);
  expect(readdirSync(cacheDirectory)).toEqual(['redis']);
  expect(existsSync(found[0]!.path)).toBe(true);
});
