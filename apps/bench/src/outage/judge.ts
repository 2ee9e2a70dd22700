/**
 * How long after another machine has invalidated something a process may still serve it whom nobody can tell: then its dead-man
 * switch is past, plus what a process may take until it looks (5 ms).
 */
const DEAD_MAN_MS = 5_005;

/** A change of the source that somebody has made hold: from then on no read may begin that finds less. */
export interface KnownChange {
  readonly slot: number;
  readonly version: number;
  /** When `set`, `delete` or `invalidateTags` had resolved. */
  readonly resolvedMs: number;
  /** Who has made it: the process that reads, or another machine, whose message it may not get. */
  readonly by: 'self' | 'other';
}

/** What a process's reads say, of keys that are changed. */
export interface Verdict {
  /** Reads that began after a change of their key by the process itself, or of before the outage. */
  readonly compared: number;
  /** Those that found an older version. */
  readonly stale: number;
  /** Reads that began longer than is allowed after another machine's change during the outage, and those that found less. */
  readonly doubted: number;
  readonly olderThanAllowed: number;
  /** Reads that found what the source has never had, or nothing. */
  readonly wrong: number;
}

/** Compares reads with what was changed when. @param reads slot, version, begin and end of each, one behind another. */
export function judge(changes: readonly KnownChange[], reads: Float64Array): Verdict {
  const bySlot = Map.groupBy(changes, ({ slot }) => slot);
  const counts = { compared: 0, stale: 0, doubted: 0, olderThanAllowed: 0, wrong: 0 };
  for (let at = 0; at < reads.length; at += 4) {
    const [slot = 0, version = 0, startedMs = 0, endedMs = 0] = reads.subarray(at, at + 4);
    const known = bySlot.get(slot) ?? [];
    const newest = Math.max(1, ...known.map((change) => change.version));
    if (version < 1 || version > newest) counts.wrong++;
    const own = leastOf(known, 'self', startedMs);
    const others = leastOf(known, 'other', startedMs - DEAD_MAN_MS);
    if (own > 1) counts.compared++;
    if (version < own) counts.stale++;
    if (others > 1) counts.doubted++;
    if (version < others) counts.olderThanAllowed++;
    if (endedMs < startedMs) throw new Error('a read has ended before it began');
  }
  return counts;
}

function leastOf(changes: readonly KnownChange[], by: KnownChange['by'], beforeMs: number): number {
  return Math.max(1, ...changes.flatMap((each) => (each.by === by && each.resolvedMs < beforeMs ? each.version : [])));
}
