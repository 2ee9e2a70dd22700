import { isUtf8 } from 'node:buffer';
import { CacheFault } from './fault.ts';

/** What `set` takes: texts and numbers as they are, everything else as JSON. */
export type RedisCacheValue = string | number | boolean | null | object;

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/iu;
/** What `JSON.stringify` would turn into `{}`, a promise whose `await` was forgotten among them. */
const JSON_LIKE = new Set(['[object Object]', '[object Array]', '[object Boolean]', '[object Null]']);

/** A text or number as it is, and JSON for anything else. @throws CacheFault `unserialisable` for what would come back changed. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') {
    // UTF-8 has no lone surrogates.
    if (!value.isWellFormed()) throw new CacheFault('unserialisable');
    return value;
  }
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return jsonOf(value);
}

/** @throws CacheFault `unserialisable` for cycles, BigInt, functions, `undefined`, NaN, bytes, and objects that JSON would empty. */
export function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    if (isWritable(value)) text = JSON.stringify(value);
  } catch {
    // The engine's own message would name fields of the value.
    text = undefined;
  }
  if (text === undefined) throw new CacheFault('unserialisable');
  return text;
}

/** @throws CacheFault `corrupt` unless it is UTF-8. */
export function storedText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new CacheFault('corrupt');
  return bytes.toString();
}

/** @throws CacheFault `corrupt` */
export function storedNumber(bytes: Buffer): number {
  const text = storedText(bytes);
  if (!NUMBER.test(text)) throw new CacheFault('corrupt');
  return Number(text);
}

/** @throws CacheFault `corrupt` */
export function storedJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(storedText(bytes));
  } catch {
    throw new CacheFault('corrupt');
  }
}

function isWritable(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (ArrayBuffer.isView(value)) return false;
  if (JSON_LIKE.has(Object.prototype.toString.call(value))) return true;
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function';
}
