import { describe, expect, test } from 'vitest';
import { metricsOf, noticesEach } from './bench.fixture.ts';

describe('races', () => {
  test('serves nothing stale in any interleaving', async () => {
    const metrics = await metricsOf('races');
    expect(metrics['stale_served']).toBe(0);
    expect(metrics['schedules_compared']).toBeGreaterThanOrEqual(10_000);
    expect(metrics['distinct_schedules.min_a_cell']).toBeGreaterThanOrEqual(100);
  });

  // In a fifth of the cells at least: else the schedules that it needs are there by chance.
  noticesEach(
    'races',
    ['no-stamps', 'no-journal', 'join-after-delete', 'tags-after-load'].map(
      (name) => [name, /stale_served.*FAILED/u, /cells_with_stale.*holds/u] as const,
    ),
    '--quick',
  );
});

describe('hot-path', () => {
  test('loads once for a crowd, changes no value and keeps nothing of what is gone', async () => {
    expect(await metricsOf('hot-path')).toMatchObject({
      'waiters.loads_on_success': 1,
      'waiters.loads_on_rejection': 1,
      'million_keys.loading': 0,
    });
  });

  noticesEach(
    'hot-path',
    [
      ['double-load', /waiters\.loads_on_success.*FAILED/u],
      ['wrong-value', /hit_sum_mismatches.*FAILED/u],
    ],
    '--quick',
  );
});
