/**
 * What is no longer true. Keys and tags are physical: hashed, and prefixed with their namespace, so that they may be
 * written to disk and sent to other machines.
 */
export type Invalidation = (
  | { readonly kind: 'keys'; readonly namespace: string; readonly keys: readonly string[] }
  | { readonly kind: 'tags'; readonly namespace: string; readonly tags: readonly string[] }
  /** The namespace may be {@link EVERY_MUTABLE_NAMESPACE}. */
  | { readonly kind: 'namespace'; readonly namespace: string }
) &
  InvalidationOptions;

/** @see Invalidation */
export interface InvalidationOptions {
  /** What is named may still be served when its loader fails. @default false */
  readonly soft?: boolean;
  /** Who has applied it already: a machine does not apply its own messages again when the bus brings them back. */
  readonly origin?: string;
}

/** Stands for all namespaces whose entries can become stale: what a machine must doubt when it has missed messages. */
export const EVERY_MUTABLE_NAMESPACE = '*';

/** One entry as shared tiers and journals know it: physical names only. */
export interface EntryRef {
  /** `{prefix}:{scope}:{cache name}` */
  readonly namespace: string;
  /** Begins with the namespace. */
  readonly key: string;
  /** Begin with the namespace. */
  readonly tags: readonly string[];
  /** The key names the content, so that nothing in this namespace can become stale. @default false */
  readonly immutable?: boolean;
}
