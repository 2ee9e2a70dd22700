import { describe, expect, test } from 'vitest';
import { metricsOf, noticesEach } from './bench.fixture.ts';

describe('outage', () => {
  test('answers every read in every state of Redis, and none with what had been changed before', async () => {
    const metrics = await metricsOf('outage');
    expect(metrics).toMatchObject({
      states: 11,
      failed: 0,
      stale_served: 0,
      older_than_allowed: 0,
      'killed.failed': 0,
    });
    expect(metrics['reads_compared']).toBeGreaterThanOrEqual(11 * 200);
    expect(metrics['older_than_allowed_compared']).toBeGreaterThanOrEqual(20);
    expect(metrics['growth_mb']).toBeLessThanOrEqual(5);
  });

  noticesEach('outage', [
    ['stale', /stale_served.*FAILED/u],
    ['no-stamps', /stale_served.*FAILED/u],
    ['old-snapshot', /stale_served.*FAILED/u],
    ['no-bus', /stale_served.*FAILED/u],
    ['fail', /failed.*FAILED/u],
    ['leak', /growth_mb.*FAILED/u],
    ['no-outage', /unverified.*FAILED/u],
  ]);
});
