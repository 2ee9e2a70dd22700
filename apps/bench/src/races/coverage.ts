import type { CacheEvent } from '@warmline/cache-core';

/**
 * What must have happened for a run to mean something, with the least number of times in a run over all cells. The names
 * of consistency.md §8 are in the comments.
 */
export const WANTED = {
  /** set, delete, tag bumped, clear during load: the load read the source before, and answered after. */
  loads_overtaken_by_delete: 200,
  loads_overtaken_by_tag: 200,
  loads_overtaken_by_clear: 200,
  loads_overtaken_by_set: 200,
  loads_overtaken_by_another_machine: 200,
  /** join after delete: somebody asks while a load that was overtaken is still running in this process. */
  asked_during_an_overtaken_load: 200,
  /** promote after invalidate: what was found below was refused by the fence. */
  promotions_fenced: 100,
  write_backs_fenced: 200,
  /** Frames that were found under stamps which had gone. */
  frames_void: 200,
  /** stamp evicted, or the value. */
  evictions: 200,
  evictions_during_a_load: 30,
  /** A write took effect after an invalidation that it had not seen, or once more after it. */
  late_writes: 200,
  /** late SET after a timeout: the cache had given up on the write. */
  late_writes_after_a_timeout: 30,
  /** superseded load. */
  loads_given_up: 100,
  loads_superseded: 10,
  /** holder killed in its load: it stops and holds its lease until it expires. */
  stopped_loads: 100,
  lease_waits: 100,
  clock_jumps: 100,
  served_stale_while_refreshing: 200,
  served_stale_after_soft_timeout: 50,
  served_stale_on_error: 20,
  refreshes: 200,
  messages_heard: 200,
} as const;

export type Covered = keyof typeof WANTED;

/** Counts how often each thing of {@link WANTED} has happened. */
export class Coverage {
  readonly counts: Record<Covered, number>;
  /** Reads that were compared with the truth, and found something. */
  readsCompared = 0;
  /** All reads. */
  reads = 0;
  /** Invalidations that somebody had not acknowledged when they resolved. */
  pending = 0;

  constructor() {
    this.counts = Object.fromEntries(Object.keys(WANTED).map((name) => [name, 0])) as Record<Covered, number>;
  }

  add(what: Covered, times = 1): void {
    this.counts[what] += times;
  }

  /** A listener for the events of one cache. */
  listener(afterSoftTimeout: boolean): (event: CacheEvent) => void {
    // A promotion is told as a hit and, in the same breath, its refusal; a write-back is refused after a load.
    let lastHitBelow = false;
    return (event) => {
      if (event.type === 'refused-write') {
        if (event.reason === 'invalidated') this.add(lastHitBelow ? 'promotions_fenced' : 'write_backs_fenced');
        if (event.reason === 'superseded') this.add('loads_superseded');
      }
      lastHitBelow = event.type === 'hit' && event.tier !== 'process';
      if (event.type === 'lease-wait') this.add('lease_waits');
      if (event.type === 'frame-fault' && event.fault === 'stamps') this.add('frames_void');
      if (event.type === 'stale-hit') {
        if (event.reason === 'error' || event.reason === 'back-off') this.add('served_stale_on_error');
        else this.add(afterSoftTimeout ? 'served_stale_after_soft_timeout' : 'served_stale_while_refreshing');
      }
    };
  }
}
