import type { Change, ChangeWindow } from './change-feed.ts';

/** How far a source has been heard. */
export interface Heard {
  /** The last commit; `undefined` when there was none yet. */
  readonly upTo: bigint | undefined;
}

/**
 * The commits of a window that have not been heard, oldest first, each agent or knowledge base once, as it is now.
 * A window that does not hold the commit that was heard last proves nothing: it has moved on too far, or the source has
 * been restored to another state.
 * @param heard `undefined` when nothing has been heard.
 * @returns `gap` when there may be others.
 */
export function unheardChanges(
  { changes, isWhole }: ChangeWindow,
  heard: Heard | undefined,
): readonly Change[] | 'gap' {
  if (heard === undefined) return 'gap';
  const { upTo } = heard;
  const isJoined = upTo === undefined ? isWhole : changes.some(({ at }) => at === upTo);
  if (!isJoined) return 'gap';
  const newest = new Map<string, Change>();
  for (const change of changes) {
    if (upTo !== undefined && change.at <= upTo) continue;
    const name = `${change.kind}:${change.id}`;
    // Again at the end: the order is that of the last commits.
    newest.delete(name);
    newest.set(name, change);
  }
  return [...newest.values()];
}
