import type { RefusedWrite, StaleReason } from './events.ts';

/** How often which sizes occurred. `counts[i]` are the values below `2 ** i` that no earlier count holds; the last has the rest. */
export interface Histogram {
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
  readonly max: number;
}

/** Counters of one cache since its creation. */
export interface CacheStats {
  /** Fresh values found, by tier name. */
  readonly hits: Readonly<Record<string, number>>;
  /** Lookups that found no usable entry in any tier. */
  readonly misses: number;
  /** Callers who joined a load that was already running; not counted as misses. */
  readonly shared: number;
  /** hits / (hits + misses + shared); 0 when nothing was asked. */
  readonly hitRate: number;
  /** Keys that a loader ran for; each key of a batch counts. */
  readonly loads: number;
  /** Keys whose loader threw, rejected, or ran into its hard timeout. */
  readonly loadErrors: number;
  /** Sum of the durations of successful loads, in milliseconds. */
  readonly loadMs: number;
  /** Values stored by `set`. */
  readonly sets: number;
  /** Calls that invalidate: `delete`, `invalidateTags`, `clear` and the soft ones. */
  readonly invalidations: number;
  /** Values returned but not stored, by reason. */
  readonly refusedWrites: Readonly<Partial<Record<RefusedWrite, number>>>;
  /** Stored frames that could not be used because they were damaged, foreign or moved. */
  readonly frameFaults: number;
  /** Failed or late calls of shared tiers. */
  readonly tierErrors: number;
  /** Entries removed from the process tier for space. */
  readonly evictions: number;
  /** Entries now in the process tier. */
  readonly entries: number;
  /** Bytes now in the process tier, by the accounting that bounds it. */
  readonly bytes: number;
  /** Loads that a caller could join now. */
  readonly loading: number;
  /** Loads that replace a value which is being served; part of `loads`. */
  readonly refreshes: number;
  /** Stale values served, by reason; no part of `hits`; a caller who waited for it counts as a miss or as shared as well. */
  readonly staleHits: Readonly<Partial<Record<StaleReason, number>>>;
  /** Hits whose finding was that there is none; part of `hits`. */
  readonly negativeHits: number;
  /** Errors served again during back-off without asking the loader. */
  readonly backOffErrors: number;
  /** Loader time that hits and stale hits have spared their callers, in milliseconds. */
  readonly savedMs: number;
  /** Age of hits, in milliseconds. */
  readonly hitAgeMs: Histogram;
  /** Duration of successful loads, in milliseconds. */
  readonly loadTimeMs: Histogram;
  /** Size of loaded values, in bytes. */
  readonly valueBytes: Histogram;
}
