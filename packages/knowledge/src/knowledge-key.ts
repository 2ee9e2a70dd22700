import { canonicalKey } from '@warmline/cache-core';
import type { KnowledgeQuery } from './knowledge-source.ts';
import { NORMALIZER_VERSION, normalizeQuestion } from './normalize-question.ts';
import type { QuestionLevel } from './normalize-question.ts';

/** The logical key of a search. It contains the question: the cache hashes it before it leaves the process. */
export function knowledgeKey(query: KnowledgeQuery, level: QuestionLevel): string {
  const { text, knowledgeBaseIds, ...scope } = query;
  return canonicalKey({
    ...scope,
    knowledgeBaseIds: knowledgeBaseIds && [...new Set(knowledgeBaseIds)].toSorted(),
    level,
    normalizer: NORMALIZER_VERSION,
    text: normalizeQuestion(text, level, query.language),
  });
}
