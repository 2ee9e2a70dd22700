import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Child } from './machine.fixture.ts';
import { Machine, print, quantile, until } from './machine.fixture.ts';
import { AccountPermits } from './permits.ts';

const HOLDER = './permit-holder.fixture.ts';
const LIMIT = 5;
const PROCESSES = 40;
const TIMES = 5;
const HOLD_MS = 4;
const LONG_MS = 30_000;
const NOISE_MS = 3_000;

async function holderOf(machine: Machine, limit: number): Promise<Child> {
  const child = machine.start(HOLDER);
  expect(await child.ask('open', machine.directory, limit)).toBe(true);
  return child;
}

function mostAtOnce(stays: readonly { fromMs: number; toMs: number }[]): number {
  const ends = stays
    .flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, step: 1 },
      { atMs: toMs, step: -1 },
    ])
    .toSorted((one, other) => one.atMs - other.atMs);
  let now = 0;
  let most = 0;
  for (const { step } of ends) most = Math.max(most, (now += step));
  return most;
}

test(
  `of ${PROCESSES} processes never more than ${LIMIT} hold a permit, and each gets one`,
  { timeout: 90_000 },
  async () => {
    await using machine = new Machine();
    const children = await Promise.all(Array.from({ length: PROCESSES }, () => holderOf(machine, LIMIT)));
    const logs = await Promise.all(
      children.map((child) => child.ask<Float64Array>('useOften', TIMES, HOLD_MS, LONG_MS)),
    );
    const stays = logs.flatMap((log) =>
      Array.from({ length: log.length / 3 }, (_, at) => ({
        fromMs: log[3 * at] ?? 0,
        toMs: log[3 * at + 1] ?? 0,
        waitedMs: log[3 * at + 2] ?? 0,
      })),
    );
    const most = mostAtOnce(stays);
    const waitedMs = stays.map((stay) => stay.waitedMs);
    print(
      `${stays.length} permits for ${PROCESSES} processes, at most ${most} at a time; ` +
        `waited ${quantile(waitedMs, 0.5).toFixed(0)} ms in the middle, ${Math.max(...waitedMs).toFixed(0)} ms at most`,
    );
    expect(most).toBeLessThanOrEqual(LIMIT);
    // Else they were never in each other's way.
    expect(most).toBeGreaterThanOrEqual(3);
    expect(logs.map((log) => log.length / 3)).toEqual(logs.map(() => TIMES));
  },
);

test('the permits of a holder that was killed are free at once', async () => {
  await using machine = new Machine();
  const child = await holderOf(machine, LIMIT);
  const permits = new AccountPermits(machine.open(), { account: 'a', limit: LIMIT });
  expect(await child.ask('hold', LIMIT, 0)).toBe(LIMIT);
  expect(await permits.acquire(0)).toBeUndefined();
  await child.kill();
  const fromMs = performance.now();
  for (let at = 0; at < LIMIT; at++) expect(await permits.acquire(0)).toBeDefined();
  print(`${LIMIT} permits of a killed process taken ${(performance.now() - fromMs).toFixed(1)} ms after its end`);
  expect(await permits.acquire(0)).toBeUndefined();
  await permits.close();
});

test('a holder knows that somebody waits, and soon after that nobody does', async () => {
  await using machine = new Machine();
  const child = await holderOf(machine, 1);
  const permits = new AccountPermits(machine.open(), { account: 'a', limit: 1 });
  const others = new AccountPermits(machine.open(), { account: 'b', limit: 1 });
  await child.ask('hold', 1, 0);
  expect(await child.ask('isWanted')).toBe(false);
  const mine = await others.acquire(0);
  const waiting = permits.acquire(1_500);
  const wantedMs = await until(() => child.ask('isWanted'), NOISE_MS, 'it is wanted');
  expect(others.isWanted()).toBe(false);
  // For as long as somebody waits, not only at first.
  let wanted = 0;
  for (let look = 0; look < 10; look++) {
    if ((await child.ask('isWanted')) === true) wanted++;
    await sleep(50);
  }
  expect(await waiting).toBeUndefined();
  const overMs = await until(async () => (await child.ask('isWanted')) === false, NOISE_MS, 'nobody waits any more');
  print(
    `wanted after ${wantedMs.toFixed(0)} ms, at ${wanted} of 10 looks, no more ${overMs.toFixed(0)} ms after the wait`,
  );
  expect(wanted).toBeGreaterThanOrEqual(8);
  mine?.release();
});

test('who waits gives up when the wait is over, or the signal says so', async () => {
  await using machine = new Machine();
  const child = await holderOf(machine, 1);
  const permits = new AccountPermits(machine.open(), { account: 'a', limit: 1 });
  await child.ask('hold', 1, 0);
  const fromMs = performance.now();
  expect(await permits.acquire(300)).toBeUndefined();
  const waitedMs = performance.now() - fromMs;
  const controller = new AbortController();
  const reason = new Error('the caller has hung up');
  const waiting = permits.acquire(LONG_MS, controller.signal).catch((error: unknown) => error);
  await sleep(100);
  const abortedMs = performance.now();
  controller.abort(reason);
  expect(await waiting).toBe(reason);
  const heardMs = performance.now() - abortedMs;
  print(
    `gave up ${waitedMs.toFixed(0)} ms after it had asked to wait 300 ms, and ${heardMs.toFixed(0)} ms after the signal`,
  );
  expect(waitedMs).toBeGreaterThan(290);
  expect(waitedMs).toBeLessThan(300 + NOISE_MS);
  expect(heardMs).toBeLessThan(NOISE_MS);
  await expect(permits.acquire(LONG_MS, AbortSignal.abort(reason))).rejects.toBe(reason);
  // Nothing was taken meanwhile.
  await child.kill();
  expect(await permits.acquire(0)).toBeDefined();
});
