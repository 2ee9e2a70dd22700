import { hash } from 'node:crypto';

/** What a record is; the first character of its key. */
export type Kind = 'value' | 'stamp' | 'group' | 'journal' | 'lease' | 'use' | 'note' | 'owed' | 'head';

const PREFIX: Record<Kind, string> = {
  value: 'v',
  /** Of one entry. */
  stamp: 's',
  /** A stamp of many: of a tag, a namespace, or all mutable ones. */
  group: 'g',
  journal: 'j',
  lease: 'l',
  use: 'u',
  note: 'n',
  owed: 'o',
  head: 'h',
};

/** LMDB takes keys of up to 1978 bytes, which is four bytes for each of so many characters. */
const MAX_LENGTH = 400;

/**
 * The key of a record in the file. Physical names are short and plain; what somebody made himself may be neither: it is
 * replaced by a hash of its UTF-16 form, in which lone surrogates stay apart.
 */
export function recordKey(kind: Kind, name: string): string {
  if (isPlain(name)) return PREFIX[kind] + name;
  return `${PREFIX[kind]}~${hash('sha256', Buffer.from(name, 'utf16le'), 'hex')}`;
}

/** Whether a name is kept as it is, and can be read back from its key. */
export function isPlain(name: string): boolean {
  return name.length <= MAX_LENGTH && name.isWellFormed() && !name.startsWith('~');
}

/** The first key of a kind and the first one behind it. */
export function rangeOf(kind: Kind): { start: string; end: string } {
  const start = PREFIX[kind];
  return { start, end: String.fromCodePoint((start.codePointAt(0) ?? 0) + 1) };
}

/** The key that comes right after another. */
export function after(key: string): string {
  return `${key}\0`;
}

/** The name in a key. */
export function nameOf(key: string): string {
  return key.slice(1);
}
