export const KINDS = ['delete', 'set', 'tags', 'clear'] as const;
export type Kind = (typeof KINDS)[number];

/** One invalidation; times on the clock that all processes share. */
export interface Strike {
  readonly kind: Kind;
  /** The numbers of the keys that it names. */
  readonly keys: readonly number[];
  /** What the source had for all of them before it was called. */
  readonly version: number;
  readonly calledMs: number;
  readonly resolvedMs: number;
  /** It was resolved before the cluster had acknowledged it. */
  readonly pending: boolean;
}
