import type { Keyspace } from '@warmline/cache-core';
import { createKeyspace } from '@warmline/cache-core';
import { CacheFault } from './fault.ts';

const MAX_KEY_BYTES = 1_024;
/** Room for every character of a key to be escaped. */
const MAX_PATTERN_BYTES = 4 * MAX_KEY_BYTES;
/** Only needed to ask for the part of a keyspace that lies above the names of caches. */
const NAME = 'c';
const HASH_DIGITS = 16;
/** What a category may look like; anything else could be a number or an address of a person. */
const CATEGORY = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/u;
export const OTHER_CATEGORY = 'other';

/**
 * The keys of one cache in Redis: `{prefix}:{scope}:` and the key as it was given. A prefix or scope that is not plain
 * (`A-Z a-z 0-9 _ . -`, at most 64) is replaced by `~` and its hash, so no two of them share a key and none holds a glob.
 */
export class Namespace {
  /** `{prefix}:{scope}:` */
  readonly text: string;
  readonly #bytes: Buffer;
  readonly #keyspace: Keyspace;

  /** @throws TypeError when a part is empty or not a string. */
  constructor(prefix: string, scope: string) {
    this.#keyspace = createKeyspace({ prefix, scope, name: NAME });
    this.text = this.#keyspace.namespace.slice(0, -NAME.length);
    this.#bytes = Buffer.from(this.text);
  }

  /**
   * The name of a key in Redis. One that is too long is refused and not shortened: patterns could not find it, and what is to be
   * deleted would stay.
   * @throws CacheFault `bad-key`
   */
  nameOf(key: unknown): string {
    if (!isKey(key, MAX_KEY_BYTES)) throw new CacheFault('bad-key');
    return this.text + key;
  }

  /** A pattern that finds nothing outside, whatever the glob is. @throws CacheFault `bad-key` */
  patternOf(glob: unknown): string {
    if (!isKey(glob, MAX_PATTERN_BYTES)) throw new CacheFault('bad-key');
    return this.text + glob;
  }

  /** Whether a name found in Redis is of this namespace. */
  owns(name: Buffer): boolean {
    return name.length > this.#bytes.length && name.subarray(0, this.#bytes.length).equals(this.#bytes);
  }

  /** 16 hex digits for events; `undefined` for what is no key. */
  hashOf(key: unknown): string | undefined {
    return typeof key === 'string' ? this.#keyspace.keyOf(key).slice(-HASH_DIGITS) : undefined;
  }
}

/** UTF-8 folds lone surrogates into one character: two keys would become one. */
function isKey(text: unknown, maxBytes: number): text is string {
  return typeof text === 'string' && text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= maxBytes;
}

/** The first segment of a key, `context` of `context:42:1`; `other` for a key without segments and for what is not a plain word. */
export function categoryOf(key: unknown): string {
  if (typeof key !== 'string') return OTHER_CATEGORY;
  const end = key.indexOf(':');
  const first = end < 1 ? '' : key.slice(0, end);
  return CATEGORY.test(first) ? first : OTHER_CATEGORY;
}

/** The glob of a user's keys as a program may have written them by itself; none where there can be no such keys. */
export function writtenByHand(userId: string | number): readonly string[] {
  const id = String(userId);
  return isKey(id, MAX_KEY_BYTES) ? [`user:${escapeGlob(id)}:*`] : [];
}

/** Text of which a glob finds only itself. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/gu, String.raw`\$&`);
}
