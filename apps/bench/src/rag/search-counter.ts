import type { KnowledgeQuery, KnowledgeSource, Passage } from '@warmline/knowledge';

/** A source that counts its searches by organisation, which the simulator's ledger does not. */
export class SearchCounter implements KnowledgeSource {
  readonly #source: KnowledgeSource;
  readonly #counts = new Map<string, number>();

  constructor(source: KnowledgeSource) {
    this.#source = source;
  }

  search(query: KnowledgeQuery, signal: AbortSignal): Promise<readonly Passage[]> {
    this.#counts.set(query.organizationId, this.of(query.organizationId) + 1);
    return this.#source.search(query, signal);
  }

  /** Since the beginning. */
  of(organizationId: string): number {
    return this.#counts.get(organizationId) ?? 0;
  }

  get all(): ReadonlyMap<string, number> {
    return new Map(this.#counts);
  }
}
