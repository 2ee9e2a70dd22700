import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Child } from './machine.fixture.ts';
import { Machine, print, until } from './machine.fixture.ts';
import { machineStatistics } from './statistics.ts';

const MEMBER = './keeper-member.fixture.ts';
/** What a killed process may have counted without anybody knowing. */
const LOST_MS = 1_000;

async function memberOf(machine: Machine): Promise<Child> {
  const child = machine.start(MEMBER);
  expect(await child.ask('open', { directory: machine.directory })).toBe(true);
  return child;
}

test('counters outlive exit exactly, and kill -9 but for the last second', { timeout: 60_000 }, async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const leaving = await Promise.all(Array.from({ length: 2 }, () => memberOf(machine)));
  for (const [at, child] of leaving.entries()) {
    await child.ask('countAndClose', { hits: 10 ** at, characters: 0.5 });
    await child.leave();
  }
  const counting = await Promise.all(Array.from({ length: 4 }, () => memberOf(machine)));
  const lostMs: number[] = [];
  const kill = async (child: Child, ageMs: number): Promise<void> => {
    const from = await child.ask<bigint>('count');
    await sleep(ageMs);
    const before = Number((process.hrtime.bigint() - from) / 1_000_000n);
    await child.kill();
    const known = [...tier.records.list(`statistics/${child.pid}-`).values()][0] as
      | { counters: { ms: number } }
      | undefined;
    lostMs.push(before - (known?.counters.ms ?? 0));
  };
  // At ages at which a publisher that writes every two seconds has written nothing lately.
  await Promise.all(counting.map((child, at) => kill(child, 1_350 + 150 * at)));
  const { total, processes } = machineStatistics(tier);
  print(`of four that were killed ${lostMs.map((ms) => ms.toFixed(0)).join(', ')} ms are not counted`);
  expect(Math.max(...lostMs)).toBeLessThanOrEqual(LOST_MS);
  expect(total).toMatchObject({ hits: 11, characters: 1 });
  expect(processes.size).toBe(0);
});

test('what processes count that run is told by process', async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const child = await memberOf(machine);
  await child.ask('countAndClose', { hits: 3 });
  await child.ask('countAndClose', { hits: 4, misses: 1 });
  const { total, processes } = machineStatistics(tier);
  expect(total).toEqual({ hits: 7, misses: 1 });
  expect([...processes]).toEqual([[child.pid, { hits: 7, misses: 1 }]]);
});

test('two that fold at the same time, killed at random, count everything once', { timeout: 60_000 }, async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const dead = await memberOf(machine);
  await dead.kill();
  const folder = async (): Promise<Child> => {
    const child = await memberOf(machine);
    await child.ask('foldOn');
    return child;
  };
  let children = await Promise.all([folder(), folder()]);
  let published = 0;
  let kills = 0;
  let isOver = false;
  const wrong: string[] = [];
  let last = 0;
  // A total that is looked at in between neither falls, nor is it more than has been published.
  const look = (): void => {
    const { hits = 0 } = machineStatistics(tier).total;
    if (hits < last || hits > published) wrong.push(`${hits} after ${last}, of ${published}`);
    last = hits;
  };
  const publishing = (async () => {
    while (!isOver) {
      published += 7;
      await tier.records.put(`statistics/${dead.pid}-${randomUUID()}`, { pid: dead.pid, counters: { hits: 7 } });
      look();
      await sleep(1);
    }
  })();
  for (; kills < 6; kills++) {
    await sleep(randomInt(20, 300));
    const [killed, other] = kills % 2 === 0 ? children : children.toReversed();
    await killed?.kill();
    children = [...(other === undefined ? [] : [other]), await folder()] as [Child, Child];
  }
  isOver = true;
  await publishing;
  await until(() => tier.records.list(`statistics/${dead.pid}-`).size === 0, 10_000, 'all is folded');
  print(
    `${published / 7} parts of dead processes folded by two, ${kills} of them killed: ${machineStatistics(tier).total['hits']} of ${published}`,
  );
  expect(wrong).toEqual([]);
  expect(machineStatistics(tier).total).toEqual({ hits: published });
  expect(published).toBeGreaterThan(7 * 100);
});

test('the keeper folds what ended processes have counted into one record', { timeout: 30_000 }, async () => {
  await using machine = new Machine();
  const tier = machine.open();
  const ended = await Promise.all(Array.from({ length: 3 }, () => memberOf(machine)));
  for (const child of ended) {
    await child.ask('countAndClose', { hits: 5 });
    await child.leave();
  }
  const keeper = await memberOf(machine);
  await keeper.ask('countAndClose', { hits: 1 });
  await keeper.ask('keep');
  await until(
    () => tier.records.list('statistics/').size === 2,
    10_000,
    'one record of the ended, and one of the keeper',
  );
  expect(machineStatistics(tier).total).toEqual({ hits: 16 });
});
