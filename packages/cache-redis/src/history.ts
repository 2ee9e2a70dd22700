import type { Stamp } from '@warmline/cache-core';

/** Bits of a stamp that tell one from another; the others count soft invalidations. */
const GENERATION_BITS = 16n;
const HEX_DIGITS = 12;

/**
 * The history that a server's data belong to: its replication ID, "a large pseudo random string that marks a given story of
 * the data set" (Redis documentation, Replication). It is a new one after every start and every fail-over.
 *
 * What was stored under another history may have been invalidated since, and come back: a server started from an old snapshot
 * has the stamps of that day, and a promoted replica may lack the last deletions (replication is asynchronous). Therefore the
 * history is part of every stamp that guards something mutable, and a new one is a gap on the bus.
 */
export interface History {
  readonly id: string;
  /** The id as a part of stamps. */
  readonly stamp: Stamp;
}

/** Whether `INFO replication` is that of a server which follows another. */
export function isReplica(info: string): boolean {
  return /^role:slave/mu.test(info);
}

/**
 * Reads `INFO replication`.
 * @returns `undefined` for a replica, whose data lag behind: mutable entries are read from masters only.
 */
export function historyOf(info: string): History | undefined {
  const id = /^master_replid:([0-9a-f]{40})/mu.exec(info)?.[1];
  if (isReplica(info) || id === undefined) return undefined;
  return { id, stamp: BigInt(`0x${id.slice(0, HEX_DIGITS)}`) << GENERATION_BITS };
}
