import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ForkOptions } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Child } from './machine.fixture.ts';
import { Machine, print, refOf } from './machine.fixture.ts';

const MEMBER = './namespace-member.fixture.ts';
const CONTAINER = ['--pid', '--fork', '--kill-child', '--mount-proc'];
const LONG = { ttlMs: 600_000 };

interface Found {
  readonly directory: string;
  readonly pid: number;
  readonly own: string | undefined;
  readonly holder: number | undefined;
}

/** Whether this user may make PID namespaces here; containers often may not. */
const refusal = spawnSync('unshare', [...CONTAINER, 'true'], { encoding: 'utf8' });
const canUnshare = refusal.status === 0;

/** A container of its own, as far as processes go. */
const contained: ForkOptions = {
  execPath: 'unshare',
  execArgv: [...CONTAINER, process.execPath, '--conditions=@warmline/source'],
};

test('containers with one directory between them have a file each', { timeout: 30_000 }, async (context) => {
  context.skip(!canUnshare, `PID namespaces are not permitted here: ${refusal.stderr}`);
  await using machine = new Machine();
  const tier = machine.open();
  await tier.write(refOf('k'), Buffer.from('host'), LONG);
  const lease = await tier.leases.acquire('l', LONG.ttlMs);
  const containers: Child[] = [machine.start(MEMBER, contained), machine.start(MEMBER, contained)];
  const found = await Promise.all(
    containers.map((child, at) => child.ask<Found>('live', machine.directory, `container ${at}`)),
  );
  const directories = [tier.directory, ...found.map(({ directory }) => directory)];
  print(`pids ${found.map(({ pid }) => pid).join(' and ')} in ${new Set(directories).size} directories`);
  expect(new Set(directories).size).toBe(3);
  // Both have the same pids, and hold the same lease: each its own.
  expect(found.map(({ pid }) => pid)).toEqual([1, 1]);
  expect(found.map(({ own, holder }) => ({ own, holder }))).toEqual([
    { own: 'container 0', holder: 1 },
    { own: 'container 1', holder: 1 },
  ]);
  // A keeper of a container tidies up: what others of this boot have is theirs.
  await Promise.all(containers.map((child) => child.ask('tidy')));
  expect(directories.filter((directory) => !existsSync(directory))).toEqual([]);
  expect(Buffer.from((await tier.read([refOf('k')]))[0]?.bytes ?? []).toString()).toBe('host');
  expect(tier.leases.holderOf('l')).toBe(process.pid);
  await containers[0]?.kill();
  // Neither does the end of one container disturb the other, or the host.
  expect(await containers[1]?.ask('again')).toBe('container 1');
  await tier.write(refOf('k'), Buffer.from('host still'), LONG);
  expect(Buffer.from((await tier.read([refOf('k')]))[0]?.bytes ?? []).toString()).toBe('host still');
  expect(await lease?.renew(1000)).toBe(true);
});

// Kubernetes: an emptyDir outlives the container, the numbers of PID namespaces are given out again, and so are pids.
test(
  'what a killed container has left behind stops nobody in the one that comes after it',
  { timeout: 30_000 },
  async (context) => {
    context.skip(!canUnshare, `PID namespaces are not permitted here: ${refusal.stderr}`);
    await using machine = new Machine();
    const before = machine.start('./defect-member.fixture.ts', contained);
    await before.ask('open', machine.directory);
    const where = await before.ask('where', machine.directory);
    await before.ask('enterGate', machine.directory);
    await before.kill();
    let next = machine.start('./defect-member.fixture.ts', contained);
    for (let attempt = 0; attempt < 10 && (await next.ask('where', machine.directory)) !== where; attempt++) {
      await next.kill();
      await sleep(200);
      next = machine.start('./defect-member.fixture.ts', contained);
    }
    const again = await next.ask('where', machine.directory);
    context.skip(again !== where, 'the number of the namespace was not given out again');
    expect(await next.ask('open', machine.directory)).toEqual([]);
  },
);
