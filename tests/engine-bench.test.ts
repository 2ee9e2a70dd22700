import { describe, expect, test } from 'vitest';
import { bench, metricsOf } from './bench.fixture.ts';

describe('races', () => {
  test('serves nothing stale in any interleaving', () => {
    const metrics = metricsOf('races');
    expect(metrics['stale_served']).toBe(0);
    expect(metrics['schedules_compared']).toBeGreaterThanOrEqual(10_000);
    expect(metrics['distinct_schedules.min_a_cell']).toBeGreaterThanOrEqual(100);
  });

  test.each(['no-stamps', 'no-journal', 'join-after-delete', 'tags-after-load'])(
    'notices --sabotage %s',
    (sabotage) => {
      const { status, output } = bench('races', '--quick', '--sabotage', sabotage);
      expect(output).toMatch(/stale_served.*FAILED/u);
      // In a fifth of the cells at least: else the schedules that it needs are there by chance.
      expect(output).toMatch(/cells_with_stale.*holds/u);
      expect(status).toBe(1);
    },
  );
});

describe('hot-path', () => {
  test('loads once for a crowd, changes no value and keeps nothing of what is gone', () => {
    expect(metricsOf('hot-path')).toMatchObject({
      'waiters.loads_on_success': 1,
      'waiters.loads_on_rejection': 1,
      'million_keys.loading': 0,
    });
  });

  test.each([
    ['double-load', /waiters\.loads_on_success.*FAILED/u],
    ['wrong-value', /hit_sum_mismatches.*FAILED/u],
  ])('notices --sabotage %s', (sabotage, check) => {
    const { status, output } = bench('hot-path', '--quick', '--sabotage', sabotage);
    expect(output).toMatch(check);
    expect(status).toBe(1);
  });
});
