import { expect, test } from 'vitest';
import { DelayedLine } from './delayed-line.ts';

test('what goes in comes out in order, each after its own delay, also what goes in while others come out', async () => {
  const out: { item: number; at: number }[] = [];
  const pushed: number[] = [];
  const line = new DelayedLine<number>(30, (item) => {
    out.push({ item, at: performance.now() });
    if (item === 0) push(3);
  });
  const push = (item: number): void => {
    pushed[item] = performance.now();
    line.push(item);
  };
  for (const item of [0, 1, 2]) {
    push(item);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await expect.poll(() => out.length, { timeout: 2000 }).toBe(4);
  expect(out.map(({ item }) => item)).toEqual([0, 1, 2, 3]);
  expect(Math.min(...out.map(({ item, at }) => at - (pushed[item] ?? 0)))).toBeGreaterThanOrEqual(29.9);
});

test('without a delay it hands on at once', () => {
  const out: string[] = [];
  new DelayedLine<string>(0, (item) => void out.push(item)).push('now');
  expect(out).toEqual(['now']);
});
