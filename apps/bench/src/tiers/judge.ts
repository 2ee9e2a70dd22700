/** How long after an invalidation has been acknowledged another process of the machine may still serve what was before. */
export const ALLOWED_MS = 5;

/** One version, from its being set until its being deleted; times on the clock that all processes share. */
export interface Trial {
  readonly version: number;
  /** When `set` was called. */
  readonly setMs: number;
  /** When `delete` had resolved. */
  readonly deletedMs: number;
}

/** What one reader's reads say. */
export interface Verdict {
  /** For each version that the reader had: from the resolved delete to the end of the first read that found it gone. */
  readonly seenMs: readonly number[];
  /** Reads that began later than is allowed after a delete, before the next `set`. */
  readonly compared: number;
  /** Those among them, and any later ones, that found what had been deleted. */
  readonly older: number;
  /** How long after the delete the last read began that found the old version, at worst. */
  readonly worstMs: number;
}

/** Compares a reader's reads with what was deleted when. @param reads version, begin and end of each, one behind another. */
export function judge(trials: readonly Trial[], reads: Float64Array): Verdict {
  const byVersion = new Map(trials.map((trial) => [trial.version, trial]));
  const seenMs: number[] = [];
  let [compared, older, worstMs, at] = [0, 0, 0, 0];
  let before = 0;
  for (let index = 0; index < reads.length; index += 3) {
    const [version = 0, startedMs = 0, endedMs = 0] = reads.subarray(index, index + 3);
    while (at + 1 < trials.length && startedMs > (trials[at + 1]?.deletedMs ?? 0)) at++;
    const [latest, next] = [trials[at], trials[at + 1]];
    const isAfter = latest !== undefined && startedMs > latest.deletedMs + ALLOWED_MS;
    const found = byVersion.get(version);
    const lateMs = found === undefined ? 0 : startedMs - found.deletedMs;
    if (lateMs > ALLOWED_MS) older++;
    if (lateMs > ALLOWED_MS || (isAfter && startedMs < (next?.setMs ?? Number.POSITIVE_INFINITY))) compared++;
    worstMs = Math.max(worstMs, lateMs);
    const gone = byVersion.get(before);
    if (gone !== undefined && version !== before) seenMs.push(Math.max(0, endedMs - gone.deletedMs));
    before = version;
  }
  return { seenMs, compared, older, worstMs };
}
