import type { RefusedWrite, StaleReason } from './contracts/events.ts';
import type { CacheStats } from './contracts/stats.ts';
import { Log2Histogram } from './histogram.ts';

/** The process tier's name in events and statistics. */
export const PROCESS_TIER = 'process';

/** Counts what a cache does; plain increments, because the hit path pays for every instruction. */
export class StatsRecorder {
  processHits = 0;
  misses = 0;
  shared = 0;
  loads = 0;
  refreshes = 0;
  loadErrors = 0;
  sets = 0;
  invalidations = 0;
  frameFaults = 0;
  tierErrors = 0;
  evictions = 0;
  negativeHits = 0;
  backOffErrors = 0;
  savedMs = 0;
  readonly hitAgeMs: Log2Histogram = new Log2Histogram();
  readonly loadTimeMs: Log2Histogram = new Log2Histogram();
  readonly valueBytes: Log2Histogram = new Log2Histogram();
  readonly #tierHits = new Map<string, number>();
  readonly #refused = new Map<RefusedWrite, number>();
  readonly #stale = new Map<StaleReason, number>();

  tierHit(tier: string): void {
    increment(this.#tierHits, tier);
  }

  refusedWrite(reason: RefusedWrite): void {
    increment(this.#refused, reason);
  }

  staleHit(reason: StaleReason, loadCostMs: number): void {
    increment(this.#stale, reason);
    this.savedMs += loadCostMs;
  }

  snapshot(now: { entries: number; bytes: number; loading: number }): CacheStats {
    const hits = { [PROCESS_TIER]: this.processHits, ...Object.fromEntries(this.#tierHits) };
    const found = Object.values(hits).reduce((sum, count) => sum + count, 0);
    const asked = found + this.misses + this.shared;
    const loadTimeMs = this.loadTimeMs.snapshot();
    return Object.freeze({
      hits: Object.freeze(hits),
      misses: this.misses,
      shared: this.shared,
      hitRate: asked === 0 ? 0 : found / asked,
      loads: this.loads,
      loadErrors: this.loadErrors,
      loadMs: loadTimeMs.sum,
      sets: this.sets,
      invalidations: this.invalidations,
      refusedWrites: Object.freeze(Object.fromEntries(this.#refused)),
      frameFaults: this.frameFaults,
      tierErrors: this.tierErrors,
      evictions: this.evictions,
      refreshes: this.refreshes,
      staleHits: Object.freeze(Object.fromEntries(this.#stale)),
      negativeHits: this.negativeHits,
      backOffErrors: this.backOffErrors,
      savedMs: this.savedMs,
      hitAgeMs: this.hitAgeMs.snapshot(),
      loadTimeMs,
      valueBytes: this.valueBytes.snapshot(),
      ...now,
    });
  }
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
