import { describe, expect, test } from 'vitest';
import { bench, metricsOf } from './bench.fixture.ts';

describe('tiers', () => {
  test('shows no process what another has deleted, and finds all values from a second process', () => {
    const metrics = metricsOf('tiers');
    expect(metrics).toMatchObject({ older_reads: 0, 'host_read_ratio.5kb': expect.any(Number) });
    expect(metrics['reads_compared']).toBeGreaterThanOrEqual(600);
  });

  test.each([
    ['no-journal', /older_reads.*FAILED/u],
    ['swap', /reads\.mismatched.*FAILED/u],
  ])('notices --sabotage %s', (sabotage, check) => {
    const { status, output } = bench('tiers', '--quick', '--sabotage', sabotage);
    expect(output).toMatch(check);
    expect(status).toBe(1);
  });
});

describe('stampede', () => {
  test('loads once for all processes of a machine, and once more when the one that loads is killed', () => {
    const metrics = metricsOf('stampede');
    expect(metrics).toMatchObject({ 'host.loads': 1, 'host_60.loads': 1, 'holder_killed.loads': 2 });
    expect(metrics['host.answered']).toBe(metrics['host.callers']);
  });

  test.each([
    ['no-lease', /host\.loads.*FAILED/u],
    ['wrong-value', /host\.unanswered.*FAILED/u],
  ])('notices --sabotage %s', (sabotage, check) => {
    const { status, output } = bench('stampede', '--quick', '--sabotage', sabotage);
    expect(output).toMatch(check);
    expect(status).toBe(1);
  });
});

describe('crash', () => {
  test('serves nothing damaged, and loses nothing of what the killed had', () => {
    const metrics = metricsOf('crash');
    expect(metrics).toMatchObject({ corrupt_served: 0, damaged_served: 0, hangs: 0 });
    expect(metrics['values_compared']).toBeGreaterThanOrEqual(1_000);
  });

  test.each([
    ['flip-byte', /corrupt_served.*FAILED/u],
    ['swap', /corrupt_served.*FAILED/u],
    ['hang', /hangs.*FAILED/u],
    ['lost-lease', /lease_lost_ms.*FAILED/u],
    ['unbounded', /sweeps.*FAILED/u],
  ])('notices --sabotage %s', (sabotage, check) => {
    const { status, output } = bench('crash', '--quick', '--sabotage', sabotage);
    expect(output).toMatch(check);
    expect(status).toBe(1);
  });
});
