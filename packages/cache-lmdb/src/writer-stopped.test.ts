import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { HostTier } from './host-tier.ts';
import type { Lag } from './lag-member.fixture.ts';
import type { Child } from './machine.fixture.ts';
import { Machine, print, until } from './machine.fixture.ts';
import { processState } from './process-state.ts';

const STOPPER = './stopped-writer.fixture.ts';
const MEASURED_MS = 1_200;
/** Of an event loop that waits for the write lock it would be all the time that is measured. */
const STALLED_MS = MEASURED_MS / 2;
const ANSWER_MS = 8_000;

async function stoppedInside(machine: Machine, tier: HostTier): Promise<Child> {
  const writer = machine.start(STOPPER);
  void writer.ask('stopInside', tier.directory);
  await until(() => processState(writer.pid) === 'stopped', 10_000, 'the writer is stopped');
  return writer;
}

/** A stalled process would not answer, and the test never end. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = sleep(ANSWER_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${ANSWER_MS} ms`);
  });
  return await Promise.race([answer, late]);
}

test(
  'behind a writer that was stopped in its transaction no event loop stalls, and reads go on',
  { timeout: 60_000 },
  async () => {
    await using machine = new Machine();
    const tier = machine.open();
    const child = machine.start('./lag-member.fixture.ts');
    await child.ask('open', machine.directory);
    const baseline = await inTime(child.ask<Lag>('lag', MEASURED_MS));
    expect(Object.keys(await inTime(child.ask<Record<string, number>>('outcome')))).toEqual(['done']);
    const writer = await stoppedInside(machine, tier);
    const behind = await inTime(child.ask<Lag>('lag', MEASURED_MS));
    const refused = await inTime(child.ask<string[]>('flood', 40));
    writer.signal('SIGCONT');
    const outcome = await inTime(child.ask<Record<string, number>>('outcome'));
    print(
      `event loop undisturbed: ${baseline.medianMs.toFixed(1)} ms in the middle, ${baseline.maxMs.toFixed(1)} ms at most; ` +
        `behind a stopped writer: ${behind.medianMs.toFixed(1)} and ${behind.maxMs.toFixed(1)} ms; ${behind.reads} reads; ` +
        `of 40 MB ${40 - refused.length} kept waiting; then ${JSON.stringify(outcome)}`,
    );
    expect(behind.maxMs).toBeLessThan(Math.max(STALLED_MS, 3 * baseline.maxMs));
    expect(behind.medianMs).toBeLessThan(Math.max(10, 5 * baseline.medianMs));
    expect(behind.reads).toBeGreaterThan(baseline.reads / 3);
    // 16 MiB, of which the small writes before have taken some.
    expect(40 - refused.length).toBeLessThanOrEqual(16);
    expect(40 - refused.length).toBeGreaterThanOrEqual(14);
    expect(new Set(refused)).toEqual(new Set(['ERR_HOST_STUCK']));
    // All that was kept waiting is written, and so is what comes now.
    expect(outcome['ERR_HOST_STUCK']).toBe(refused.length);
    expect(Object.keys(outcome).toSorted()).toEqual(['ERR_HOST_STUCK', 'done']);
    await child.ask('flood', 1);
    expect(await inTime(child.ask('outcome'))).toEqual({ done: 1 });
  },
);

test.concurrent(
  'a process ends although a writer that was stopped keeps its write from being made',
  { timeout: 60_000 },
  async () => {
    await using machine = new Machine();
    const tier = machine.open();
    const ending = machine.start(STOPPER);
    await ending.ask('open', machine.directory);
    await stoppedInside(machine, tier);
    void ending.ask('writeAndExit', 700);
    // By a signal of its own: LMDB's thread cannot be interrupted.
    expect(await inTime(ending.ended)).toMatchObject({ signal: 'SIGKILL' });
  },
);

test.concurrent(
  'one whose write was under way for a moment only ends when that writer goes on',
  { timeout: 60_000 },
  async () => {
    await using machine = new Machine();
    const tier = machine.open();
    const ending = machine.start(STOPPER);
    await ending.ask('open', machine.directory);
    const writer = await stoppedInside(machine, tier);
    void ending.ask('writeAndExit', 50);
    await sleep(300);
    writer.signal('SIGCONT');
    expect(await inTime(ending.ended)).toMatchObject({ code: 0 });
  },
);
