import { v } from 'convex/values';

/** Of the vectors in the index: change it to that of your embedding model, and store the embeddings anew. */
export const EMBEDDING_DIMENSIONS = 1536;

/**
 * A vector search filters by "this or that", never by "this and that": so each combination that is asked for is a field.
 * A document without a language is found in all of them.
 */
export const scopeFields = {
  organization: v.string(),
  organizationLanguage: v.string(),
  base: v.string(),
  baseLanguage: v.string(),
};

/** Convex takes 64 conditions in one filter. */
export const MAX_BASES = 32;

interface SearchScope {
  readonly organizationId: string;
  readonly knowledgeBaseIds?: readonly string[] | undefined;
  readonly language?: string | undefined;
}

type ScopeField = keyof typeof scopeFields;

/** The scopes that a chunk is in. */
export function scopesOf(organizationId: string, knowledgeBaseId: string, language = ''): Record<ScopeField, string> {
  return {
    organization: organizationId,
    organizationLanguage: scope(organizationId, language),
    base: scope(organizationId, knowledgeBaseId),
    baseLanguage: scope(organizationId, knowledgeBaseId, language),
  };
}

/** The scopes of which a chunk must be in at least one. */
export function scopesFor({ organizationId, knowledgeBaseIds, language }: SearchScope): [ScopeField, string][] {
  const languages = language === undefined ? [] : [language, ''];
  if (knowledgeBaseIds === undefined) {
    if (language === undefined) return [['organization', organizationId]];
    return languages.map((each) => ['organizationLanguage', scope(organizationId, each)]);
  }
  return knowledgeBaseIds.flatMap((base): [ScopeField, string][] =>
    language === undefined
      ? [['base', scope(organizationId, base)]]
      : languages.map((each) => ['baseLanguage', scope(organizationId, base, each)]),
  );
}

function scope(...parts: string[]): string {
  return JSON.stringify(parts);
}
