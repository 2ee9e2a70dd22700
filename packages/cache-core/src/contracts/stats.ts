import type { RefusedWrite } from './events.ts';

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
  /** Runs of a loader. */
  readonly loads: number;
  /** Runs of a loader that threw or rejected. */
  readonly loadErrors: number;
  /** Sum of the durations of successful loads, in milliseconds. */
  readonly loadMs: number;
  /** Values stored by `set`. */
  readonly sets: number;
  /** Calls of `delete` and `clear`. */
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
  /** Loads now running. */
  readonly loading: number;
}
