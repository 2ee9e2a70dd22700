import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonCodec } from '../index.ts';

const codec = jsonCodec<unknown>();
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function expectDeepFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const field of Object.values(value)) expectDeepFrozen(field);
}

test('JSON comes back deep-equal, and frozen through and through', () => {
  const json = fc.jsonValue().filter((value) => !holdsMinusZero(value));
  fc.assert(
    fc.property(json, (value) => {
      const back = codec.decode(codec.encode(value));
      expect(back).toStrictEqual(value);
      expectDeepFrozen(back);
    }),
  );
});

function holdsMinusZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0);
  return Object.values(value).some(holdsMinusZero);
}

test('encoding leaves the value as it was', () => {
  const value = { list: [1, { deep: true }] };
  codec.encode(value);
  expect(Object.isFrozen(value)).toBe(false);
  expect(Object.isFrozen(value.list)).toBe(false);
});

test('null, empty text, zero and false are values', () => {
  for (const value of [null, '', 0, false, [], {}]) expect(codec.decode(codec.encode(value))).toStrictEqual(value);
});

test('text survives with lone surrogates and the characters JSON escapes', () => {
  for (const text of ['\ud800', '\udfff\ud800', '\u2028', '\0', '"\\', 'हिन्दी', '😀', '\ufeff']) {
    expect(codec.decode(codec.encode(text))).toBe(text);
  }
});

describe('what JSON would change is refused', () => {
  class Money {
    amount = 1;
  }
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const sparse: number[] = [];
  sparse[1] = 1;
  const refused: [string, unknown][] = [
    ['undefined', undefined],
    ['an undefined field', { a: undefined }],
    ['an undefined item', [undefined]],
    ['a hole', sparse],
    ['a function', () => 1],
    ['a function in a field', { f: () => 1 }],
    ['a symbol', { s: Symbol('s') }],
    ['a symbol as a name', { [Symbol('s')]: 1 }],
    ['a date', { at: new Date(0) }],
    ['NaN', [Number.NaN]],
    ['infinity', { n: Number.POSITIVE_INFINITY }],
    ['minus zero', { n: -0 }],
    ['a map', new Map([[1, 2]])],
    ['a set', { s: new Set() }],
    ['bytes', new Uint8Array(2)],
    ['a class instance', new Money()],
    ['a class instance inside', [{ price: new Money() }]],
    ['a boxed text', Object('text')],
    ['an object that speaks for itself', { toJSON: () => ({ other: 1 }) }],
    ['a bigint', { n: 1n }],
    ['a cycle', cycle],
    ['a regular expression', /x/],
    ['an error', new Error('x')],
  ];
  test.each(refused)('%s', (_, value) => {
    expect(() => codec.encode(value)).toThrow(TypeError);
  });
});

test('a stored __proto__ is a field and changes nothing else', () => {
  const bytes = bytesOf('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}');
  const back = codec.decode(bytes) as { admin?: boolean };
  expect(back.admin).toBeUndefined();
  expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  expect(Object.hasOwn(back, '__proto__')).toBe(true);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
  const own = JSON.parse('{"__proto__":{"admin":true}}') as object;
  expect(codec.decode(codec.encode(own))).toStrictEqual(own);
});

test.each([
  ['nothing', new Uint8Array()],
  ['half a value', bytesOf('{"a":')],
  ['more than a value', bytesOf('1 2')],
  ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ['a cut character', bytesOf('"é"').subarray(0, 2)],
])('bad bytes throw: %s', (_, bytes) => {
  expect(() => codec.decode(bytes)).toThrow(Error);
});
