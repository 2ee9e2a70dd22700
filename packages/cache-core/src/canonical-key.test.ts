import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalKey, hashKey } from './index.ts';
import type { KeyPart } from './index.ts';

// Few and nasty texts, so that random parts are often equal or nearly so.
const text = fc.constantFrom(
  '',
  'a',
  'b',
  'u',
  '"',
  ',',
  ':',
  '[]',
  '{}',
  '1',
  'null',
  '\ud800',
  '\\ud800',
  '__proto__',
);
const { part } = fc.letrec<{ part: KeyPart }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.constantFrom<KeyPart>(null, undefined, true, false, 0, -0, 1, -1, 1e21, 0.1),
    fc.array(tie('part'), { maxLength: 3 }),
    fc.dictionary(text, tie('part'), { maxKeys: 3 }),
  ),
}));

/** What the key is said to ignore, taken away: fields without a value, the sign of zero, prototypes. */
function normalised(value: KeyPart): KeyPart {
  if (Array.isArray(value)) return value.map(normalised);
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(fields.map(([name, field]) => [name, normalised(field)]));
  }
  return value === 0 ? 0 : value;
}

test('two parts have the same text exactly when they are equal', () => {
  let equal = 0;
  fc.assert(
    fc.property(part, part, (a, b) => {
      const same = isDeepStrictEqual(normalised(a), normalised(b));
      if (same) equal++;
      expect(canonicalKey(a) === canonicalKey(b)).toBe(same);
    }),
    { numRuns: 5_000 },
  );
  expect(equal).toBeGreaterThan(20);
});

test('the order of fields does not matter, at any depth; that of items does', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), part), fc.infiniteStream(fc.nat()), (fields, order) => {
      const shuffled = Object.entries(fields)
        .map((entry) => ({ entry, place: order.next().value }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ entry }) => entry);
      expect(canonicalKey({ deep: [Object.fromEntries(shuffled)] })).toBe(canonicalKey({ deep: [fields] }));
    }),
  );
  expect(canonicalKey([1, 2])).not.toBe(canonicalKey([2, 1]));
});

test('a field without a value is no field, but an empty place in an array is a place', () => {
  expect(canonicalKey({ a: 1, b: undefined })).toBe(canonicalKey({ a: 1 }));
  const hole: KeyPart[] = [];
  hole.length = 1;
  expect(canonicalKey(hole)).toBe(canonicalKey([undefined]));
  expect(canonicalKey(hole)).not.toBe(canonicalKey([]));
});

describe('what is not a key is refused, with the place and the value', () => {
  class Point {
    x = 1;
  }
  const refused: [unknown, RegExp][] = [
    [Number.NaN, /^key must be a finite number, got NaN$/],
    [{ a: { b: Number.POSITIVE_INFINITY } }, /^key\.a\.b .*got Infinity$/],
    [[1, [-Infinity]], /^key\[1\]\[0\] .*got -Infinity$/],
    [{ when: new Date(0) }, /^key\.when .*got Date$/],
    [[new Map()], /^key\[0\] .*got Map$/],
    [{ p: new Point() }, /^key\.p .*got Point$/],
    [{ f: () => 1 }, /^key\.f .*got function$/],
    [{ n: 1n }, /^key\.n .*got bigint$/],
    [{ s: Symbol('s') }, /^key\.s .*got symbol$/],
  ];
  test.each(refused)('%#', (value, message) => {
    expect(() => canonicalKey(value as KeyPart)).toThrow(TypeError);
    expect(() => canonicalKey(value as KeyPart)).toThrow(message);
  });
});

test('hashKey is 16 hex digits, free of order, different for different parts', () => {
  expect(hashKey({ a: 1, b: [true, null] })).toMatch(/^[0-9a-f]{16}$/);
  expect(hashKey({ a: 1, b: 2 })).toBe(hashKey({ b: 2, a: 1 }));
  const hashes = new Set(Array.from({ length: 10_000 }, (_, id) => hashKey({ tool: 'search', id })));
  expect(hashes.size).toBe(10_000);
});
