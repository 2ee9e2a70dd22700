import type { GenericDatabaseReader, GenericDatabaseWriter } from 'convex/server';
import type { CommitTsPlaceholder } from 'convex/values';
import type { Change } from '../change-feed.ts';
import type { WarmlineDataModel } from './data-model.ts';

/** As many as a feed shows: a watcher that missed more has to doubt everything. */
const WINDOW = 50;

/** More than a window stays, so that a trimmed feed never looks whole. */
const KEPT = 2 * WINDOW;

/** Tells workers of a commit. It must run in the mutation that makes the change: both are committed, or none. */
export async function appendChange(
  db: Pick<GenericDatabaseWriter<WarmlineDataModel>, 'insert' | 'vars'>,
  change: Omit<Change, 'at'>,
): Promise<void> {
  await db.insert('changes', { ...change, at: db.vars.commitTs });
}

/** The newest 50 changes, oldest first. Its result depends on nothing else, so that all subscribers share one run of it. */
export async function newestChanges(
  db: Pick<GenericDatabaseReader<WarmlineDataModel>, 'query'>,
): Promise<{ changes: Change[]; isWhole: boolean }> {
  const newest = await db
    .query('changes')
    .withIndex('by_at')
    .order('desc')
    .take(WINDOW + 1);
  const changes = newest
    .slice(0, WINDOW)
    .toReversed()
    .map(({ at, kind, id, organizationId, deleted }) => ({ at: committed(at), kind, id, organizationId, deleted }));
  return { changes, isWhole: newest.length <= WINDOW };
}

/**
 * Deletes changes that no window shows any more.
 * @param limit how many at most, in one transaction @default 1000
 * @returns how many; if as many as the limit, there may be more.
 */
export async function trimChanges(
  db: Pick<GenericDatabaseWriter<WarmlineDataModel>, 'query' | 'delete'>,
  limit = 1000,
): Promise<number> {
  const kept = await db.query('changes').withIndex('by_at').order('desc').take(KEPT);
  const oldestKept = kept.at(-1);
  if (kept.length < KEPT || oldestKept === undefined) return 0;
  const old = await db
    .query('changes')
    .withIndex('by_at', (q) => q.lt('at', oldestKept.at))
    .take(limit);
  for (const { _id } of old) await db.delete('changes', _id);
  return old.length;
}

function committed(at: bigint | CommitTsPlaceholder): bigint {
  if (typeof at !== 'bigint')
    throw new TypeError('a change of this very transaction has no place among the commits yet');
  return at;
}
