import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Machine, print } from './machine.fixture.ts';

const LIMIT_MS = 15_000;

/** Runs an ES module in a process of its own, to its end. */
function run(text: string): { status: number | null; signal: NodeJS.Signals | null; output: string; ms: number } {
  const fromMs = performance.now();
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    ['--conditions=@warmline/source', '--input-type=module', '-e', text],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8', timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  );
  return { status, signal, output: stdout + stderr, ms: performance.now() - fromMs };
}

const OPEN = `
  import { AccountPermits, foldStatistics, Keeper, openHostTier, StatisticsPublisher } from './index.ts';
  import { setTimeout as sleep } from 'node:timers/promises';`;

test('nothing that is open keeps Node alive', { timeout: 40_000 }, async () => {
  await using machine = new Machine();
  const { status, signal, output, ms } = run(`${OPEN}
    const tier = openHostTier({ directory: ${JSON.stringify(machine.directory)} });
    const keeper = new Keeper(tier, { duties: [foldStatistics(tier)] });
    new StatisticsPublisher(tier, () => ({ hits: 1 }));
    const permits = new AccountPermits(tier, { account: 'a', limit: 1 });
    const permit = await permits.acquire(0);
    const ref = { namespace: 'w:s:n', key: 'w:s:n:k', tags: [] };
    await tier.begin(ref, { leaseMs: 60_000, stampTtlMs: 60_000 });
    await tier.write(ref, Buffer.alloc(10), { ttlMs: 60_000 });
    await tier.read([ref]);
    await sleep(700);
    process.stdout.write(keeper.isHolding + ' ' + typeof permit);`);
  print(`a process with everything open ended after ${ms.toFixed(0)} ms, 700 of which it slept`);
  expect({ status, signal, output }).toEqual({ status: 0, signal: null, output: 'true object' });
});

test('nothing that is closed keeps Node alive, and closing ends', { timeout: 40_000 }, async () => {
  await using machine = new Machine();
  const { status, signal, output } = run(`${OPEN}
    const tier = openHostTier({ directory: ${JSON.stringify(machine.directory)} });
    const keeper = new Keeper(tier);
    const publisher = new StatisticsPublisher(tier, () => ({ hits: 1 }));
    const permits = new AccountPermits(tier, { account: 'a', limit: 1 });
    await permits.acquire(0);
    await permits.close();
    await publisher.close();
    await keeper.close();
    await tier.close();
    await tier.close();
    process.stdout.write('closed');`);
  expect({ status, signal, output }).toEqual({ status: 0, signal: null, output: 'closed' });
});
