import type { KnowledgeQuery, Passage } from '@warmline/knowledge';

/** Who can be asked: a knowledge service, or one with a fault. */
export interface Asker {
  search(query: KnowledgeQuery): Promise<readonly Passage[]>;
  close(): Promise<void>;
}
