import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { hostDirectory } from './directory.ts';
import { HostTierError } from './errors.ts';
import { Machine, print, refOf } from './machine.fixture.ts';
import { AccountPermits } from './permits.ts';
import { foldStatistics, machineStatistics, StatisticsPublisher } from './statistics.ts';

const OPENER = './open-errors.fixture.ts';
const isRoot = process.getuid?.() === 0;

/** Runs an ES module in a process of its own. */
function run(text: string): { output: string; status: number | null; signal: NodeJS.Signals | null } {
  const { stdout, status, signal } = spawnSync(
    process.execPath,
    ['--conditions=@warmline/source', '--input-type=module', '-e', text],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8', timeout: 15_000 },
  );
  return { output: stdout, status, signal };
}

describe('no host tier is undefined and one event', () => {
  async function opened(
    prepare: (directory: string) => void,
    uid?: number,
  ): Promise<{ opened: boolean; codes: readonly string[] } | string> {
    await using machine = new Machine();
    prepare(hostDirectoryIn(machine.directory));
    return await ask(machine, uid);
  }

  function hostDirectoryIn(directory: string): string {
    const current = join(hostDirectory({ directory }), 'current');
    mkdirSync(current, { recursive: true });
    return current;
  }

  async function ask(machine: Machine, uid?: number): Promise<{ opened: boolean; codes: readonly string[] } | string> {
    const child = machine.start(OPENER, uid === undefined ? {} : { uid, gid: uid });
    return child
      .ask<{ opened: boolean; codes: readonly string[] }>('open', machine.directory)
      .catch((error: unknown) => String(error));
  }

  test.runIf(isRoot)('for a user without an entry in /etc/passwd there is one', async () => {
    await using machine = new Machine();
    expect(await ask(machine, 54_321)).toMatchObject({ opened: true, codes: [] });
  });

  test('data.mdb is a directory: a new file', async () => {
    const found = await opened((directory) => mkdirSync(join(directory, 'data.mdb')));
    expect(found).toMatchObject({ opened: true, codes: [] });
  });

  // Some failures to open end the process: lmdb's own clean-up touches what it has freed.
  test('lock.mdb is a directory: a new file', async () => {
    const found = await opened((directory) => mkdirSync(join(directory, 'lock.mdb')));
    expect(found).toMatchObject({ opened: true, codes: [] });
  });

  test('the file is of another version of LMDB', async () => {
    await using machine = new Machine();
    await machine.open().close();
    const path = join(hostDirectoryIn(machine.directory), 'data.mdb');
    const bytes = readFileSync(path);
    for (const page of [0, 4096]) bytes.writeUInt32LE(99, page + 28);
    writeFileSync(path, bytes);
    expect(await ask(machine)).toMatchObject({ codes: expect.any(Array) as unknown });
  });

  test('the first pages are right and the others are not', async () => {
    await using machine = new Machine();
    const tier = machine.open();
    for (let key = 0; key < 100; key++) await tier.write(refOf(String(key)), Buffer.alloc(3000), { ttlMs: 60_000 });
    await tier.close();
    const path = join(hostDirectoryIn(machine.directory), 'data.mdb');
    writeFileSync(path, readFileSync(path).fill(0, 8192));
    expect(await ask(machine)).toMatchObject({ codes: expect.any(Array) as unknown });
  });

  test.runIf(isRoot)('the disk is full', () => {
    // In a mount namespace of its own; 135 is SIGBUS, 139 SIGSEGV.
    const directory = '/tmp/warmline-full';
    const one = `${process.execPath} --conditions=@warmline/source --input-type=module -e '
      import { openHostTier } from "./open-host-tier.ts";
      openHostTier({ directory: "${directory}/host", onEvent: (event) => process.stdout.write(event.type + " ") });'`;
    const script = `mkdir -p ${directory} && mount -t tmpfs -o size=8m tmpfs ${directory} || exit 77
      for free in 0 8 16 32; do
        rm -rf ${directory}/*; head -c $(((8192 - free) * 1024)) /dev/zero > ${directory}/fill 2> /dev/null
        ${one}; echo "status $?"
      done`;
    const { stdout, status } = spawnSync('unshare', ['-m', 'bash', '-c', script], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
    });
    rmSync(directory, { recursive: true, force: true });
    if (status === 77) return;
    print(stdout.replaceAll('\n', ', '));
    expect(stdout.match(/status \d+/gu)).toEqual(Array.from({ length: 4 }, () => 'status 0'));
  });
});

test('a process that was idle while the file grew and was cut in half lives on', async () => {
  await using machine = new Machine();
  const tier = machine.open();
  await tier.write(refOf('0'), Buffer.alloc(100), { ttlMs: 60_000 });
  const child = machine.start('./idle-reader.fixture.ts');
  await child.ask('open', machine.directory);
  await child.ask('read', 1);
  for (let key = 1; key < 400; key++) await tier.write(refOf(String(key)), Buffer.alloc(20_000), { ttlMs: 60_000 });
  const path = join(tier.directory, 'current', 'data.mdb');
  truncateSync(path, statSync(path).size / 2);
  const found = await child.ask('read', 400).catch((error: unknown) => String(error));
  expect(found).toBe(0);
});

