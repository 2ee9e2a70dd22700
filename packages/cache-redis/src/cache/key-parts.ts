import { keySegment } from '@warmline/cache-core';

/** A part of a key: an id, a name, a number. */
export type KeySegment = string | number;

/**
 * A part as it stands in keys, see `keySegment`.
 * @throws TypeError for an empty text, or what is no text and no number.
 */
export function segment(name: string, part: KeySegment): string {
  const isNumber = typeof part === 'number' && Number.isFinite(part);
  if (!isNumber && (typeof part !== 'string' || part === ''))
    throw new TypeError(
      `${name} must be a text that is not empty, or a number, got ${part === '' ? "''" : typeof part}`,
    );
  return keySegment(String(part));
}
