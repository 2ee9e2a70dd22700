import type { GenericDatabaseWriter } from 'convex/server';
import type { GenericId } from 'convex/values';
import { PROMPT_VERSION } from '../prompt.ts';
import type { WarmlineDataModel } from './data-model.ts';

/** @see beginRebuild */
export interface RebuildScope {
  /** @default those of all organisations */
  readonly organizationId?: string | undefined;
  /** Also of agents that have a prompt of this version. @default false */
  readonly force?: boolean | undefined;
  /** The time, in ms since 1970. */
  readonly now: number;
  /** @default {@link PROMPT_VERSION} */
  readonly promptVersion?: number;
}

/** A run that nobody went on with for a day is history: the agents before its cursor may be other ones by now. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/**
 * Begins a rebuild of prompts, or finds the one to go on with: one of the same scope that was killed, or is under way elsewhere;
 * two drivers of one rebuild share its batches.
 */
export async function beginRebuild(
  db: Pick<GenericDatabaseWriter<WarmlineDataModel>, 'query' | 'insert'>,
  { organizationId = '*', force = false, now, promptVersion = PROMPT_VERSION }: RebuildScope,
): Promise<GenericId<'rebuilds'>> {
  const unfinished = await db
    .query('rebuilds')
    .withIndex('by_run', (q) =>
      q.eq('scope', organizationId).eq('force', force).eq('promptVersion', promptVersion).eq('isDone', false),
    )
    .order('desc')
    .first();
  if (unfinished !== null && now - unfinished.touchedAt < ABANDONED_MS) return unfinished._id;
  return await db.insert('rebuilds', {
    scope: organizationId,
    force,
    promptVersion,
    cursor: null,
    rebuilt: 0,
    current: 0,
    oversized: 0,
    malformed: 0,
    problems: [],
    isDone: false,
    touchedAt: now,
  });
}

/**
 * Deletes the records of rebuilds that nobody goes on with.
 * @returns how many; if as many as the limit, there may be more.
 */
export async function trimRebuilds(
  db: Pick<GenericDatabaseWriter<WarmlineDataModel>, 'query' | 'delete'>,
  { now, limit = 1000 }: { readonly now: number; readonly limit?: number },
): Promise<number> {
  const old = await db
    .query('rebuilds')
    .withIndex('by_touchedAt', (q) => q.lt('touchedAt', now - 30 * ABANDONED_MS))
    .take(limit);
  for (const { _id } of old) await db.delete('rebuilds', _id);
  return old.length;
}
