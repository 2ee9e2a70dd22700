import type { KnowledgeQuery, KnowledgeSource } from './knowledge-source.ts';
import type { Passage } from './passage.ts';

/** A source that tells what it was asked, and answers when it is told to. */
export class FakeSource implements KnowledgeSource {
  readonly asked: KnowledgeQuery[] = [];
  readonly signals: AbortSignal[] = [];
  /** What is known now: it becomes part of each passage. */
  version = 1;
  found = 1;
  /** Added to each passage. */
  more = '';
  error: unknown;
  /** Searches wait for it. */
  gate: Promise<void> | undefined;

  async search(query: KnowledgeQuery, signal: AbortSignal): Promise<readonly Passage[]> {
    this.asked.push(query);
    this.signals.push(signal);
    // What a search finds is decided when it begins.
    const { version, found, more, error } = this;
    await this.gate;
    if (error !== undefined) throw error;
    return Array.from({ length: found }, (_, index) => ({
      id: `p${index}`,
      text: `Answer ${version} to ${query.text}${more}`,
      title: 'Handbook',
      score: 1 / (index + 1),
    }));
  }
}

/** A complete query; override what matters. */
export function queryOf(more: Partial<KnowledgeQuery> = {}): KnowledgeQuery {
  return { text: 'When do you open?', organizationId: 'acme', agentId: 'desk', limit: 5, ...more };
}
