import type { EntryRef, Invalidation } from './contracts/invalidation.ts';
import { BoundedMap } from './bounded-map.ts';
import { names } from './fence.ts';
import { warn } from './listener.ts';

/** Newest versions remembered, by key. */
const MAX_VERSIONS = 10_000;
/** Recent invalidations remembered; beyond it the oldest counts as one of everything. */
const MAX_RECENT = 1_000;

/**
 * Guards against a source whose reads lag behind its writes (a replica, an index): after an invalidation it may answer with
 * the old value for a while. Two remedies, each an option: a time for which nothing loaded is believed for long, and a
 * version that may not go backwards.
 */
export class SourceLag<V> {
  readonly #settleMs: number;
  readonly #versionOf: ((value: V) => number) | undefined;
  readonly #recent: { readonly invalidation: Invalidation; readonly atMs: number }[] = [];
  readonly #versions = new BoundedMap<number>(MAX_VERSIONS);

  constructor(settleMs: number, versionOf: ((value: V) => number) | undefined) {
    this.#settleMs = settleMs;
    this.#versionOf = versionOf;
  }

  invalidated(invalidation: Invalidation, nowMs: number): void {
    if (this.#settleMs === 0) return;
    this.#forgetBefore(nowMs - this.#settleMs);
    this.#recent.push({ invalidation, atMs: nowMs });
    if (this.#recent.length <= MAX_RECENT) return;
    this.#recent.splice(0, 2, {
      invalidation: { kind: 'namespace', namespace: invalidation.namespace },
      atMs: this.#recent[1]?.atMs ?? nowMs,
    });
  }

  /** Clock time until which what a load brings that began at `startedMs` may be old; 0 when it is to be believed. */
  settlesAt(ref: EntryRef, startedMs: number): number {
    const last = this.#recent.findLast(({ invalidation }) => names(invalidation, ref));
    return last !== undefined && startedMs < last.atMs + this.#settleMs ? last.atMs + this.#settleMs : 0;
  }

  /** Notes the version of a value that is about to be kept. @returns whether it is not older than one that was seen before. */
  admits(key: string, value: V): boolean {
    const version = this.#read(value);
    if (version === undefined) return true;
    const newest = this.#versions.get(key);
    if (newest !== undefined && version < newest) return false;
    this.#versions.set(key, version);
    return true;
  }

  /**
   * A value that the application itself has set: its version is the newest, whatever it was before. Also the way out when
   * a source has gone back to an older state.
   */
  overrule(key: string, value: V): void {
    const version = this.#read(value);
    if (version !== undefined) this.#versions.set(key, version);
  }

  /** A value whose version cannot be told is not compared. */
  #read(value: V): number | undefined {
    try {
      const version = this.#versionOf?.(value);
      return Number.isNaN(version) ? undefined : version;
    } catch (error) {
      warn(error);
      return undefined;
    }
  }

  #forgetBefore(atMs: number): void {
    const kept = this.#recent.findIndex((recent) => recent.atMs > atMs);
    this.#recent.splice(0, kept === -1 ? this.#recent.length : kept);
  }
}
