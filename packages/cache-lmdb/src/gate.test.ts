import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { flagsOf } from './flags.fixture.ts';
import type { Stays } from './gate-member.fixture.ts';
import { Machine, print, refOf, until } from './machine.fixture.ts';
import { processState } from './process-state.ts';

const MEMBER = './gate-member.fixture.ts';
const LOSSES_MS = 10_000;
const OPENINGS_A_PROCESS = 20;
const MODEL_MS = 2_500;
/** What the gate itself allows for, and what a busy machine may add to it. */
const OPEN_WAIT_MS = 3_000;
const WRITE_WAIT_MS = 5_000;
const NOISE_MS = 4_000;
const LONG = { ttlMs: 600_000 };

function isStopped(pid: number): boolean {
  return processState(pid) === 'stopped';
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}

interface Stay {
  readonly fromMs: number;
  readonly toMs: number;
}

function staysOf(all: readonly Stays[]): Stay[] {
  return all.flatMap((stays) =>
    Array.from({ length: stays.length / 2 }, (_, at) => ({ fromMs: stays[2 * at] ?? 0, toMs: stays[2 * at + 1] ?? 0 })),
  );
}

/** How many stays of the one kind had one of the other at the same time. */
function overlaps(some: readonly Stay[], others: readonly Stay[]): number {
  const ends = [
    ...some.flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, some: 1, others: 0 },
      { atMs: toMs, some: -1, others: 0 },
    ]),
    ...others.flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, some: 0, others: 1 },
      { atMs: toMs, some: 0, others: -1 },
    ]),
  ].toSorted((one, other) => one.atMs - other.atMs);
  const inside = { some: 0, others: 0 };
  let found = 0;
  for (const end of ends) {
    inside.some += end.some;
    inside.others += end.others;
    if (end.some + end.others > 0 && inside.some > 0 && inside.others > 0) found++;
  }
  return found;
}

test('openers and writers are never inside at the same time', { timeout: 60_000 }, async () => {
  await using machine = new Machine();
  const { directory } = machine;
  const children = Array.from({ length: 4 }, () => machine.start(MEMBER));
  await Promise.all(children.map((child) => child.ask('join', directory)));
  const stays = await Promise.all(
    children.map((child, at) => child.ask<Stays>(at < 2 ? 'open' : 'write', directory, MODEL_MS)),
  );
  const opened = staysOf(stays.slice(0, 2));
  const written = staysOf(stays.slice(2));
  const found = overlaps(opened, written);
  print(`${opened.length} openings, ${written.length} writes: ${found} overlaps`);
  expect(found).toBe(0);
  // Else one kind has starved, and nothing was compared.
  expect(opened.length).toBeGreaterThan(200);
  expect(written.length).toBeGreaterThan(1_000);
});

// Mostly waiting, so at the same time as those below.
describe.concurrent('processes that only open the tier', () => {
  // lmdb 3.5.6, mdb_env_open2: `env->me_txns->mti_txnid = meta.mm_txnid` without the write lock (upstream: ITS#9496).
  test('void no commit of another, and do not corrupt its file', { timeout: 60_000 }, async () => {
    await using machine = new Machine();
    const tier = machine.open();
    let opened = 0;
    let isOver = false;
    const openAgainAndAgain = async (): Promise<void> => {
      while (!isOver) {
        const child = fork(fileURLToPath(new URL('./opening.fixture.ts', import.meta.url)), [machine.directory], {
          execPath: process.execPath,
          execArgv: ['--conditions=@warmline/source'],
          stdio: 'ignore',
        });
        await once(child, 'exit');
        opened += OPENINGS_A_PROCESS;
      }
    };
    const opening = [openAgainAndAgain(), openAgainAndAgain(), openAgainAndAgain()];
    let lost = 0;
    let failed = 0;
    let commits = 0;
    const endMs = performance.now() + LOSSES_MS;
    while (performance.now() < endMs && failed === 0 && lost === 0) {
      const before = tier.journal.sequence();
      try {
        await tier.invalidate({ kind: 'keys', namespace: 'w:s:n', keys: [refOf(String(commits)).key] });
        commits++;
        if (tier.journal.sequence() !== before + 1) lost++;
      } catch {
        failed++;
      }
    }
    isOver = true;
    await Promise.all(opening);
    print(`${commits} commits, ${opened} openings: ${lost} lost, ${failed} failed`);
    expect({ lost, failed }).toEqual({ lost: 0, failed: 0 });
    expect(opened).toBeGreaterThan(100);
  });
});

