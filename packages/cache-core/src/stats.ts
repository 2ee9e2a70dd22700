import type { RefusedWrite } from './contracts/events.ts';
import type { CacheStats } from './contracts/stats.ts';

/** The process tier's name in events and statistics. */
export const PROCESS_TIER = 'process';

/** Counts what a cache does; plain increments, because the hit path pays for every instruction. */
export class StatsRecorder {
  processHits = 0;
  misses = 0;
  shared = 0;
  loads = 0;
  loadErrors = 0;
  loadMs = 0;
  sets = 0;
  invalidations = 0;
  frameFaults = 0;
  tierErrors = 0;
  evictions = 0;
  readonly #tierHits = new Map<string, number>();
  readonly #refused = new Map<RefusedWrite, number>();

  tierHit(tier: string): void {
    this.#tierHits.set(tier, (this.#tierHits.get(tier) ?? 0) + 1);
  }

  refusedWrite(reason: RefusedWrite): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  snapshot(now: { entries: number; bytes: number; loading: number }): CacheStats {
    const hits = { [PROCESS_TIER]: this.processHits, ...Object.fromEntries(this.#tierHits) };
    const found = Object.values(hits).reduce((sum, count) => sum + count, 0);
    const asked = found + this.misses + this.shared;
    return Object.freeze({
      hits: Object.freeze(hits),
      misses: this.misses,
      shared: this.shared,
      hitRate: asked === 0 ? 0 : found / asked,
      loads: this.loads,
      loadErrors: this.loadErrors,
      loadMs: this.loadMs,
      sets: this.sets,
      invalidations: this.invalidations,
      refusedWrites: Object.freeze(Object.fromEntries(this.#refused)),
      frameFaults: this.frameFaults,
      tierErrors: this.tierErrors,
      evictions: this.evictions,
      ...now,
    });
  }
}
