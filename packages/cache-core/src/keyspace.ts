import type { EntryRef } from './contracts/invalidation.ts';
import { hashText, keySegment } from './key-segment.ts';

/** Where a cache's entries live. */
export interface KeyspaceOptions {
  /** Separates programs that share an engine. @default 'warmline' */
  readonly prefix?: string;
  /** Tenant, or user where the values are a user's: one scope cannot reach another's entries. @default 'default' */
  readonly scope?: string;
  /** Name of the cache, e.g. `phrases`. */
  readonly name: string;
}

/** Turns logical keys into physical ones: scoped, and without any of their text. */
export interface Keyspace {
  /** `{prefix}:{scope}:{name}` */
  readonly namespace: string;
  /** `{namespace}:{128 bits of SHA-256, hex}` */
  keyOf(logicalKey: string): string;
  /** `{namespace}#{128 bits of SHA-256, hex}` */
  tagOf(logicalTag: string): string;
  refOf(logicalKey: string, logicalTags?: readonly string[]): EntryRef;
}

const NO_TAGS: readonly string[] = Object.freeze([]);

/**
 * @throws TypeError when a part is empty or not a string. Any other text is allowed: what is not plain
 * (`A-Z a-z 0-9 _ . -`, at most 64) is replaced by `~` and its hash, so that no part can contain a separator or a glob.
 */
export function createKeyspace(options: KeyspaceOptions): Keyspace {
  const { prefix = 'warmline', scope = 'default', name } = options;
  const namespace = [segment('prefix', prefix), segment('scope', scope), segment('name', name)].join(':');
  const keyOf = (logicalKey: string): string => `${namespace}:${hashText(logicalKey)}`;
  // A separator of their own: a tag never names what a key of the same text names.
  const tagOf = (logicalTag: string): string => `${namespace}#${hashText(logicalTag)}`;
  return Object.freeze({
    namespace,
    keyOf,
    tagOf,
    refOf: (logicalKey: string, logicalTags: readonly string[] = NO_TAGS) => ({
      namespace,
      key: keyOf(logicalKey),
      tags: logicalTags.length === 0 ? NO_TAGS : logicalTags.map(tagOf),
    }),
  });
}

function segment(what: string, text: string): string {
  if (typeof text !== 'string' || text === '') {
    throw new TypeError(`${what} must be a non-empty string, got ${JSON.stringify(text)}`);
  }
  return keySegment(text);
}
