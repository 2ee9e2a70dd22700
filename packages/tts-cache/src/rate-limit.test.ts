import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FakeClock } from '@warmline/cache-core/testing';
import { expect, test } from 'vitest';
import { RateLimit } from './rate-limit.ts';

const { signal } = new AbortController();

test('so many pass in any minute, in the order in which they came', async () => {
  const clock = new FakeClock(0);
  const limit = new RateLimit(2, clock);
  const passed: string[] = [];
  const come = async (...names: string[]): Promise<void> => {
    for (const name of names) void limit.pass(signal).then(() => passed.push(`${name} at ${clock.now()}`));
    await clock.advance(0);
  };
  await come('a');
  await clock.advance(20_000);
  await come('b', 'c', 'd', 'e');
  await clock.advance(200_000);
  await come('f');
  expect(passed).toEqual(['a at 0', 'b at 20000', 'c at 60000', 'd at 80000', 'e at 120000', 'f at 220000']);
});

test('who waits is let go at once when nobody wants to pass any more', async () => {
  const clock = new FakeClock();
  const limit = new RateLimit(1, clock);
  const ending = new AbortController();
  await limit.pass(ending.signal);
  const waiting = limit.pass(ending.signal);
  ending.abort();
  await waiting;
  await limit.pass(ending.signal);
  expect(clock.pending).toBe(0);
});

test('a program that has nothing else to do waits for its turn, and then ends', async () => {
  const program = fileURLToPath(new URL('rate-limit.fixture.ts', import.meta.url));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--conditions=@warmline/source', program], { timeout: 15_000 });
  expect(stdout).toBe('passed twice');
});
