import type { CacheStats } from '@warmline/cache-core';

/** What a `VoiceKnowledgeService` has done since its creation. */
export interface KnowledgeStats {
  /** Answered from a tier. */
  readonly hits: number;
  /** Hits by the tier that had them. */
  readonly hitsByTier: Readonly<Record<string, number>>;
  /** Answered by a search that another caller of this process had under way. */
  readonly shared: number;
  /** (hits + shared) / all that were asked; 0 when nothing was. */
  readonly hitRate: number;
  /** Searches made by the source, those that failed included. */
  readonly searches: number;
  readonly failed: number;
  /** Answered with an older result, because the source failed. */
  readonly stale: number;
  /** Searching time that callers were spared, in milliseconds. */
  readonly savedMs: number;
  /** Results now in the process tier, and their bytes. */
  readonly results: number;
  readonly bytes: number;
}

export function knowledgeStats(stats: CacheStats): KnowledgeStats {
  const hits = sum(stats.hits);
  const asked = hits + stats.misses + stats.shared;
  return {
    hits,
    hitsByTier: stats.hits,
    shared: stats.shared,
    hitRate: asked === 0 ? 0 : (hits + stats.shared) / asked,
    searches: stats.loads,
    failed: stats.loadErrors,
    stale: sum(stats.staleHits),
    savedMs: stats.savedMs,
    results: stats.entries,
    bytes: stats.bytes,
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
