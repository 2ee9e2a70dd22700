import { describe, expect, test } from 'vitest';
import { metricsOf, noticesEach } from './bench.fixture.ts';

describe('config', () => {
  test('asks Convex once for each agent, serves nothing old, and no call is without a config', async () => {
    const metrics = await metricsOf('config');
    expect(metrics).toMatchObject({
      round_trip_ms: 120,
      agents_get_per_agent_per_host: 1,
      'start.clients.host': 104,
      'hits.loads': 0,
      old_reads_after_5s: 0,
      'old_reads_after_5s.silent': 0,
      old_reads_after_reconnect_1s: 0,
      calls_without_config: 0,
      old_reads_after_500ms: 0,
      old_prompts_after_500ms: 0,
      'sources.build': 0,
      'migration.rebuilt_again': 0,
    });
    expect(metrics['updates']).toBeGreaterThanOrEqual(50);
    expect(metrics['reads_compared']).toBeGreaterThanOrEqual(1000);
    expect(metrics['prompts_compared']).toBeGreaterThanOrEqual(1000);
    expect(metrics['deaf_reads_compared']).toBeGreaterThanOrEqual(500);
    expect(metrics['deaf_reads_compared.silent']).toBeGreaterThanOrEqual(500);
    expect(metrics['reconnect_reads_compared']).toBeGreaterThanOrEqual(500);
    expect(metrics['calls_started']).toBeGreaterThanOrEqual(8);
    expect(metrics['last_good_events']).toBeGreaterThanOrEqual(1);
    expect(metrics['migration.built_before']).toBeGreaterThanOrEqual(1);
    expect(metrics['prompts_asked']).toBeGreaterThanOrEqual(80);
  });

  noticesEach('config', [
    ['no-watch', /old_reads_after_500ms.*FAILED/u],
    ['no-lease', /agents_get_per_agent_per_host.*FAILED/u],
    ['no-last-good', /calls_without_config.*FAILED/u],
    ['no-lapse', /old_reads_after_5s.*FAILED/u],
    ['old-prompt', /old_prompts_after_500ms.*FAILED/u],
    ['no-rebuild', /sources\.build.*FAILED/u],
  ]);
});
