import { convexTest } from 'convex-test';
import { beforeEach, expect, test } from 'vitest';
import { api, internal } from './_generated/api.js';
import { type Backend, backend, modules, organization, secret } from './backend.fixture.ts';
import schema from './schema.ts';
import { EMBEDDING_DIMENSIONS } from './scopes.ts';

let t: Backend;
let acme: string;
let other: string;

beforeEach(async () => {
  t = backend();
  acme = await organization(t, 'Acme');
  other = await organization(t, 'Other');
});

test('by embedding: the nearest first, with what they come from and without their vectors', async () => {
  const base = await createBase();
  const fees = await add(base, 'Fees', [chunk('500 rupees', 1, 0), chunk('free of charge', 0.6, 0.8)]);
  const hours = await add(base, 'Hours', [chunk('9 to 7', 0, 1)]);

  const found = await search({ embedding: vector(1, 0), limit: 2 });
  expect(found).toEqual([
    {
      chunkId: expect.any(String),
      documentId: fees,
      knowledgeBaseId: base,
      title: 'Fees',
      text: '500 rupees',
      score: expect.closeTo(1),
    },
    {
      chunkId: expect.any(String),
      documentId: fees,
      knowledgeBaseId: base,
      title: 'Fees',
      text: 'free of charge',
      score: expect.closeTo(0.6),
    },
  ]);
  expect((await search({ embedding: vector(0, 1), limit: 64 })).map(({ documentId }) => documentId)).toEqual([
    hours,
    fees,
    fees,
  ]);
});

test('by words where there is no embedding', async () => {
  const base = await createBase();
  const fees = await add(base, 'Fees', [
    { text: 'A consultation costs 500 rupees' },
    { text: 'Consultation by phone' },
  ]);
  await add(base, 'Hours', [{ text: 'Open from 9 to 7' }]);

  const found = await search({ text: 'consultation', limit: 5 });
  expect(found.map(({ documentId, score }) => [documentId, score])).toEqual([
    [fees, 1],
    [fees, 1 / 2],
  ]);
  expect(await search({ text: 'consultation', limit: 1 })).toHaveLength(1);
  expect(await search({ text: 'insurance', limit: 5 })).toEqual([]);
  expect(await search({ text: '  ', limit: 5 })).toEqual([]);
});

test.each([
  ['by embedding', { embedding: vector(1, 0) }],
  ['by words', { text: 'shared words' }],
])('only what belongs to the organisation, the bases and the language, %s', async (_, how) => {
  const mine = await createBase(acme);
  const second = await createBase(acme);
  const theirs = await createBase(other);
  await add(mine, 'mine', [chunk('shared words', 1, 0)]);
  await add(mine, 'mine hi', [chunk('shared words', 1, 0.1)], 'hi-IN');
  await add(second, 'second', [chunk('shared words', 1, 0.2)]);
  await add(second, 'second en', [chunk('shared words', 1, 0.3)], 'en-IN');
  await add(theirs, 'theirs', [chunk('shared words', 1, 0)]);

  const titles = async (scope = {}) =>
    (await search({ ...how, ...scope, limit: 64 })).map(({ title }) => title).toSorted();
  expect(await titles()).toEqual(['mine', 'mine hi', 'second', 'second en']);
  expect(await titles({ organizationId: other })).toEqual(['theirs']);
  expect(await titles({ knowledgeBaseIds: [mine] })).toEqual(['mine', 'mine hi']);
  expect(await titles({ knowledgeBaseIds: [mine, second, theirs] })).toEqual([
    'mine',
    'mine hi',
    'second',
    'second en',
  ]);
  expect(await titles({ knowledgeBaseIds: [theirs] })).toEqual([]);
  expect(await titles({ knowledgeBaseIds: [] })).toEqual([]);
  expect(await titles({ language: 'hi-IN' })).toEqual(['mine', 'mine hi', 'second']);
  expect(await titles({ language: 'hi-IN', knowledgeBaseIds: [second, theirs] })).toEqual(['second']);
  for (const organizationId of ['', '*', 'nobody', mine, `${acme},${other}`, '["x"]']) {
    expect(await titles({ organizationId })).toEqual([]);
  }
});

test('what belongs to others is not even read by a search by words, and not passed on by one by embedding', async () => {
  t = convexTest({ schema, modules, transactionLimits: { documentsRead: 20 } });
  acme = await organization(t);
  other = await organization(t);
  const [mine, theirs] = [await createBase(acme), await createBase(other)];
  await add(
    theirs,
    'theirs',
    Array.from({ length: 40 }, (_, n) => chunk('shared words', 1, n)),
  );
  await add(mine, 'mine', [chunk('shared words', 1, 0)]);
  expect(await search({ text: 'shared words', limit: 64 })).toMatchObject([{ title: 'mine' }]);

  const all = await t.run((ctx) => ctx.db.query('embeddings').order('desc').take(5));
  const found = all.map(({ _id }) => ({ _id, _score: 1 }));
  const passages = await t.query(internal.passages.byEmbedding, { organizationId: acme, found });
  expect(passages.map(({ title }) => title)).toEqual(['mine']);
});

