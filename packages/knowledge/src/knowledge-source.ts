import type { KeyPart } from '@warmline/cache-core';
import type { Passage } from './passage.ts';

/** What is searched for, and where. Two queries share a result only if all but the wording of `text` is the same. */
export interface KnowledgeQuery {
  /**
   * The question, understandable by itself: "does it have parking?" means another thing in every conversation and must not
   * be asked like that.
   */
  readonly text: string;
  /** Whose knowledge it is; results are invalidated by it. */
  readonly organizationId: string;
  readonly agentId: string;
  /** Where to look; their order does not matter. @default wherever the source looks for this agent */
  readonly knowledgeBaseIds?: readonly string[];
  /** BCP 47. @default not told to the source; English and Hindi are expected */
  readonly language?: string;
  /** Whatever else narrows the search down; the order of fields does not matter, that of lists does. @default none */
  readonly filters?: KeyPart;
  /** At most this number of passages: a whole number from 1. */
  readonly limit: number;
  /** Of the knowledge itself, where the caller knows it: results of another version are never served. @default none */
  readonly knowledgeBaseVersion?: string | number;
}

/** Where passages come from: Convex (`@warmline/knowledge/convex-client`), a vector database, a search engine. */
export interface KnowledgeSource<P = Passage> {
  /**
   * The best passages, best first; an empty list when there are none. They must be JSON values.
   * @param signal aborted when nobody waits any more, or the search takes too long.
   * @throws when it cannot tell; its error reaches the callers as it is, so it should not contain the question.
   */
  search(query: KnowledgeQuery, signal: AbortSignal): Promise<readonly P[]>;
}
