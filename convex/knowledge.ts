import { appendChange, requireSecret, secretArgs } from '@warmline/agent-config/convex';
import { v } from 'convex/values';
import { internal } from './_generated/api.js';
import type { Doc, Id } from './_generated/dataModel.js';
import { type MutationCtx, action, internalMutation, mutation } from './_generated/server.js';
import { type Passage, passageValidator } from './passages.ts';
import { invalid, notFound, requireWhole } from './refusals.ts';
import { EMBEDDING_DIMENSIONS, MAX_BASES, scopesFor, scopesOf } from './scopes.ts';

export const createBase = mutation({
  args: { ...secretArgs, organizationId: v.string(), name: v.string() },
  returns: v.object({ knowledgeBaseId: v.string(), version: v.number() }),
  handler: async (ctx, { secret, organizationId, name }) => {
    requireSecret(secret);
    const owner = ctx.db.normalizeId('organizations', organizationId);
    if (owner === null || (await ctx.db.get('organizations', owner)) === null) throw notFound('organizationId');
    const knowledgeBaseId = await ctx.db.insert('knowledgeBases', { organizationId: owner, name, version: 1 });
    await appendChange(ctx.db, { kind: 'knowledge', id: knowledgeBaseId, organizationId, deleted: false });
    return { knowledgeBaseId, version: 1 };
  },
});

/** Adds a document that was cut into chunks; with an embedding each, or for full-text search without. */
export const addDocument = mutation({
  args: {
    ...secretArgs,
    knowledgeBaseId: v.string(),
    title: v.string(),
    chunks: v.array(v.object({ text: v.string(), embedding: v.optional(v.array(v.float64())) })),
    language: v.optional(v.string()),
  },
  returns: v.object({ documentId: v.string(), version: v.number() }),
  handler: async (ctx, { secret, knowledgeBaseId, title, chunks, language }) => {
    requireSecret(secret);
    requireWhole('the number of chunks', chunks.length, 1, MAX_CHUNKS);
    const base = await findBase(ctx, knowledgeBaseId);
    if (base === null) throw notFound('knowledgeBaseId');
    const documentId = await ctx.db.insert('documents', { knowledgeBaseId: base._id, title });
    const place = {
      organizationId: base.organizationId,
      knowledgeBaseId: base._id,
      ...(language !== undefined && { language }),
    };
    for (const { text, embedding } of chunks) {
      const found = embedding && { embeddingId: await addEmbedding(ctx, place, embedding) };
      await ctx.db.insert('chunks', { ...place, documentId, text, ...found });
    }
    return { documentId, version: await changed(ctx, base) };
  },
});

/** With their embeddings about half of what a transaction may write. */
const MAX_CHUNKS = 500;

export const removeDocument = mutation({
  args: { ...secretArgs, documentId: v.string() },
  returns: v.union(v.object({ version: v.number() }), v.null()),
  handler: async (ctx, { secret, documentId }) => {
    requireSecret(secret);
    const id = ctx.db.normalizeId('documents', documentId);
    const document = id && (await ctx.db.get('documents', id));
    const base = document && (await ctx.db.get('knowledgeBases', document.knowledgeBaseId));
    if (!document || !base) return null;
    await deleteDocument(ctx, document._id);
    return { version: await changed(ctx, base) };
  },
});

/** Nothing of it is found from now on; its documents are deleted afterwards, one in each transaction. */
export const removeBase = mutation({
  args: { ...secretArgs, knowledgeBaseId: v.string() },
  returns: v.null(),
  handler: async (ctx, { secret, knowledgeBaseId }) => {
    requireSecret(secret);
    const base = await findBase(ctx, knowledgeBaseId);
    if (base === null) return null;
    await ctx.db.delete('knowledgeBases', base._id);
    await appendChange(ctx.db, { kind: 'knowledge', id: base._id, organizationId: base.organizationId, deleted: true });
    await ctx.scheduler.runAfter(0, internal.knowledge.sweepBase, { knowledgeBaseId: base._id });
    return null;
  },
});

