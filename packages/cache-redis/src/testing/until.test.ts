import { expect, test } from 'vitest';
import { until } from './until.ts';

test('it looks until it is so, over errors', async () => {
  let looks = 0;
  const tookMs = await until(
    () => {
      if (++looks < 3) throw new Error('not there');
      return looks === 5;
    },
    1_000,
    'five looks',
  );
  expect(looks).toBe(5);
  expect(tookMs).toBeGreaterThan(30);
});

test('it gives up with what it waited for and the last error', async () => {
  const waiting = until(() => Promise.reject(new Error('down')), 30, 'it is up');
  await expect(waiting).rejects.toMatchObject({ message: 'not within 30 ms: it is up', cause: { message: 'down' } });
});
