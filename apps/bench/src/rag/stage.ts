import type { KnowledgeQuery, Passage } from '@warmline/knowledge';

/** What the simulated deployment is like: a round trip of 120 ms, and a search that takes 300 ms itself. */
export const ONE_WAY_MS = 60;
export const SEARCH_MS = 300;
export const SEARCH = 'knowledge:search';
export const SECRET = 'bench-service-secret';

export const SCOPE = 'rag';

/** Both editions of a document must fit while it is replaced. */
const LIMIT = 8;
const AGENT = 'clinic-agent';

/** Nothing but the organisation tells whose knowledge is asked for. */
export function queryOf(organizationId: string, text: string): KnowledgeQuery {
  return { organizationId, agentId: AGENT, text, limit: LIMIT };
}

/** Whom passages belong to and which they are: the same for the same passages only. */
export function fingerprintOf(passages: readonly Pick<Passage, 'id' | 'text'>[]): string {
  return JSON.stringify(passages.map(({ id, text }) => [id, text]));
}
