import { describe, expect, test } from 'vitest';
import { metricsOf, noticesEach } from './bench.fixture.ts';

describe('rag', () => {
  test('searches once for a thousand askers, and serves nothing old, foreign or of another question', async () => {
    const metrics = await metricsOf('rag');
    expect(metrics).toMatchObject({
      askers: 1000,
      searches: 1,
      wrong_answers: 0,
      'askers.redis': 1000,
      'wrong_answers.redis': 0,
      foreign_answers: 0,
      'hits.wrong': 0,
      old_results_after_100ms: 0,
      other_org_foreign: 0,
      failed_reads: 0,
      must_differ_shared: 0,
      must_share_missed: 0,
      'false_hits.normalised': 0,
      'follow_ups_false.contextualised': 0,
      wrong_vectors: 0,
      billed_calls_a_search: 2,
    });
    expect(metrics['answers_compared']).toBeGreaterThanOrEqual(2000);
    expect(metrics['results_compared']).toBeGreaterThanOrEqual(300);
    expect(metrics['other_org_reads']).toBeGreaterThanOrEqual(300);
    expect(metrics['must_differ_pairs']).toBeGreaterThanOrEqual(100);
    expect(metrics['questions']).toBeGreaterThanOrEqual(150);
    expect(metrics['vectors_compared']).toBeGreaterThanOrEqual(1000);
  });

  noticesEach('rag', [
    ['no-lease', /searches .*FAILED/u],
    ['no-watch', /old_results_after_100ms.*FAILED/u],
    ['clear-all', /other_org_searches.*FAILED/u],
    ['loose-key', /must_differ_shared.*FAILED/u],
    ['shared-org', /foreign_answers.*FAILED/u],
    ['wrong-passages', /wrong_answers.*FAILED/u],
    ['wrong-vector', /wrong_vectors.*FAILED/u],
    ['no-tier', /embedded .*FAILED/u],
  ]);
});
