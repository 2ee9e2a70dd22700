import { chunks } from './chunks.ts';
import { hostNow } from './clock.ts';
import type { LmdbFile } from './lmdb-file.ts';
import { recordKey } from './names.ts';
import { useOf } from './usage.ts';

/** @see sweep */
export interface SweepOptions {
  readonly maxBytes: number;
  /** Of `maxBytes`: what one scope may hold before it is the first to make space. @default 0.5 */
  readonly scopeShare?: number;
  /** Of `maxBytes`: pinned entries beyond it are evicted like others. @default 0.5 */
  readonly pinShare?: number;
}

/** What a sweep has done. */
export interface Swept {
  readonly expired: number;
  readonly evicted: number;
  readonly freedBytes: number;
}

/** After making space so much of `maxBytes` is in use: so it is made rarely, and a lot at a time. */
const KEPT_SHARE = 0.9;
/** Of what is kept, so much is for entries that were read again; the rest lets new ones show what they are worth. */
const PROVEN_SHARE = 0.8;
const REMOVED_A_COMMIT = 64;
/** LMDB puts what does not fit in half a page on pages of its own. */
const PAGE_BYTES = 4096;
const RECORD_BYTES = 64;

interface Entry {
  readonly name: string;
  readonly bytes: number;
  /** When it was read last; for what was never read again, a time by which those that were stored first come first. */
  readonly rank: number;
  readonly proven: boolean;
  readonly pinned: boolean;
}

/**
 * Removes what has expired, and if more than `maxBytes` are in use, what is worth least: entries of scopes beyond their share
 * first, then what was never read again, oldest first (a crowd of sentences said once cannot push out what is said in every
 * call), then what was not read for longest. Pinned entries stay, up to their share.
 *
 * Every entry is looked at, a few hundred between two turns of the event loop. One process of a machine does it.
 */
export async function sweep(file: LmdbFile, options: SweepOptions): Promise<Swept> {
  const { maxBytes, scopeShare = 0.5, pinShare = 0.5 } = options;
  const { alive, expired } = await takeStock(file);
  await removeAll(file, expired);
  const excess = file.usedBytes() - maxBytes;
  if (excess <= 0) return { expired: expired.length, evicted: 0, freedBytes: 0 };
  const goal = excess + (1 - KEPT_SHARE) * maxBytes;
  const victims = chooseVictims(alive, goal, {
    scopeBytes: scopeShare * maxBytes,
    pinBytes: pinShare * maxBytes,
    provenBytes: PROVEN_SHARE * KEPT_SHARE * maxBytes,
  });
  await removeAll(
    file,
    victims.map(({ name }) => name),
  );
  await removeAll(file, await orphans(file));
  return { expired: expired.length, evicted: victims.length, freedBytes: bytesOf(victims) };
}

/** Stamps of entries that are not there: of loads that brought nothing, or found no room. One under way stays unstored. */
async function orphans(file: LmdbFile): Promise<string[]> {
  const found: string[] = [];
  for await (const names of chunks(file, 'stamp')) {
    found.push(...names.filter((name) => file.peek(recordKey('value', name)) === undefined));
  }
  return found;
}

async function takeStock(file: LmdbFile): Promise<{ alive: Entry[]; expired: string[] }> {
  const alive: Entry[] = [];
  const expired: string[] = [];
  for await (const names of chunks(file, 'value')) {
    const nowMs = hostNow();
    for (const name of names) {
      const bytes = file.peek(recordKey('value', name));
      const version = file.lastVersion();
      if (bytes === undefined) continue;
      const expiresMs = Math.abs(version);
      if (nowMs >= expiresMs) {
        expired.push(name);
        continue;
      }
      const size = sizeOf(bytes.length + name.length);
      const use = useOf(file, name);
      alive.push({ name, bytes: size, rank: use?.lastMs ?? expiresMs, proven: use !== undefined, pinned: version < 0 });
    }
  }
  return { alive, expired };
}

function chooseVictims(
  entries: readonly Entry[],
  goal: number,
  { scopeBytes, pinBytes, provenBytes }: { scopeBytes: number; pinBytes: number; provenBytes: number },
): Entry[] {
  const pinned = entries.filter((entry) => entry.pinned).toSorted(byRank);
  let pinnedBytes = bytesOf(pinned);
  const loose = [
    ...pinned.filter(({ bytes }) => {
      const isBeyond = pinnedBytes > pinBytes;
      if (isBeyond) pinnedBytes -= bytes;
      return isBeyond;
    }),
    ...entries.filter((entry) => !entry.pinned),
  ];
  const scopes = new Map<string, number>();
  for (const { name, bytes } of entries) scopes.set(scopeOf(name), (scopes.get(scopeOf(name)) ?? 0) + bytes);
  const proven = loose.filter((entry) => entry.proven).toSorted(byRank);
  const unproven = loose.filter((entry) => !entry.proven).toSorted(byRank);
  // Beyond their share even those that were read again go by age: else what was useful once would stay for ever.
  let provenLeft = bytesOf(proven);
  const overdue = proven.filter(({ bytes }) => {
    const isBeyond = provenLeft > provenBytes;
    if (isBeyond) provenLeft -= bytes;
    return isBeyond;
  });
  const order = [...overdue, ...unproven, ...proven.slice(overdue.length)];
  const victims = new Set<Entry>();
  let freed = 0;
  const take = (entry: Entry): void => {
    if (freed >= goal || victims.has(entry)) return;
    victims.add(entry);
    freed += entry.bytes;
    scopes.set(scopeOf(entry.name), (scopes.get(scopeOf(entry.name)) ?? 0) - entry.bytes);
  };
  for (const entry of [...unproven, ...proven]) if ((scopes.get(scopeOf(entry.name)) ?? 0) > scopeBytes) take(entry);
  for (const entry of order) take(entry);
  return [...victims];
}

async function removeAll(file: LmdbFile, names: readonly string[]): Promise<void> {
  for (let at = 0; at < names.length; at += REMOVED_A_COMMIT) {
    await file.commit(undefined, (batch) => {
      for (const name of names.slice(at, at + REMOVED_A_COMMIT)) {
        // With its stamp: else a flood of small entries would leave the file full of stamps.
        for (const kind of ['value', 'stamp', 'use'] as const) batch.remove(recordKey(kind, name));
      }
    });
  }
}

/** The second part of a physical key. */
function scopeOf(name: string): string {
  return name.split(':', 2)[1] ?? '';
}

function sizeOf(bytes: number): number {
  return bytes <= PAGE_BYTES / 2 ? bytes + RECORD_BYTES : Math.ceil((bytes + RECORD_BYTES) / PAGE_BYTES) * PAGE_BYTES;
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}

function byRank(one: Entry, other: Entry): number {
  return one.rank - other.rank;
}
