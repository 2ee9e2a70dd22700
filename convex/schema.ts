import { agentFields, changesTable, rebuildsTable } from '@warmline/agent-config/convex';
import { defineSchema, defineTable } from 'convex/server';
import { v } from 'convex/values';
import { EMBEDDING_DIMENSIONS, scopeFields } from './scopes.ts';

export default defineSchema({
  organizations: defineTable({ name: v.string() }),

  agents: defineTable({ organizationId: v.id('organizations'), ...agentFields })
    .index('by_organizationId', ['organizationId'])
    .index('by_updatedAt', ['updatedAt']),

  /** `version` grows with every change of its documents. */
  knowledgeBases: defineTable({ organizationId: v.id('organizations'), name: v.string(), version: v.number() }),

  documents: defineTable({ knowledgeBaseId: v.id('knowledgeBases'), title: v.string() }).index('by_knowledgeBaseId', [
    'knowledgeBaseId',
  ]),

  chunks: defineTable({
    organizationId: v.id('organizations'),
    knowledgeBaseId: v.id('knowledgeBases'),
    documentId: v.id('documents'),
    embeddingId: v.optional(v.id('embeddings')),
    language: v.optional(v.string()),
    text: v.string(),
  })
    .index('by_documentId', ['documentId'])
    .index('by_embeddingId', ['embeddingId'])
    .searchIndex('by_text', { searchField: 'text', filterFields: ['organizationId'] }),

  /** Apart from the chunks: 12 KB that no search should pay for when it reads a text of 1 KB. */
  embeddings: defineTable({ ...scopeFields, embedding: v.array(v.float64()) }).vectorIndex('by_embedding', {
    vectorField: 'embedding',
    dimensions: EMBEDDING_DIMENSIONS,
    filterFields: ['organization', 'organizationLanguage', 'base', 'baseLanguage'],
  }),

  changes: changesTable,
  rebuilds: rebuildsTable,
});
