import { describe, expect, test } from 'vitest';
import { metricsOf, noticesEach } from './bench.fixture.ts';

describe('staleness', () => {
  test('serves nothing older than is allowed, whatever happens to connections, host services, the stream and Redis', async () => {
    const metrics = await metricsOf('staleness');
    expect(metrics).toMatchObject({ older_than_allowed: 0, failed_reads: 0, failed_invalidations: 0 });
    expect(metrics['reads_compared']).toBeGreaterThanOrEqual(10_000);
  });

  noticesEach(
    'staleness',
    ['no-anchor-check', 'no-dead-man', 'no-outbox'].map((name) => [name, /older_than_allowed.*FAILED/u] as const),
    '--quick',
  );
});
