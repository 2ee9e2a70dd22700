import { randomInt } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { flagsOf } from './flags.fixture.ts';
import type { HostTier } from './host-tier.ts';
import type { Child } from './machine.fixture.ts';
import { Machine, print, refOf, until } from './machine.fixture.ts';
import { identityOf, processState } from './process-state.ts';
import { isSealed, sealed } from './sealed-value.fixture.ts';

const WRITER = './busy-writer.fixture.ts';
const KEYS = 100;
const LINES = 3;
const KILLS_A_LINE = 7;
/** A write takes a millisecond; without a mended lock it would take for ever. */
const HANG_MS = 3_000;
const LONG = { ttlMs: 600_000 };
const names = Array.from({ length: KEYS }, (_, key) => String(key));

async function busy(machine: Machine): Promise<Child> {
  const child = machine.start(WRITER);
  expect(await child.ask('open', { directory: machine.directory })).toBe(true);
  await child.ask('churn', KEYS);
  return child;
}

function isStopped(pid: number): boolean {
  return processState(pid) === 'stopped';
}

/** Whether the process died in the middle of a commit. */
function diedWriting(tier: HostTier, pid: number): boolean {
  return flagsOf(tier.directory, pid).some((flag) => readFileSync(flag, 'utf8') === '1');
}

test(
  'processes killed inside writes and leases leave nothing corrupt, locked or held',
  { timeout: 60_000 },
  async () => {
    await using machine = new Machine();
    const tier = machine.open();
    const found = { kills: 0, whileWriting: 0, checked: 0, corrupt: 0, held: [] as string[], slowestMs: 0 };
    const line = async (): Promise<void> => {
      for (let kill = 0; kill < KILLS_A_LINE; kill++) {
        const child = await busy(machine);
        await sleep(randomInt(3, 40));
        await child.kill();
        found.kills++;
        if (diedWriting(tier, child.pid)) found.whileWriting++;
        const lease = await tier.leases.acquire(`held by ${child.pid}`, 60_000);
        if (lease === undefined) found.held.push('a lease');
        const begun = await tier.begin(refOf(`loaded by ${child.pid}`), { leaseMs: 60_000, stampTtlMs: 60_000 });
        if (begun.lease === 'elsewhere') found.held.push('the right to load');
        if (names.some((key) => tier.leases.holderOf(`of ${key}`) === child.pid)) found.held.push('one of its leases');
        const fromMs = performance.now();
        await tier.write(refOf('probe'), sealed(100), LONG);
        found.slowestMs = Math.max(found.slowestMs, performance.now() - fromMs);
        for (const { bytes } of await tier.read([...names, 'first', 'probe'].map((key) => refOf(key)))) {
          if (bytes === undefined) continue;
          found.checked++;
          if (!isSealed(bytes)) found.corrupt++;
        }
      }
    };
    await Promise.all(Array.from({ length: LINES }, line));
    const last = machine.start(WRITER);
    expect(await last.ask('open', { directory: machine.directory })).toBe(true);
    const { values, corrupt } = await last.ask<{ values: number; corrupt: number }>('check', KEYS);
    print(
      `${found.kills} kills, ${found.whileWriting} in the middle of a commit; ${found.checked} values compared, ` +
        `${found.corrupt} corrupt; slowest write after a kill ${found.slowestMs.toFixed(1)} ms; ` +
        `a new process finds ${values} values, ${corrupt} corrupt`,
    );
    expect({ corrupt: found.corrupt + corrupt, held: found.held }).toEqual({ corrupt: 0, held: [] });
    expect(found.slowestMs).toBeLessThan(HANG_MS);
    // Else nothing was killed inside a write, or nothing was compared.
    expect(found.whileWriting).toBeGreaterThanOrEqual(found.kills / 4);
    expect(found.checked).toBeGreaterThan(found.kills * 20);
    expect(values).toBeGreaterThan(KEYS / 2);
  },
);

test('of a transaction that was killed in the middle nothing is seen, and its lock is free', async () => {
  await using machine = new Machine();
  const tier = machine.open();
  await tier.write(refOf('before'), sealed(5_000), LONG);
  const before = tier.file.keys('\0', '\uFFFF', 1000);
  const child = machine.start('./stopped-writer.fixture.ts');
  void child.ask('stopInside', tier.directory);
  await until(() => isStopped(child.pid), 5_000, 'the writer is stopped');
  const writing = tier.write(refOf('after'), sealed(5_000), LONG);
  expect(await Promise.race([writing.then(() => 'written'), sleep(200, 'waits')])).toBe('waits');
  const fromMs = performance.now();
  await child.kill();
  await writing;
  print(
    `a write that had waited ended ${(performance.now() - fromMs).toFixed(1)} ms after the holder of the lock was killed`,
  );
  expect(performance.now() - fromMs).toBeLessThan(HANG_MS);
  const read = await tier.read([refOf('before'), refOf('after')]);
  expect(read.map(({ bytes }) => bytes !== undefined && isSealed(bytes))).toEqual([true, true]);
  tier.file.renew();
  expect(tier.file.keys('\0', '\uFFFF', 1000)).toEqual([...before, `v${refOf('after').key}`].toSorted());
});

test('the ticket of a process that died while it opened stops no write', async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const child = machine.start('./gate-member.fixture.ts');
  void child.ask('stopOpening', tier.directory);
  await until(() => isStopped(child.pid), 5_000, 'the opener is stopped');
  const ticket = join(tier.directory, 'opening', identityOf(child.pid));
  await child.kill();
  expect(existsSync(ticket)).toBe(true);
  const fromMs = performance.now();
  await tier.write(refOf('k'), sealed(10), LONG);
  expect(performance.now() - fromMs).toBeLessThan(HANG_MS);
  expect(existsSync(ticket)).toBe(false);
});

test('the flag of a process that died while it wrote stops nobody from opening', async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const child = machine.start('./gate-member.fixture.ts');
  await child.ask('enter', tier.directory);
  await child.kill();
  expect(diedWriting(tier, child.pid)).toBe(true);
  const next = machine.start('./open-errors.fixture.ts');
  const fromMs = performance.now();
  expect(await next.ask('open', machine.directory)).toEqual({ opened: true, codes: [], read: true });
  print(`opened ${(performance.now() - fromMs).toFixed(0)} ms after it was asked to, its start included`);
});

test('processes killed while they open leave a file that opens, and that can be written', async () => {
  await using machine = new Machine();
  const { directory } = machine.open();
  let withTicket = 0;
  const startAndKill = async (): Promise<void> => {
    for (let kill = 0; kill < 3; kill++) {
      const child = machine.start(WRITER);
      void child.ask('open', { directory: machine.directory });
      const ticket = join(directory, 'opening', String(child.pid));
      // The flag stays, once the file is open; a ticket is there for a few milliseconds only.
      const isOpening = (): boolean => existsSync(ticket) || flagsOf(directory, child.pid).length > 0;
      await until(isOpening, 10_000, 'it opens');
      await child.kill();
      if (existsSync(ticket)) withTicket++;
    }
  };
  await Promise.all([startAndKill(), startAndKill()]);
  const last = machine.start(WRITER);
  expect(await last.ask('open', { directory: machine.directory })).toBe(true);
  await last.ask('churn', KEYS);
  print(`6 killed while they opened, ${withTicket} left their ticket behind`);
  await last.kill();
  expect(readdirSync(join(directory, 'opening'))).toEqual([]);
});
