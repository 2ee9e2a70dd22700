import { type Infer, v } from 'convex/values';
import type { Doc } from './_generated/dataModel.js';
import { type QueryCtx, internalQuery } from './_generated/server.js';

/** A chunk as a search returns it: without its embedding. */
export const passageValidator = v.object({
  chunkId: v.string(),
  documentId: v.string(),
  knowledgeBaseId: v.string(),
  title: v.string(),
  text: v.string(),
  score: v.number(),
});

export type Passage = Infer<typeof passageValidator>;

/** The chunks of embeddings that were found a moment ago: some may be gone by now. */
export const byEmbedding = internalQuery({
  args: {
    organizationId: v.string(),
    found: v.array(v.object({ _id: v.id('embeddings'), _score: v.number() })),
  },
  returns: v.array(passageValidator),
  handler: async (ctx, { organizationId, found }) => {
    const read = passageReader(ctx, organizationId);
    const passages: Passage[] = [];
    for (const { _id, _score } of found) {
      const chunk = await ctx.db
        .query('chunks')
        .withIndex('by_embeddingId', (q) => q.eq('embeddingId', _id))
        .unique();
      const passage = chunk && (await read(chunk, _score));
      if (passage) passages.push(passage);
    }
    return passages;
  },
});

/** Convex gives an order, but no scores, to a full-text search: they are 1, 1/2, 1/3 … */
export const byText = internalQuery({
  args: {
    organizationId: v.string(),
    knowledgeBaseIds: v.optional(v.array(v.string())),
    language: v.optional(v.string()),
    text: v.string(),
    limit: v.number(),
  },
  returns: v.array(passageValidator),
  handler: async (ctx, { organizationId, knowledgeBaseIds, language, text, limit }) => {
    const owner = ctx.db.normalizeId('organizations', organizationId);
    if (owner === null || text.trim() === '') return [];
    const read = passageReader(ctx, organizationId);
    const passages: Passage[] = [];
    const ranked = ctx.db
      .query('chunks')
      .withSearchIndex('by_text', (q) => q.search('text', text).eq('organizationId', owner));
    for await (const chunk of ranked) {
      if (knowledgeBaseIds?.includes(chunk.knowledgeBaseId) === false) continue;
      if (language !== undefined && chunk.language !== undefined && chunk.language !== language) continue;
      const passage = await read(chunk, 1 / (passages.length + 1));
      if (passage) passages.push(passage);
      if (passages.length === limit) break;
    }
    return passages;
  },
});

/** Passes only what belongs to the organisation, and to a base that still exists. */
function passageReader(ctx: QueryCtx, organizationId: string) {
  const bases = new Map<string, Doc<'knowledgeBases'> | null>();
  const documents = new Map<string, Doc<'documents'> | null>();

  return async (chunk: Doc<'chunks'>, score: number): Promise<Passage | undefined> => {
    const { _id, knowledgeBaseId, documentId, text } = chunk;
    if (chunk.organizationId !== organizationId) return undefined;
    const base = await once(bases, knowledgeBaseId, () => ctx.db.get('knowledgeBases', knowledgeBaseId));
    const document = base && (await once(documents, documentId, () => ctx.db.get('documents', documentId)));
    return document ? { chunkId: _id, documentId, knowledgeBaseId, title: document.title, text, score } : undefined;
  };
}

async function once<T>(known: Map<string, T>, key: string, read: () => Promise<T>): Promise<T> {
  const value = known.has(key) ? (known.get(key) as T) : await read();
  known.set(key, value);
  return value;
}
