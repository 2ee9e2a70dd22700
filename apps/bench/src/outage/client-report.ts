import { none } from '../checks.ts';
import { distribution } from '../distribution.ts';
import type { Check, Distribution, ScenarioResult } from '../scenario.ts';
import { sum } from '../sum.ts';
import { DISTRIBUTION_HEAD, distributionCells, table } from '../tables.ts';
import type { Target } from '../targets.ts';
import { digits } from '../targets.ts';
import type { ClientResult } from './client.ts';

const P50_MS = 1;

export function clientChecks(results: readonly ClientResult[]): Check[] {
  if (results.length === 0) return [];
  const count = sum(results.map(({ reads }) => reads.ms.length + 1));
  return [
    none('redis_cache.failed', sum(results.map(({ reads }) => reads.failed)), `of ${count} reads rejected`),
    none('redis_cache.found', sum(results.map(({ reads }) => reads.found)), `of ${count} reads brought something`),
  ];
}

export function clientMetrics(results: readonly ClientResult[]): Record<string, number | Distribution> {
  return Object.fromEntries(
    results.flatMap(({ absence, reads }) => [
      [`redis_cache.${absence}.first_ms`, reads.firstMs],
      [`redis_cache.${absence}.get_ms`, distribution(reads.ms)],
      [`event_loop_lag_ms.redis_cache.${absence}`, reads.lagMs],
    ]),
  );
}

export function clientTargets(results: readonly ClientResult[]): Target[] {
  return results
    .filter(({ absence }) => absence !== 'hung')
    .map(({ absence, reads }) => {
      const { p50, min, max, n } = distribution(reads.ms);
      return {
        name: `redis_cache.${absence}.p50_ms`,
        what: `RedisCache.get, p50 after the first, ms; server ${absence.replaceAll('_', ' ')}`,
        found: { median: p50, min, max, n },
        wanted: { atMost: P50_MS },
      };
    });
}

export function clientSection(results: readonly ClientResult[]): ScenarioResult['sections'] {
  if (results.length === 0) return [];
  return [
    {
      title:
        'RedisCache, the client for any service, with its defaults: get of a server that is not there, one after another, from the call to undefined.\n' +
        'killed, hung: after it had been connected; never there: nobody has ever listened on the port.',
      body: table(
        ['server', 'pid', 'first ms', ...DISTRIBUTION_HEAD, 'rejected', 'lag ms'],
        results.map(({ absence, serverPid, reads }) => [
          absence,
          serverPid,
          digits(reads.firstMs),
          ...distributionCells(distribution(reads.ms)),
          reads.failed,
          digits(reads.lagMs),
        ]),
      ),
    },
  ];
}
