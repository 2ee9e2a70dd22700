import { describe, expect, test } from 'vitest';
import { metricsOf, noticesEach } from './bench.fixture.ts';

describe('tiers', () => {
  test('shows no process what another has deleted, and finds all values from a second process', async () => {
    const metrics = await metricsOf('tiers');
    expect(metrics).toMatchObject({ older_reads: 0, 'host_read_ratio.5kb': expect.any(Number) });
    expect(metrics['reads_compared']).toBeGreaterThanOrEqual(600);
  });

  noticesEach(
    'tiers',
    [
      ['no-journal', /older_reads.*FAILED/u],
      ['swap', /reads\.mismatched.*FAILED/u],
    ],
    '--quick',
  );
});

describe('stampede', () => {
  test('loads once for all processes of a machine, and once more when the one that loads is killed', async () => {
    const metrics = await metricsOf('stampede');
    expect(metrics).toMatchObject({ 'host.loads': 1, 'host_60.loads': 1, 'holder_killed.loads': 2 });
    expect(metrics['host.answered']).toBe(metrics['host.callers']);
  });

  noticesEach(
    'stampede',
    [
      ['no-lease', /host\.loads.*FAILED/u],
      ['wrong-value', /host\.unanswered.*FAILED/u],
    ],
    '--quick',
  );
});

describe('crash', () => {
  test('serves nothing damaged, and loses nothing of what the killed had', async () => {
    const metrics = await metricsOf('crash');
    expect(metrics).toMatchObject({ corrupt_served: 0, damaged_served: 0, hangs: 0 });
    expect(metrics['values_compared']).toBeGreaterThanOrEqual(1_000);
  });

  noticesEach(
    'crash',
    [
      ['flip-byte', /corrupt_served.*FAILED/u],
      ['swap', /corrupt_served.*FAILED/u],
      ['hang', /hangs.*FAILED/u],
      ['lost-lease', /lease_lost_ms.*FAILED/u],
      ['unbounded', /sweeps.*FAILED/u],
    ],
    '--quick',
  );
});
