import type { Invalidation } from './invalidation.ts';

/**
 * The ordered list of recent invalidations of a process or a machine. A reader notes `sequence()` before it reads and asks
 * `since(noted)` before it inserts what it read: whatever an invalidation has named in between must not be inserted.
 */
export interface Journal {
  /** Number of invalidations so far. Synchronous and cheap: it is asked on every lookup. */
  sequence(): number;
  /** The invalidations after `sequence`, oldest first, or `'overrun'` when the journal no longer reaches back that far. */
  since(sequence: number): readonly Invalidation[] | 'overrun';
  /**
   * Until when this machine is known to hear of the invalidations of others, in the time of the tier that keeps the
   * journal. Past it entries of mutable namespaces count as softly invalidated. Absent or `undefined`: nobody else invalidates.
   */
  liveUntil?(): number | undefined;
}
