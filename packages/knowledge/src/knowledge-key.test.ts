import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkQuery } from './check-query.ts';
import { knowledgeKey } from './knowledge-key.ts';
import type { KnowledgeQuery } from './knowledge-source.ts';
import { queryOf } from './source.fixture.ts';

function keyOf(query: KnowledgeQuery): string {
  return knowledgeKey(checkQuery(query), 'exact');
}

/** What tries to end one part and to begin another. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
  fc.constantFrom(
    '"',
    '\\',
    '","agentId":"x',
    '}',
    ':',
    '::',
    'null',
    '\u0000',
    '\uD800',
    '1',
    'a',
    'A',
    'exact',
    '__proto__',
  ),
);

const queries: fc.Arbitrary<KnowledgeQuery> = fc.record(
  {
    text: hostile.filter((text) => text.trim() !== ''),
    organizationId: hostile,
    agentId: hostile,
    limit: fc.integer({ min: 1, max: 4 }),
    knowledgeBaseIds: fc.array(hostile, { maxLength: 3 }),
    language: hostile,
    filters: fc.oneof(
      fc.constant(null),
      hostile,
      fc.dictionary(fc.constantFrom('a', 'b', '"'), fc.oneof(hostile, fc.integer())),
    ),
    knowledgeBaseVersion: fc.oneof(hostile, fc.integer({ min: 0, max: 3 })),
  },
  { requiredKeys: ['text', 'organizationId', 'agentId', 'limit'] },
);

test('two queries share a key only if every part is the same', () => {
  fc.assert(
    fc.property(queries, queries, (one, other) => {
      expect(keyOf(one) === keyOf(other)).toBe(isSame(one, other));
    }),
    { numRuns: 1_000 },
  );
});

test('a query that differs in one part has another key', () => {
  const fields: readonly (keyof KnowledgeQuery)[] = [
    'text',
    'organizationId',
    'agentId',
    'limit',
    'knowledgeBaseIds',
    'language',
    'filters',
    'knowledgeBaseVersion',
  ];
  fc.assert(
    fc.property(queries, queries, fc.constantFrom(...fields), (one, other, field) => {
      const { [field]: _, ...rest } = one;
      const mixed = (field in other ? { ...rest, [field]: other[field] } : rest) as KnowledgeQuery;
      fc.pre('limit' in mixed && mixed.text !== undefined && !isSame(one, mixed));
      expect(keyOf(mixed)).not.toBe(keyOf(one));
    }),
    { numRuns: 1_000 },
  );
});

test('the order of knowledge bases and of filters does not matter, nor does naming one twice', () => {
  expect(keyOf(queryOf({ knowledgeBaseIds: ['a', 'b', 'a'] }))).toBe(keyOf(queryOf({ knowledgeBaseIds: ['b', 'a'] })));
  expect(keyOf(queryOf({ filters: { a: 1, b: [2, 3] } }))).toBe(keyOf(queryOf({ filters: { b: [2, 3], a: 1 } })));
  expect(keyOf(queryOf({ filters: { b: [2, 3] } }))).not.toBe(keyOf(queryOf({ filters: { b: [3, 2] } })));
});

test('every level has keys of its own', () => {
  const query = queryOf({ text: 'opening hours' });
  const keys = (['exact', 'normalised', 'strong'] as const).map((level) => knowledgeKey(query, level));
  expect(new Set(keys).size).toBe(3);
});

function isSame(one: KnowledgeQuery, other: KnowledgeQuery): boolean {
  return partsOf(one) === partsOf(other);
}

/** By another way than the key is made: lists of pairs, and JSON. */
function partsOf(query: KnowledgeQuery): string {
  const { text, knowledgeBaseIds, filters, ...rest } = query;
  const exact = text.normalize('NFC').split(/\s+/u).filter(Boolean).join(' ');
  const bases = knowledgeBaseIds && [...new Set(knowledgeBaseIds)].toSorted();
  const filter =
    typeof filters === 'object' && filters !== null
      ? Object.entries(filters).toSorted(([a], [b]) => (a < b ? -1 : 1))
      : filters;
  return JSON.stringify([
    exact,
    bases ?? 'none',
    filters === undefined ? [] : [typeof filters, filter],
    Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}
