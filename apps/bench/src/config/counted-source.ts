import type { AgentSource } from '@warmline/agent-config';
import { monotonicMs } from '../processes/monotonic.ts';

/** One read of the source by a process; times on the clock that all processes share. */
export interface SourceRead {
  readonly agentId: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly failed: boolean;
}

/** A source that notes who was asked for when: for the report, never for a verdict, which is the ledger's. */
export class CountedSource implements AgentSource {
  readonly #source: AgentSource;
  #reads: SourceRead[] = [];

  constructor(source: AgentSource) {
    this.#source = source;
  }

  async getAgent(agentId: string, signal: AbortSignal): Promise<unknown> {
    const startedMs = monotonicMs();
    let failed = true;
    try {
      const agent = await this.#source.getAgent(agentId, signal);
      failed = false;
      return agent;
    } finally {
      this.#reads.push({ agentId, startedMs, endedMs: monotonicMs(), failed });
    }
  }

  async savePrompt(...args: Parameters<NonNullable<AgentSource['savePrompt']>>): Promise<void> {
    await this.#source.savePrompt?.(...args);
  }

  async listTopAgents(limit: number, signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#source.listTopAgents?.(limit, signal)) ?? [];
  }

  /** Since the last time. */
  take(): readonly SourceRead[] {
    const reads = this.#reads;
    this.#reads = [];
    return reads;
  }
}
