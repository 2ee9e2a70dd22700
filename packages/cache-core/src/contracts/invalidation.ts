/**
 * What is no longer true. Keys and tags are physical: hashed, and prefixed with their namespace, so that they may be
 * written to disk and sent to other machines.
 */
export type Invalidation =
  | { readonly kind: 'keys'; readonly namespace: string; readonly keys: readonly string[] }
  | { readonly kind: 'tags'; readonly namespace: string; readonly tags: readonly string[] }
  | { readonly kind: 'namespace'; readonly namespace: string };

/** One entry as shared tiers and journals know it: physical names only. */
export interface EntryRef {
  /** `{prefix}:{scope}:{cache name}` */
  readonly namespace: string;
  /** Begins with the namespace. */
  readonly key: string;
  /** Begin with the namespace. */
  readonly tags: readonly string[];
}
