import type { LevelsResult } from './levels.ts';
import { LEVELS } from './levels.ts';

/**
 * What a million searches cost on Convex, Professional plan, beyond what is included (facts of 2026-11): the action $2, the
 * query it runs $2, 61,000 query-GB of an index of 10,000 vectors of 1,536 dimensions $6.10, 0.3 s of 64 MiB $1.56, five
 * chunks of 1 KB $1, and the embedding of the question; $25 where each chunk is read with its embedding.
 */
export const DOLLARS_A_MILLION = { least: 13, most: 25 } as const;
/** What a million probes of the change feed cost, and how many a machine makes in a month. */
export const PROBES = { dollarsAMillion: 2, aMonth: 1.3e6 } as const;

/** A hit rate, and what it saves of a million questions. */
export interface Saving {
  readonly name: string;
  readonly what: string;
  readonly hitRate: number;
  readonly calls: number;
  readonly dollars: { readonly least: number; readonly most: number };
}

interface Pool {
  readonly name: string;
  readonly what: string;
  readonly lookups: number;
}

/** Questions of a finite list, of which few are asked most: how popular each is falls with its rank to this power. */
const POOL = { questions: 200, exponent: 1.2, lookupsACall: 5 } as const;
const POOLS: readonly Pool[] = [
  { name: 'pool_per_call', what: 'a list of 200, a cache for each call', lookups: POOL.lookupsACall },
  { name: 'pool_100_calls', what: 'a list of 200, 100 calls share a cache', lookups: 100 * POOL.lookupsACall },
  { name: 'pool_800_calls', what: 'a list of 200, 800 calls share a cache', lookups: 800 * POOL.lookupsACall },
];

/** Of real, live questions to an Indian shop (HINT3 curekart, 991 questions), as measured apart from this bench. */
const REAL_LOG = [
  { name: 'real_log_exact', what: 'a real log of 991 questions, exact', hitRate: 0.045 },
  { name: 'real_log_normalised', what: 'the same, normalised', hitRate: 0.069 },
] as const;

/**
 * @param levels of real questions; those that come with the bench say nothing about how often callers repeat themselves.
 * @param billedCalls of one search.
 */
export function savingsOf(levels: LevelsResult | undefined, billedCalls: number): Saving[] {
  const saving = (name: string, what: string, hitRate: number): Saving => ({
    name,
    what,
    hitRate,
    calls: 1e6 * hitRate * billedCalls,
    dollars: { least: DOLLARS_A_MILLION.least * hitRate, most: DOLLARS_A_MILLION.most * hitRate },
  });
  return [
    ...(levels === undefined
      ? REAL_LOG.map(({ name, what, hitRate }) => saving(name, what, hitRate))
      : LEVELS.map((level) => {
          const { hits, asked } = levels.utterances[level];
          return saving(level, `questions of part 4, calls left out, ${level}`, hits / Math.max(1, asked));
        })),
    ...POOLS.map(({ name, what, lookups }) => saving(name, what, poolHitRate(lookups))),
  ];
}

/** Expected of so many questions to an empty cache that forgets nothing: all but the first of each. */
function poolHitRate(lookups: number): number {
  const weights = Array.from({ length: POOL.questions }, (_, rank) => (rank + 1) ** -POOL.exponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const distinct = weights.reduce((sum, weight) => sum + 1 - (1 - weight / total) ** lookups, 0);
  return 1 - distinct / lookups;
}
