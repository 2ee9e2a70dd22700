import { hash } from 'node:crypto';

/** What a key may be made of. Order of object fields does not matter; `undefined` fields are left out. */
export type KeyPart =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly KeyPart[]
  | { readonly [field: string]: KeyPart };

/**
 * One text for equal parts, whatever the order of their fields: `canonicalKey({ a: 1, b: 2 }) === canonicalKey({ b: 2, a: 1 })`.
 * Different parts never give the same text.
 * @throws TypeError for numbers that are not finite and for anything that is not a `KeyPart`, naming where it stands.
 */
export function canonicalKey(part: KeyPart): string {
  return write(part, 'key');
}

/** 16 hex digits (64 bits) of SHA-256 over {@link canonicalKey}: short keys of tools and parameters. */
export function hashKey(part: KeyPart): string {
  return hash('sha256', canonicalKey(part), 'hex').slice(0, 16);
}

function write(part: KeyPart, path: string): string {
  if (part === undefined) return 'u';
  if (part === null || typeof part === 'boolean' || typeof part === 'string') return JSON.stringify(part);
  if (typeof part === 'number') {
    if (!Number.isFinite(part)) throw new TypeError(`${path} must be a finite number, got ${part}`);
    return JSON.stringify(part);
  }
  if (Array.isArray(part)) {
    // Array.from, unlike map, visits holes: `[,]` must not read as `[]`.
    return `[${Array.from(part, (item: KeyPart, index) => write(item, `${path}[${index}]`)).join(',')}]`;
  }
  if (typeof part !== 'object' || !isPlain(part)) {
    throw new TypeError(
      `${path} must be a string, number, boolean, null, array or plain object, got ${describe(part)}`,
    );
  }
  const fields = Object.entries(part)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([field, value]) => `${JSON.stringify(field)}:${write(value, `${path}.${field}`)}`);
  return `{${fields.join(',')}}`;
}

function isPlain(value: object): value is { readonly [field: string]: KeyPart } {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'object') : typeof value;
}
