import { canonicalKey } from '@warmline/cache-core';
import type { KeyPart } from '@warmline/cache-core';
import type { KnowledgeQuery } from './knowledge-source.ts';

/**
 * A query of its known fields only, so that nothing reaches the source that is not in the key.
 * @throws TypeError naming the field, the value and what is allowed; never the text.
 */
export function checkQuery(query: KnowledgeQuery): KnowledgeQuery {
  const { text, organizationId, agentId, knowledgeBaseIds, language, filters, limit, knowledgeBaseVersion } = query;
  if (typeof text !== 'string') throw new TypeError(`text must be a non-empty string, got ${typeof text}`);
  if (text.trim() === '') throw new TypeError('text must be a non-empty string, got white space or nothing');
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new TypeError(`limit must be a whole number from 1, got ${String(limit)}`);
  return {
    text,
    organizationId: name('organizationId', organizationId),
    agentId: name('agentId', agentId),
    limit,
    ...(knowledgeBaseIds !== undefined && { knowledgeBaseIds: names('knowledgeBaseIds', knowledgeBaseIds) }),
    ...(language !== undefined && { language: name('language', language) }),
    ...(filters !== undefined && { filters: copyOf(filters) }),
    ...(knowledgeBaseVersion !== undefined && { knowledgeBaseVersion: version(knowledgeBaseVersion) }),
  };
}

/** What the caller changes afterwards must not reach the source under the old key. */
function copyOf(filters: KeyPart): KeyPart {
  // Throws for what is no key, before the copy does so in words of its own.
  canonicalKey({ filters });
  return structuredClone(filters);
}

function name(field: string, value: string): string {
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`${field} must be a non-empty string, got ${JSON.stringify(value)}`);
  return value;
}

function names(field: string, values: readonly string[]): readonly string[] {
  if (!Array.isArray(values)) throw new TypeError(`${field} must be a list of strings, got ${typeof values}`);
  return values.map((value: string, index) => name(`${field}[${index}]`, value));
}

function version(value: string | number): string | number {
  if ((typeof value === 'string' && value !== '') || Number.isFinite(value)) return value;
  throw new TypeError(
    `knowledgeBaseVersion must be a non-empty string or a finite number, got ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
  );
}
