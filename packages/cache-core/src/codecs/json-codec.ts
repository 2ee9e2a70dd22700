import { isDeepStrictEqual } from 'node:util';
import type { Codec } from '../contracts/codec.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * JSON values, frozen through and through when they come back.
 * `encode` throws a `TypeError` for what JSON would change: `undefined` fields, functions, dates, `NaN`, `-0`, class
 * instances, cycles. A stored `__proto__` becomes an own field, never a prototype.
 */
export function jsonCodec<V>(): Codec<V> {
  return {
    id: 'json/1',
    encode(value) {
      const text = textOf(value);
      if (text === undefined || !isDeepStrictEqual(JSON.parse(text), value)) {
        throw new TypeError(
          'the value does not survive JSON: it holds undefined, a function, a date, NaN, a cycle or a class instance',
        );
      }
      return encoder.encode(text);
    },
    decode: (bytes) => freeze(JSON.parse(decoder.decode(bytes))) as V,
  };
}

/** `undefined` for what cannot be written: the engine's own message would name fields of the value. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const field of Object.values(value)) freeze(field);
  return Object.freeze(value);
}
