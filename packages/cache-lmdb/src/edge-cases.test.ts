import { hash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HostTierError } from './errors.ts';
import { flagsOf } from './flags.fixture.ts';
import { Machine, print, refOf, until } from './machine.fixture.ts';

const MEMBER = './defect-member.fixture.ts';
const MB = 2 ** 20;
const LONG = { ttlMs: 600_000 };
// `OFFSET_MS` is made of the first call of `performance.now()`, which takes a millisecond, and on a busy machine many.
test.concurrent('the time of two processes of a machine is the same to less than 0.3 ms', async () => {
  await using machine = new Machine();
  const errors = await Promise.all(Array.from({ length: 3 }, () => machine.start(MEMBER).ask<number>('clockErrorMs')));
  print(`off by ${errors.map((ms) => ms.toFixed(2)).join(', ')} ms`);
  expect(Math.max(...errors)).toBeLessThan(0.3);
});

describe.concurrent('a flag or a ticket that a dead process has left behind', () => {
  test('is a flag: stops nobody from opening when its pid is that of another process', async () => {
    await using machine = new Machine();
    const { directory } = machine.open();
    const writer = machine.start(MEMBER);
    await writer.ask('enterGate', machine.directory);
    await writer.kill();
    const living = machine.start(MEMBER);
    await living.ask('where', machine.directory);
    // As after 32,768 more processes, which is the limit of many machines.
    for (const flag of flagsOf(directory, writer.pid)) renameSync(flag, join(directory, 'writing', `${living.pid}-x`));
    expect(await machine.start(MEMBER).ask('open', machine.directory)).toEqual([]);
  });

  test('is a ticket: stops no write when its pid is that of another process', async () => {
    await using machine = new Machine();
    const tier = machine.open();
    const living = machine.start(MEMBER);
    await living.ask('where', machine.directory);
    writeFileSync(join(tier.directory, 'opening', String(living.pid)), '');
    await expect(tier.write(refOf('k'), Buffer.alloc(10), LONG)).resolves.toBeUndefined();
  });
});

// `readdirSync` of the tickets throws between `#inside++` and `leave`.
test.concurrent(
  'a process that could open no file for a moment does not keep others from opening for ever',
  { timeout: 30_000 },
  async () => {
    await using machine = new Machine();
    const child = machine.start(MEMBER, {
      execPath: 'bash',
      execArgv: ['-c', `ulimit -n 200; exec ${process.execPath} --conditions=@warmline/source "$0"`],
    });
    await child.ask('open', machine.directory);
    const tier = machine.open();
    const { during, afterwards } = await child.ask<Record<string, string>>('writeWithoutFiles');
    print(`without files: ${during}; then: ${afterwards}`);
    expect(afterwards).toBe('done');
    expect(flagsOf(tier.directory, child.pid).map((flag) => readFileSync(flag, 'utf8'))).toEqual(['0']);
    expect(await machine.start(MEMBER).ask('open', machine.directory)).toEqual([]);
  },
);

// Fullness is measured ten times a second, and what this process itself has written since is not added.
test('no more than a quarter beyond `maxBytes` is written, however fast', async () => {
  await using machine = new Machine();
  const tier = machine.open({ maxBytes: 8 * MB });
  for (let at = 0; at < 3_000; at += 100) {
    const writes = Array.from({ length: 100 }, (_, index) =>
      tier.write(refOf(String(at + index)), Buffer.alloc(20_000), LONG).catch((error: unknown) => {
        if (!(error instanceof HostTierError)) throw error;
      }),
    );
    await Promise.all(writes);
  }
  print(`${(tier.file.usedBytes() / MB).toFixed(1)} MB in use of 8`);
  // And what was under way.
  expect(tier.file.usedBytes()).toBeLessThan(12 * MB);
});

// `removeEarlierBoots` throws, and `removeLeftovers` is never reached.
test.concurrent(
  "another user's directory of an earlier boot keeps nobody from tidying up",
  { timeout: 30_000 },
  async (context) => {
    context.skip(process.getuid?.() !== 0, 'only root can start a process of another user');
    await using machine = new Machine();
    const foreign = join(machine.directory, 'v1-0123456789ab-4026531836-0-b0707a0b430a');
    mkdirSync(join(foreign, 'current'), { recursive: true });
    chmodSync(foreign, 0o700);
    const keeper = machine.start('./keeper-member.fixture.ts', { uid: 54_321, gid: 54_321 });
    expect(await keeper.ask('open', { directory: machine.directory })).toBe(true);
    await keeper.ask('keep');
    await until(() => keeper.ask('isHolding'), 5_000, 'it is the keeper');
    await sleep(1_000);
    expect(await keeper.ask('failures')).toEqual([]);
  },
);

describe('names that are replaced by their hash', () => {
  const long = 'k'.repeat(10_000);
  const alias = `~${hash('sha256', Buffer.from(long, 'utf16le'), 'hex')}`;

  // `recordKey` escapes long names, but not short ones that look like an escaped one.
  test('are not those of a short name that looks like it', async () => {
    await using machine = new Machine();
    const { leases } = machine.open();
    await leases.acquire(long, 60_000);
    expect(leases.holderOf(alias)).toBeUndefined();
  });

  test('are refused where they must be listed', async () => {
    await using machine = new Machine();
    const { records } = machine.open();
    for (const name of [long, alias, '\ud800']) await expect(records.put(name, {})).rejects.toThrow(TypeError);
  });
});

// `renew` writes `under: []`.
test.concurrent('a lease that was renewed is still that of its stamps', async () => {
  await using machine = new Machine();
  const { leases } = machine.open();
  const lease = await leases.acquire('l', 60_000, ['stamp']);
  expect(await leases.acquire('l', 60_000, ['stamp'])).toBeUndefined();
  await lease?.renew(60_000);
  expect(await leases.acquire('l', 60_000, ['stamp'])).toBeUndefined();
});
