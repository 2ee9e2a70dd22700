import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { systemClock } from './index.ts';

const run = promisify(execFile);

/** Runs a program with the package at hand as `core`; fails when it has not ended by itself within five seconds. */
async function outputOf(program: string): Promise<string> {
  const source = JSON.stringify(new URL('./index.ts', import.meta.url).href);
  const text = `import * as core from ${source};\nprocess.on('exit', () => console.log('ended'));\n${program}`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', text], { timeout: 5_000 });
  return stdout;
}

test('a pending call does not keep the process alive', async () => {
  expect(await outputOf(`core.systemClock.after(3_600_000, () => console.log('fired'));`)).toBe('ended\n');
});

test('neither does a cache, closed or not, even over a tier that hangs', async () => {
  const program = `
    const tier = new core.MemorySharedTier();
    tier.read = tier.write = () => new Promise(() => {});
    const options = { name: 'x', tiers: [tier], tierBudgetMs: 3_600_000 };
    void core.createCache(options).getOrLoad('k', () => 1);
    const cache = core.createCache({ ...options, tiers: [] });
    await cache.getOrLoad('k', () => 1);
    await cache.close();`;
  expect(await outputOf(program)).toBe('ended\n');
});

test('it is monotonic: a change of the wall clock does not reach it', () => {
  const before = systemClock.now();
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });
  try {
    expect(Date.now()).toBe(0);
    const after = systemClock.now();
    expect(after).toBeGreaterThanOrEqual(before);
    expect(after - before).toBeLessThan(5_000);
  } finally {
    vi.useRealTimers();
  }
});

test('a call comes once, a cancelled one never, and cancelling twice does nothing', async () => {
  const calls: string[] = [];
  const cancel = systemClock.after(1, () => calls.push('cancelled'));
  cancel();
  cancel();
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancelLate = systemClock.after(2, () => {
    calls.push('called');
    resolve();
  });
  await promise;
  cancelLate();
  expect(calls).toEqual(['called']);
});
