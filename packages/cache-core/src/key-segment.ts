import { hash } from 'node:crypto';

const PLAIN = /^[A-Za-z0-9_.-]{1,64}$/;
const HEX_DIGITS = 32;

/**
 * A text as one part of a key: itself if it is plain (`A-Z a-z 0-9 _ . -`, at most 64), else `~` and its {@link hashText}. So no
 * part holds a separator or a glob, none is long, and different ones differ.
 */
export function keySegment(text: string): string {
  return PLAIN.test(text) ? text : `~${hashText(text)}`;
}

/**
 * SHA-256 of a text, in hex, for texts that must not be found in keys. Text with lone surrogates, which UTF-8 would fold into one
 * replacement character, is hashed as UTF-16 behind a byte order mark: its FF FE occurs in no UTF-8 text, so the two kinds cannot
 * meet.
 * @param digits how many of its 64 are kept; 32 are 128 bits. @default 32
 */
export function hashText(text: string, digits: number = HEX_DIGITS): string {
  const input = text.isWellFormed() ? text : Buffer.from(`\uFEFF${text}`, 'utf16le');
  return hash('sha256', input, 'hex').slice(0, digits);
}
