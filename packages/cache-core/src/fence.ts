import type { EntryRef, Invalidation } from './contracts/invalidation.ts';
import { EVERY_MUTABLE_NAMESPACE } from './contracts/invalidation.ts';
import type { Journal } from './contracts/journal.ts';

/** Says whether an invalidation could name an entry of this namespace. */
export function concerns(
  invalidation: Invalidation,
  { namespace, immutable }: Omit<EntryRef, 'key' | 'tags'>,
): boolean {
  return invalidation.namespace === EVERY_MUTABLE_NAMESPACE ? immutable !== true : invalidation.namespace === namespace;
}

/** Says which entries an invalidation names. Made once for many entries: an invalidation may name thousands of keys. */
export function namedBy(invalidation: Invalidation): (ref: EntryRef) => boolean {
  switch (invalidation.kind) {
    case 'namespace':
      return (ref) => concerns(invalidation, ref);
    case 'keys': {
      const keys = new Set(invalidation.keys);
      return (ref) => concerns(invalidation, ref) && keys.has(ref.key);
    }
    case 'tags': {
      const tags = new Set(invalidation.tags);
      return (ref) => concerns(invalidation, ref) && ref.tags.some((tag) => tags.has(tag));
    }
  }
}

/** The same invalidations of one namespace in as few as possible: what is dropped for each costs a look at many entries. */
export function merged(invalidations: readonly Invalidation[], namespace: string): readonly Invalidation[] {
  if (invalidations.length < 2) return invalidations;
  return [false, true].flatMap((soft) => {
    const mine = invalidations.filter((one) => one.namespace === namespace && (one.soft ?? false) === soft);
    const keys = mine.flatMap((one) => (one.kind === 'keys' ? one.keys : []));
    const tags = mine.flatMap((one) => (one.kind === 'tags' ? one.tags : []));
    return [
      ...(keys.length > 0 ? [{ kind: 'keys', namespace, keys, soft } as const] : []),
      ...(tags.length > 0 ? [{ kind: 'tags', namespace, tags, soft } as const] : []),
      ...invalidations.filter((one) => one.kind === 'namespace' && (one.soft ?? false) === soft),
    ];
  });
}

/** Says whether an invalidation names an entry. */
export function names(invalidation: Invalidation, ref: EntryRef): boolean {
  if (!concerns(invalidation, ref)) return false;
  switch (invalidation.kind) {
    case 'namespace':
      return true;
    case 'keys':
      return invalidation.keys.includes(ref.key);
    case 'tags':
      return invalidation.tags.some((tag) => ref.tags.includes(tag));
  }
}

/**
 * Notes where the journals stand before the first read of a lookup, and refuses the insertion if an invalidation has come
 * between. It closes this interleaving, for late write-backs and promotions alike, without any state per key:
 *
 *   1. A reads the old value (from the source or a lower tier)   2. B invalidates the key   3. A inserts the old value
 */
export class Fence {
  readonly #marks: readonly { readonly journal: Journal; readonly sequence: number | undefined }[];

  constructor(journals: readonly Journal[]) {
    this.#marks = journals.map((journal) => ({ journal, sequence: attempt(() => journal.sequence()) }));
  }

  /**
   * True while no invalidation since the fence was raised names the entry. A journal that was overrun, or that cannot be
   * read, names everything.
   */
  admits(ref: EntryRef): boolean {
    return this.#marks.every(({ journal, sequence }) => {
      if (sequence === undefined) return false;
      const isNamed = attempt(() => {
        const invalidations = journal.sequence() === sequence ? [] : journal.since(sequence);
        return invalidations === 'overrun' || invalidations.some((invalidation) => names(invalidation, ref));
      });
      return isNamed === false;
    });
  }
}

/** A journal may be a file: that it fails is reported where its invalidations are followed (`Hearing`). */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