test('every change of a base is a new version, and a change of the feed', async () => {
  const { knowledgeBaseId, version } = await t.mutation(api.knowledge.createBase, {
    secret,
    organizationId: acme,
    name: 'FAQ',
  });
  expect(version).toBe(1);
  const one = { secret, knowledgeBaseId, title: 'Fees', chunks: [chunk('500 rupees', 1, 0)] };
  const { documentId, version: added } = await t.mutation(api.knowledge.addDocument, one);
  expect(added).toBe(2);
  expect(await t.mutation(api.knowledge.removeDocument, { secret, documentId })).toEqual({ version: 3 });
  expect(await t.mutation(api.knowledge.removeDocument, { secret, documentId })).toBeNull();
  expect(await search({ embedding: vector(1, 0), limit: 5 })).toEqual([]);
  expect(await rows('chunks', 'embeddings', 'documents')).toEqual([0, 0, 0]);

  await t.mutation(api.knowledge.removeBase, { secret, knowledgeBaseId });
  const { changes } = await t.query(api.feed.changes, { secret });
  expect(changes.map(({ kind, id, organizationId, deleted }) => [kind, id, organizationId, deleted])).toEqual([
    ['knowledge', knowledgeBaseId, acme, false],
    ['knowledge', knowledgeBaseId, acme, false],
    ['knowledge', knowledgeBaseId, acme, false],
    ['knowledge', knowledgeBaseId, acme, true],
  ]);
});

test('nothing of a base that was removed is found, before its documents are gone and after', async () => {
  const base = await createBase();
  for (let n = 0; n < 3; n++) await add(base, `Fees ${n}`, [chunk('rupees', 1, 0), chunk('rupees', 0, 1)]);
  await t.run((ctx) => ctx.db.delete('knowledgeBases', base));
  expect(await rows('chunks')).toEqual([6]);
  expect(await search({ embedding: vector(1, 0), limit: 5 })).toEqual([]);
  expect(await search({ text: 'rupees', limit: 5 })).toEqual([]);

  await t.mutation(internal.knowledge.sweepBase, { knowledgeBaseId: base });
  await expect.poll(() => rows('chunks', 'embeddings', 'documents')).toEqual([0, 0, 0]);
});

test('removing a base sweeps it', async () => {
  const base = await createBase();
  await add(base, 'Fees', [chunk('rupees', 1, 0)]);
  expect(await t.mutation(api.knowledge.removeBase, { secret, knowledgeBaseId: base })).toBeNull();
  expect(await t.mutation(api.knowledge.removeBase, { secret, knowledgeBaseId: base })).toBeNull();
  await expect.poll(() => rows('chunks', 'embeddings', 'documents')).toEqual([0, 0, 0]);
});

test('a document as large as is allowed fits into the transactions that store and delete it', async () => {
  const base = await createBase();
  const chunks = Array.from({ length: 500 }, (_, n) => chunk(`${n} `.repeat(200), 1, n));
  const documentId = await add(base, 'Book', chunks);
  await expect(add(base, 'Book', [...chunks, ...chunks])).rejects.toMatchObject({
    data: { code: 'invalid', message: 'the number of chunks is 1000, allowed is a whole number from 1 to 500' },
  });
  await t.mutation(api.knowledge.removeDocument, { secret, documentId });
  expect(await rows('chunks', 'embeddings')).toEqual([0, 0]);
});

test('what is refused, by name, and never with the text', async () => {
  const base = await createBase();
  const text = 'my phone number is 98765';
  const refusals = [
    ...[0, 65, -1, 1.5].map((limit) => search({ text, limit })),
    search({ text, limit: 5, embedding: [1, 2] }),
    search({ text, limit: 5, knowledgeBaseIds: Array.from({ length: 33 }, () => base) }),
    add(base, text, [{ text, embedding: [1] }]),
    add(base, text, []),
    add('nobody', text, [{ text }]),
    t.mutation(api.knowledge.createBase, { secret, organizationId: base, name: text }),
  ];
  for (const refused of refusals) {
    const error = await refused.then(
      () => undefined,
      (cause: unknown) => cause as Error & { data: { code: string } },
    );
    expect(error?.data.code).toMatch(/^(invalid|not_found)$/);
    expect(`${error?.message} ${JSON.stringify(error?.data)}`).not.toContain('98765');
  }
  expect(await rows('documents', 'chunks')).toEqual([0, 0]);
});

type Chunk = { text: string; embedding?: number[] };

function vector(x: number, y: number): number[] {
  return [x, y, ...Array.from({ length: EMBEDDING_DIMENSIONS - 2 }, () => 0)];
}

function chunk(text: string, x: number, y: number): Chunk {
  return { text, embedding: vector(x, y) };
}

const search = (query: { limit: number } & Record<string, unknown>) =>
  t.action(api.knowledge.search, { secret, organizationId: acme, text: 'any', ...query });
const createBase = async (organizationId = acme) =>
  (await t.mutation(api.knowledge.createBase, { secret, organizationId, name: 'FAQ' })).knowledgeBaseId;
const add = async (knowledgeBaseId: string, title: string, chunks: Chunk[], language?: string) =>
  (
    await t.mutation(api.knowledge.addDocument, {
      secret,
      knowledgeBaseId,
      title,
      chunks,
      ...(language && { language }),
    })
  ).documentId;
const rows = (...tables: ('chunks' | 'embeddings' | 'documents')[]) =>
  Promise.all(tables.map(async (table) => (await t.run((ctx) => ctx.db.query(table).collect())).length));