describe.concurrent('a process that is stopped', () => {
  test('while it opens delays writers until it goes on', { timeout: 60_000 }, async () => {
    await using machine = new Machine();
    const tier = machine.open();
    const child = machine.start(MEMBER);
    void child.ask('stopOpening', tier.directory);
    await until(() => isStopped(child.pid), 10_000, 'the opener is stopped');
    const writing = codeOf(tier.write(refOf('k'), Buffer.alloc(10), LONG));
    expect(await Promise.race([writing, sleep(500, 'waits')])).toBe('waits');
    const fromMs = performance.now();
    child.signal('SIGCONT');
    expect(await writing).toBe('done');
    print(`a write ended ${(performance.now() - fromMs).toFixed(0)} ms after the opener went on`);
    expect(performance.now() - fromMs).toBeLessThan(NOISE_MS);
  });

  test(
    'while it opens makes writes fail after their limit, and after its end they go on',
    { timeout: 60_000 },
    async () => {
      await using machine = new Machine();
      const tier = machine.open();
      const child = machine.start(MEMBER);
      void child.ask('stopOpening', tier.directory);
      await until(() => isStopped(child.pid), 10_000, 'the opener is stopped');
      const fromMs = performance.now();
      expect(await codeOf(tier.write(refOf('k'), Buffer.alloc(10), LONG))).toBe('ERR_HOST_STUCK');
      const failedMs = performance.now() - fromMs;
      expect(failedMs).toBeGreaterThan(WRITE_WAIT_MS - 500);
      expect(failedMs).toBeLessThan(WRITE_WAIT_MS + NOISE_MS);
      const next = codeOf(tier.write(refOf('k'), Buffer.alloc(10), LONG));
      await sleep(100);
      const killedMs = performance.now();
      await child.kill();
      expect(await next).toBe('done');
      print(
        `writes behind a stopped opener failed after ${failedMs.toFixed(0)} ms, ` +
          `and went on ${(performance.now() - killedMs).toFixed(0)} ms after it was killed`,
      );
      expect(performance.now() - killedMs).toBeLessThan(NOISE_MS);
    },
  );

  test(
    'while it writes makes opening fail after its limit, and only until it goes on',
    { timeout: 60_000 },
    async () => {
      await using machine = new Machine();
      const tier = machine.open();
      const child = machine.start(MEMBER);
      await child.ask('enter', tier.directory);
      child.signal('SIGSTOP');
      await until(() => isStopped(child.pid), 10_000, 'the writer is stopped');
      // Its start is no part of the limit.
      const opener = machine.start('./open-errors.fixture.ts');
      await opener.ask('open', `${machine.directory}/elsewhere`);
      const fromMs = performance.now();
      expect(await opener.ask('open', machine.directory)).toMatchObject({ opened: false, codes: ['ERR_HOST_STUCK'] });
      const failedMs = performance.now() - fromMs;
      print(`opening behind a stopped writer failed after ${failedMs.toFixed(0)} ms`);
      expect(failedMs).toBeGreaterThan(OPEN_WAIT_MS - 500);
      expect(failedMs).toBeLessThan(OPEN_WAIT_MS + NOISE_MS);
      await tier.write(refOf('k'), Buffer.alloc(10), LONG);
      await child.kill();
      expect(await opener.ask('open', machine.directory)).toMatchObject({ opened: true, codes: [] });
    },
  );
});

test('a process that opens a new file before it has closed the one that is gone is still seen by those who open', async () => {
  await using machine = new Machine();
  const old = machine.open();
  old.file.condemn();
  const tier = machine.open();
  await old.close();
  expect(flagsOf(tier.directory, process.pid)).toHaveLength(1);
});
