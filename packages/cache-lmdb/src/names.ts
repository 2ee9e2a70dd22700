import { hash } from 'node:crypto';

/** What a record is; the first byte of its key. */
export type Kind = 'value' | 'stamp' | 'journal' | 'lease' | 'use' | 'note' | 'head';

const PREFIX: Record<Kind, string> = {
  value: 'v',
  stamp: 's',
  journal: 'j',
  lease: 'l',
  use: 'u',
  note: 'n',
  head: 'h',
};

/** LMDB takes keys of up to 1978 bytes; physical names are ASCII and shorter by far, unless somebody made his own. */
const PLAIN = /^[\u0021-\u007e]{1,400}$/u;

/** The key of a record in the file. Names that are not plain are replaced by their hash, behind a character that plain ones of caches never begin with. */
export function recordKey(kind: Kind, name: string): Buffer {
  const plain = PLAIN.test(name) ? name : `\u007f${hash('sha256', name, 'hex')}`;
  return Buffer.from(PREFIX[kind] + plain, 'latin1');
}

/** The first key of a kind, and the first one that is of none: no name begins with so high a byte. */
export function rangeOf(kind: Kind): { start: Buffer; end: Buffer } {
  const start = Buffer.from(PREFIX[kind], 'latin1');
  return { start, end: Buffer.concat([start, Buffer.of(0xff)]) };
}

/** The name in a key. */
export function nameOf(key: Buffer): string {
  return key.toString('latin1', 1);
}
