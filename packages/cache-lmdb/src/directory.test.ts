import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hostDirectory } from './directory.ts';
import { Machine, print, until } from './machine.fixture.ts';

const OPENER = './open-errors.fixture.ts';
const KEEPER = './keeper-member.fixture.ts';
const SOMEBODY = 54_321;
const isRoot = process.getuid?.() === 0;
const REFUSED = { opened: false, codes: ['ERR_HOST_DIRECTORY'], read: false };

async function opened(machine: Machine, uid?: number): Promise<unknown> {
  const child = machine.start(OPENER, uid === undefined ? {} : { uid, gid: uid });
  return child.ask('open', machine.directory);
}

describe('a directory that is not private is refused', () => {
  test('others may read it', async () => {
    await using machine = new Machine();
    const directory = hostDirectory(machine);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    chmodSync(directory, 0o755);
    expect(await opened(machine)).toEqual(REFUSED);
    expect(readdirSync(directory)).toEqual([]);
    chmodSync(directory, 0o700);
    expect(await opened(machine)).toEqual({ opened: true, codes: [], read: true });
  });

  test('it belongs to somebody else', async (context) => {
    context.skip(!isRoot, 'only root can give a directory away');
    await using machine = new Machine();
    chownSync(hostDirectory(machine), SOMEBODY, SOMEBODY);
    expect(await opened(machine)).toEqual(REFUSED);
  });

  test('it is a link, even to a directory of ours', async () => {
    await using machine = new Machine();
    const directory = hostDirectory(machine);
    renameSync(directory, join(machine.directory, 'elsewhere'));
    symlinkSync(join(machine.directory, 'elsewhere'), directory);
    expect(await opened(machine)).toEqual(REFUSED);
    expect(readdirSync(join(machine.directory, 'elsewhere'))).toEqual([]);
  });

  test('it is a file', async () => {
    await using machine = new Machine();
    const directory = hostDirectory(machine);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
    expect(await opened(machine)).toEqual(REFUSED);
  });

  test('it cannot be made', async (context) => {
    context.skip(!isRoot, 'only root can start a process of another user');
    await using machine = new Machine();
    chmodSync(machine.directory, 0o555);
    expect(await opened(machine, SOMEBODY)).toEqual(REFUSED);
    chmodSync(machine.directory, 0o777);
    expect(await opened(machine, SOMEBODY)).toEqual({ opened: true, codes: [], read: true });
  });

  test('by default, the folder that holds it, too', async () => {
    await using machine = new Machine();
    const base = join(machine.directory, `warmline-${process.getuid?.()}`);
    const ask = async (): Promise<unknown> =>
      machine.start(OPENER, { env: { ...process.env, TMPDIR: machine.directory } }).ask('open');
    mkdirSync(base);
    chmodSync(base, 0o777);
    expect(await ask()).toEqual(REFUSED);
    rmSync(base, { recursive: true });
    mkdirSync(join(machine.directory, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(machine.directory, 'elsewhere'), base);
    expect(await ask()).toEqual(REFUSED);
    rmSync(base);
    expect(await ask()).toEqual({ opened: true, codes: [], read: true });
    expect(statSync(base).mode & 0o777).toBe(0o700);
  });
});

test('names, clusters and users have a directory each', async () => {
  const all = [
    {},
    { name: 'other' },
    { cluster: 'redis://a' },
    { cluster: 'redis://b' },
    { name: 'other', cluster: 'redis://a' },
  ];
  await using machine = new Machine();
  const directories = all.map((options) => hostDirectory({ directory: machine.directory, ...options }));
  expect(new Set(directories).size).toBe(all.length);
});

test('the keeper removes what earlier boots have left, and nothing else', { timeout: 30_000 }, async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const [version, boot, space, uid, pool] = basename(tier.directory).split('-');
  const left = [
    `v1-0123456789ab-4026531836-${uid}-b0707a0b430a`,
    `v0-0123456789ab-1-${uid}-b0707a0b430a`,
    `${version}-ffffffffffff-${space}-${uid}-${pool}`,
  ];
  const others = [
    basename(tier.directory),
    `${version}-${boot}-1-${uid}-${pool}`,
    `${version}-${boot}-${space}-${uid}-0123456789ab`,
    'v1-0123',
    'v1-0123456789abc',
    'x-v1-0123456789ab-1',
    // Another user's.
    `${version}-ffffffffffff-${space}-54321-${pool}`,
    'somebody-elses',
  ];
  for (const name of [...left, ...others]) {
    mkdirSync(join(machine.directory, name, 'current'), { recursive: true });
    writeFileSync(join(machine.directory, name, 'size'), '');
  }
  // A link of such a name goes; what it leads to stays.
  symlinkSync(join(machine.directory, 'somebody-elses'), join(machine.directory, `v1-0123456789ab-1-${uid}-link`));
  const keeper = machine.start(KEEPER);
  await keeper.ask('open', { directory: machine.directory });
  await keeper.ask('keep');
  const found = (): string[] => readdirSync(machine.directory).toSorted();
  await until(() => !left.some((name) => existsSync(join(machine.directory, name))), 10_000, 'they are removed');
  await until(() => found().length <= others.length, 2_000, 'the link is removed').catch(() => {});
  print(`${left.length} directories of earlier boots removed, ${others.length} others kept`);
  expect(found()).toEqual(others.toSorted());
  expect(existsSync(join(machine.directory, 'somebody-elses', 'size'))).toBe(true);
  expect(await keeper.ask('failures')).toEqual([]);
});
