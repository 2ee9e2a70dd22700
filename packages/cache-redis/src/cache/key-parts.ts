import { hash } from 'node:crypto';

/** A part of a key: an id, a name, a number. */
export type KeySegment = string | number;

const PLAIN = /^[A-Za-z0-9_.-]{1,64}$/u;
const HEX_DIGITS = 32;

/**
 * A part as it stands in keys: itself if it is plain (`A-Z a-z 0-9 _ . -`, at most 64), else `~` and 128 bits of its SHA-256. So no
 * part holds a separator or a glob, none is long, and different ones differ.
 * @throws TypeError for an empty text, or what is no text and no number.
 */
export function segment(name: string, part: KeySegment): string {
  const isNumber = typeof part === 'number' && Number.isFinite(part);
  if (!isNumber && (typeof part !== 'string' || part === ''))
    throw new TypeError(
      `${name} must be a text that is not empty, or a number, got ${part === '' ? "''" : typeof part}`,
    );
  const text = String(part);
  return PLAIN.test(text) ? text : `~${sha256(text).slice(0, HEX_DIGITS)}`;
}

/**
 * SHA-256, hex. Text with lone surrogates, which UTF-8 would fold into one replacement character, is hashed as UTF-16 behind a
 * byte order mark: its FF FE occurs in no UTF-8 text.
 */
export function sha256(text: string): string {
  return hash('sha256', text.isWellFormed() ? text : Buffer.from(`\uFEFF${text}`, 'utf16le'), 'hex');
}

/** 128 bits of SHA-256, hex: for texts that must not be found in keys. */
export function shortHash(text: string): string {
  return sha256(text).slice(0, HEX_DIGITS);
}
