import { MemorySharedTier } from '@warmline/cache-core';
import { FakeClock } from '@warmline/cache-core/testing';
import type { AgentConfig, AgentDocument } from './agent-config.ts';
import type { AgentConfigEvent } from './agent-config-event.ts';
import type { AgentConfigServiceOptions } from './agent-config-options.ts';
import { AgentConfigService } from './agent-config-service.ts';
import type { AgentSource, BuiltPrompt } from './agent-source.ts';
import { buildPrompt, PROMPT_VERSION } from './prompt.ts';

export function configOf(greeting: string): AgentConfig {
  return {
    name: 'Asha',
    language: 'hi-IN',
    greeting,
    instructions: 'Answer questions about orders.',
    voice: { provider: 'sarvam', model: 'bulbul:v3', speaker: 'asha' },
    model: { provider: 'openai', model: 'gpt-5' },
  };
}

/** A source of truth in memory, whose answers the test can hold back, break, or replace. */
export class AgentsFixture implements AgentSource {
  readonly agents = new Map<string, unknown>();
  readonly saved: { readonly agentId: string; readonly built: BuiltPrompt }[] = [];
  reads = 0;
  /** Comes before each read. */
  beforeRead: (agentId: string) => Promise<void> = async () => {};
  beforeSave: () => Promise<void> = async () => {};

  /** Stores an agent as Convex's mutations do. */
  put(agentId: string, greeting: string, updatedAt: number, stored: Partial<AgentDocument> = {}): AgentDocument {
    const config = configOf(greeting);
    const built = { fullPrompt: buildPrompt(config), promptVersion: PROMPT_VERSION };
    const document = { agentId, organizationId: 'acme', config, updatedAt, ...built, ...stored };
    this.agents.set(agentId, document);
    return document;
  }

  /** As it was before prompts were stored. */
  putWithoutPrompt(agentId: string, greeting: string, updatedAt: number): void {
    const { agentId: id, organizationId, config } = this.put(agentId, greeting, updatedAt);
    this.agents.set(agentId, { agentId: id, organizationId, config, updatedAt });
  }

  async getAgent(agentId: string): Promise<unknown> {
    this.reads++;
    await this.beforeRead(agentId);
    return this.agents.get(agentId) ?? null;
  }

  async savePrompt(agentId: string, built: BuiltPrompt): Promise<void> {
    await this.beforeSave();
    this.saved.push({ agentId, built });
    const agent = this.agents.get(agentId) as AgentDocument | undefined;
    if (agent?.updatedAt === built.updatedAt) this.agents.set(agentId, { ...agent, ...built });
  }

  async listTopAgents(limit: number): Promise<readonly string[]> {
    return [...this.agents.keys()].slice(0, limit);
  }

  fail(error: Error = new Error('down')): void {
    this.beforeRead = () => Promise.reject(error);
  }

  recover(): void {
    this.beforeRead = async () => {};
  }
}

export interface SetUp {
  readonly clock: FakeClock;
  readonly tier: MemorySharedTier;
  readonly source: AgentsFixture;
  readonly events: AgentConfigEvent[];
  /** A service as another process of the same machine has it. */
  readonly open: (options?: Partial<AgentConfigServiceOptions>) => AgentConfigService;
  /** Events other than those of the caches. */
  readonly told: () => AgentConfigEvent[];
}

export function setUp(): SetUp {
  const clock = new FakeClock();
  const tier = new MemorySharedTier({ clock });
  const source = new AgentsFixture();
  const events: AgentConfigEvent[] = [];
  return {
    clock,
    tier,
    source,
    events,
    open: (options = {}) =>
      new AgentConfigService({ source, clock, tiers: [tier], onEvent: (event) => events.push(event), ...options }),
    told: () => events.filter(({ type }) => type !== 'cache'),
  };
}

/** Lets time pass, a millisecond after the other, until the work has settled: leases are looked at from time to time. */
export async function passing<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  work.then(settle, settle);
  await new Promise(setImmediate);
  while (!isSettled) await clock.advance(1);
  return work;
}
