import { describe, expect, test } from 'vitest';
import { bench, metricsOf } from './bench.fixture.ts';

describe('staleness', () => {
  test('serves nothing older than is allowed, whatever happens to connections, host services, the stream and Redis', () => {
    const metrics = metricsOf('staleness');
    expect(metrics).toMatchObject({ older_than_allowed: 0, failed_reads: 0, failed_invalidations: 0 });
    expect(metrics['reads_compared']).toBeGreaterThanOrEqual(10_000);
  });

  test.each(['no-anchor-check', 'no-dead-man', 'no-outbox'])('notices --sabotage %s', (sabotage) => {
    const { status, output } = bench('staleness', '--quick', '--sabotage', sabotage);
    expect(output).toMatch(/older_than_allowed.*FAILED/u);
    expect(status).toBe(1);
  });
});