test('two processes that remove an unusable file, or condemn one, never share a data.mdb under two locks', async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const lock = join(tier.directory, 'current', 'lock.mdb');
  // What another process sees between the two removals of `condemn`, or when a cleaner of /tmp takes the older file.
  rmSync(lock);
  await sleep(5);
  // Who comes now makes a lock of its own, and both write to the one data.mdb: the first must have seen that it is alone.
  const error = await tier.read([refOf('k')]).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HostTierError);
});

test('a thread that opens the tier does not take the locks of its process away', async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const { ino } = statSync(join(tier.directory, 'current', 'lock.mdb'));
  const held = (): number =>
    readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`:${ino} `) && line.includes(` ${process.pid} `)).length;
  const before = held();
  const text = `
    import { parentPort } from 'node:worker_threads';
    const { openHostTier } = await import(${JSON.stringify(new URL('./open-host-tier.ts', import.meta.url).href)});
    const codes = [];
    openHostTier({ directory: ${JSON.stringify(machine.directory)}, onEvent: ({ error }) => codes.push(error.code) });
    parentPort.postMessage(codes);
    setInterval(() => {}, 1000);`;
  const worker = new Worker(text, { eval: true, execArgv: ['--conditions=@warmline/source'] });
  const [codes] = (await once(worker, 'message')) as [string[]];
  expect(codes).toEqual(['ERR_HOST_FILE']);
  const after = held();
  await worker.terminate();
  print(`${before} locks before, ${after} after`);
  expect(after).toBe(before);
});

test('a lease given back while it is being renewed is free', async () => {
  await using machine = new Machine();
  const { leases } = machine.open();
  const lease = await leases.acquire('x', 15_000);
  const renewing = lease?.renew(15_000);
  await lease?.release();
  await renewing;
  expect(leases.holderOf('x')).toBeUndefined();
});

test('what is written at once may be as large as `maxEntryBytes`', async () => {
  await using machine = new Machine();
  const tier = machine.open();
  expect(tier.maxEntryBytes).toBeGreaterThan(20 * 2 ** 20);
  await tier.write(refOf('large'), Buffer.alloc(20 * 2 ** 20), { ttlMs: 60_000 });
  expect((await tier.read([refOf('large')]))[0]?.bytes?.byteLength).toBe(20 * 2 ** 20);
});

test('what two keepers fold at the same time is counted once', async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const { pid } = spawnSync('true');
  await tier.records.put(`statistics/${pid}-x`, { pid, counters: { hits: 10 } });
  await Promise.all([foldStatistics(tier).run(), foldStatistics(tier).run()]);
  expect(machineStatistics(tier).total).toEqual({ hits: 10 });
});

test('counters that cannot be read are no unhandled rejection', async () => {
  await using machine = new Machine();
  const publisher = new StatisticsPublisher(machine.open(), () => {
    throw new Error('no counters');
  });
  const [published, closed] = await Promise.allSettled([publisher.publish(), publisher.close()]);
  expect([published.status, closed.status]).toEqual(['fulfilled', 'fulfilled']);
});

test('who awaits a permit keeps Node alive until there is one, or the wait is over', async () => {
  await using machine = new Machine();
  const permits = new AccountPermits(machine.open(), { account: 'a', limit: 1 });
  const held = await permits.acquire(0);
  const { output, status } = run(`
    import { openHostTier, AccountPermits } from './index.ts';
    const tier = openHostTier({ directory: ${JSON.stringify(machine.directory)} });
    const permit = await new AccountPermits(tier, { account: 'a', limit: 1 }).acquire(1000);
    process.stdout.write('permit: ' + typeof permit);`);
  held?.release();
  expect({ output, status }).toEqual({ output: 'permit: undefined', status: 0 });
});

test('a flood of small entries leaves room for others: their stamps go with them', { timeout: 60_000 }, async () => {
  await using machine = new Machine();
  const { Keeper } = await import('./keeper.ts');
  const tier = machine.open({ maxBytes: 4 * 2 ** 20 });
  const keeper = new Keeper(tier);
  let refused = 0;
  const flood = async (from: number, count: number): Promise<void> => {
    for (let at = from; at < from + count; at += 100) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const ref = refOf(String(at + index).padStart(32, '0'));
          await tier.begin(ref, { leaseMs: 0, stampTtlMs: 86_400_000 });
          await tier.write(ref, Buffer.alloc(300), { ttlMs: 86_400_000 }).catch(() => refused++);
        }),
      );
      await sleep(2);
    }
  };
  await flood(0, 20_000);
  await sleep(1500);
  const values = tier.file.keys('v', 'w', 1_000_000).length;
  const stamps = tier.file.keys('s', 't', 1_000_000).length;
  print(`after 20,000 entries: ${values} values, ${stamps} stamps, ${refused} writes refused`);
  await keeper.close();
  // 4 MB hold about ten thousand entries of this size.
  expect(values).toBeGreaterThan(1_000);
  expect(stamps).toBeLessThan(20_000);
});