export const sweepBase = internalMutation({
  args: { knowledgeBaseId: v.id('knowledgeBases') },
  returns: v.null(),
  handler: async (ctx, { knowledgeBaseId }) => {
    const document = await ctx.db
      .query('documents')
      .withIndex('by_knowledgeBaseId', (q) => q.eq('knowledgeBaseId', knowledgeBaseId))
      .first();
    if (document === null) return null;
    await deleteDocument(ctx, document._id);
    await ctx.scheduler.runAfter(0, internal.knowledge.sweepBase, { knowledgeBaseId });
    return null;
  },
});

/** What an organisation knows about a text: by its embedding where one is given, by its words else. An action: Convex never caches it. */
export const search = action({
  args: {
    ...secretArgs,
    organizationId: v.string(),
    knowledgeBaseIds: v.optional(v.array(v.string())),
    text: v.string(),
    embedding: v.optional(v.array(v.float64())),
    language: v.optional(v.string()),
    limit: v.number(),
  },
  returns: v.array(passageValidator),
  handler: async (ctx, { secret, text, embedding, limit, ...scope }): Promise<Passage[]> => {
    requireSecret(secret);
    requireWhole('limit', limit, 1, 64);
    requireWhole('the number of knowledgeBaseIds', scope.knowledgeBaseIds?.length ?? 0, 0, MAX_BASES);
    if (scope.knowledgeBaseIds?.length === 0) return [];
    if (embedding === undefined) return await ctx.runQuery(internal.passages.byText, { ...scope, text, limit });
    requireDimensions(embedding);
    const found = await ctx.vectorSearch('embeddings', 'by_embedding', {
      vector: embedding,
      limit,
      filter: (q) => q.or(...scopesFor(scope).map(([field, value]) => q.eq(field, value))),
    });
    const { organizationId } = scope;
    return await ctx.runQuery(internal.passages.byEmbedding, { organizationId, found });
  },
});

type Place = Pick<Doc<'chunks'>, 'organizationId' | 'knowledgeBaseId' | 'language'>;

async function addEmbedding(ctx: MutationCtx, place: Place, embedding: number[]): Promise<Id<'embeddings'>> {
  requireDimensions(embedding);
  const { organizationId, knowledgeBaseId, language } = place;
  return await ctx.db.insert('embeddings', { ...scopesOf(organizationId, knowledgeBaseId, language), embedding });
}

function requireDimensions(embedding: readonly number[]): void {
  if (embedding.length === EMBEDDING_DIMENSIONS) return;
  throw invalid('the length of embedding', embedding.length, `${EMBEDDING_DIMENSIONS}`);
}

async function deleteDocument(ctx: MutationCtx, documentId: Id<'documents'>): Promise<void> {
  const chunks = ctx.db.query('chunks').withIndex('by_documentId', (q) => q.eq('documentId', documentId));
  for (const chunk of await chunks.take(MAX_CHUNKS)) {
    if (chunk.embeddingId !== undefined) await ctx.db.delete('embeddings', chunk.embeddingId);
    await ctx.db.delete('chunks', chunk._id);
  }
  await ctx.db.delete('documents', documentId);
}

async function changed(ctx: MutationCtx, { _id, organizationId, version }: Doc<'knowledgeBases'>): Promise<number> {
  await ctx.db.patch('knowledgeBases', _id, { version: version + 1 });
  await appendChange(ctx.db, { kind: 'knowledge', id: _id, organizationId, deleted: false });
  return version + 1;
}

async function findBase(ctx: MutationCtx, knowledgeBaseId: string): Promise<Doc<'knowledgeBases'> | null> {
  const id = ctx.db.normalizeId('knowledgeBases', knowledgeBaseId);
  return id === null ? null : await ctx.db.get('knowledgeBases', id);
}
