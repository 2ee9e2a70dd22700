import { systemClock } from '@warmline/cache-core';
import type { CacheEvent, CacheStats, Clock, Invalidated } from '@warmline/cache-core';
import type { AgentConfig, LoadedAgent } from './agent-config.ts';
import { tellerOf } from './agent-config-event.ts';
import type { AgentConfigListener } from './agent-config-event.ts';
import { positive, settingsOf } from './agent-config-options.ts';
import type { AgentConfigServiceOptions } from './agent-config-options.ts';
import { AgentConfigs } from './agent-configs.ts';
import { AgentPrompts } from './agent-prompts.ts';
import type { FoundPrompt, PromptOrigin } from './agent-prompts.ts';
import { OWN_SHAPE } from './agent-shape.ts';
import type { AgentShape } from './agent-shape.ts';
import type { Change } from './change-feed.ts';
import { TimedSource } from './timed-source.ts';
import { guardedWatch } from './watch-state.ts';
import { warmAgents } from './warm-agents.ts';
import type { WarmedAgents } from './warm-agents.ts';

/** A prompt, and what it took to come by it. */
export interface CachedPrompt extends FoundPrompt {
  /** From the call to the prompt, in milliseconds. */
  readonly latencyMs: number;
}

/** @see AgentConfigService.getStats */
export interface AgentConfigStats {
  readonly configs: CacheStats;
  readonly prompts: CacheStats;
  /** Where prompts came from, one for each `getCachedFullPrompt` that found one. */
  readonly sources: Readonly<Record<PromptOrigin, number>>;
}

/** How long a last good configuration and its prompt outlive an outage of the source. */
const GRACE_MS = 24 * 3_600_000;
/** Between asking a source that fails and asking it again: a caller who comes back finds what it has by then. */
const BACK_OFF_MS = 500;
/** What a process takes to say that the source has failed. */
const MARGIN_MS = 500;
/** How often an agent may change under a caller who waits for its prompt. */
const MAX_ATTEMPTS = 3;

/**
 * Agents and their prompts, in front of the source that has them. Reads are served from the nearest tier; what is asked for
 * by many at once is read once; while the source fails, the last good agent is served.
 */
export class AgentConfigService<C = AgentConfig> {
  readonly #configs: AgentConfigs<C>;
  readonly #prompts: AgentPrompts<C>;
  readonly #source: TimedSource<C>;
  readonly #clock: Clock;
  readonly #tell: AgentConfigListener;
  readonly #sources: Record<PromptOrigin, number> = { ram: 0, db: 0, build: 0 };

  /** @throws TypeError naming the option, the value and what is allowed. */
  constructor(options: AgentConfigServiceOptions<C>) {
    const { source, profile = 'low', promptTtl = 600_000, clock = systemClock, onEvent } = options;
    const { scope, tiers, bus, unwatchedTtl } = options;
    const watch = guardedWatch(options.watch);
    const { ttl, configBytes, promptBytes } = settingsOf(profile);
    const timeoutMs = positive('timeoutMs', options.timeoutMs ?? 2_000);
    // Without a shape of its own the type admits only our configurations.
    const shape = options.shape ?? (OWN_SHAPE as unknown as AgentShape<C>);
    // One process of a machine asks the source, for as long as it may take; the others wait for it.
    const shared = {
      clock,
      grace: GRACE_MS,
      // Whoever waits for another process hears how that ended: it may take as long as the source.
      leaseMs: timeoutMs + MARGIN_MS,
      backOffMs: BACK_OFF_MS,
      maxBackOffMs: BACK_OFF_MS,
      ...(scope !== undefined && { scope }),
      ...(tiers && { tiers }),
      ...(bus && { bus }),
    };
    this.#clock = clock;
    this.#tell = tellerOf(onEvent);
    this.#source = new TimedSource(source, shape, timeoutMs, clock);
    this.#prompts = new AgentPrompts(
      {
        ...shared,
        ...(onEvent && { onEvent: this.#from('prompts') }),
        ttl: positive('promptTtl', promptTtl),
        maxBytes: promptBytes,
      },
      { source: this.#source, shape, tell: this.#tell, watch },
    );
    this.#configs = new AgentConfigs(
      {
        ...shared,
        ...(onEvent && { onEvent: this.#from('agents') }),
        isWatched: () => watch() !== 'lapsed',
        schemaVersion: shape.version ?? 0,
        ...(unwatchedTtl !== undefined && { unwatchedTtl }),
        ttl: options.ttl ?? ttl,
        maxBytes: configBytes,
      },
      { source: this.#source, prompts: this.#prompts, tell: this.#tell, watch },
    );
  }

  /**
   * An agent as a call needs it first. While the source fails, as it was last.
   * @returns `null` when there is no such agent.
   * @throws what the source throws, or AgentConfigError, when there is no last good one.
   */
  async loadAgentConfig(agentId: string): Promise<LoadedAgent<C> | null> {
    const { agent } = await this.#configs.load(agentId);
    return agent;
  }

  /**
   * The prompt of an agent as `loadAgentConfig` would give it now.
   * @returns `null` when there is no such agent.
   * @throws as `loadAgentConfig`.
   */
  async getCachedFullPrompt(agentId: string): Promise<CachedPrompt | null> {
    const startedMs = this.#clock.now();
    const found = await this.#findPrompt(agentId);
    if (found === null) return null;
    this.#sources[found.source]++;
    return { ...found, latencyMs: this.#clock.now() - startedMs };
  }

  /** An agent has changed: it is loaded anew by who asks next. What it was is kept for the case that it cannot be. */
  invalidate(agentId: string): Promise<Invalidated> {
    return this.#configs.invalidate(agentId);
  }

  /** As `invalidate` for all agents. */
  invalidateAll(): Promise<Invalidated> {
    return this.#configs.invalidateAll();
  }

  /** An agent is gone: nothing of it is kept. */
  async forget(agentId: string): Promise<Invalidated> {
    const [config, prompts] = await Promise.all([this.#configs.forget(agentId), this.#prompts.clear(agentId)]);
    return { pending: config.pending || prompts.pending };
  }

  /** Takes the prompts of an agent out of all tiers. */
  clearPromptCache(agentId: string): Promise<Invalidated> {
    return this.#prompts.clear(agentId);
  }

  /** As `clearPromptCache` for all agents. */
  clearAllPromptCache(): Promise<Invalidated> {
    return this.#prompts.clearAll();
  }

  /**
   * What a change feed has told, for this machine and the tiers behind it; other machines hear the feed themselves. Changes of
   * anything but agents are no concern of this service.
   */
  async applyChange({ kind, id, deleted }: Change): Promise<void> {
    if (kind !== 'agent') return;
    await Promise.all([this.#configs.hearOf(id, deleted), deleted ? this.#prompts.clear(id) : undefined]);
  }

  /** A change feed may have missed any change: as `applyChange` for every agent. */
  async applyGap(): Promise<void> {
    await this.#configs.doubtAll();
  }

  /** Loads agents and their prompts before they are needed, four at a time. Never rejects. */
  warm(agentIds: Iterable<string>): Promise<WarmedAgents> {
    return warmAgents(agentIds, async (agentId) => (await this.#findPrompt(agentId)) !== null);
  }

  /** As `warm` for those that the source thinks most worth it. */
  async warmTop(limit: number): Promise<WarmedAgents> {
    let agentIds: readonly string[] = [];
    try {
      agentIds = await this.#source.listTopAgents(limit);
    } catch (error) {
      this.#tell({ type: 'warm-failed', error });
    }
    return this.warm(agentIds);
  }

  /** A snapshot of the counters since creation. */
  getStats(): AgentConfigStats {
    return { configs: this.#configs.stats(), prompts: this.#prompts.stats(), sources: { ...this.#sources } };
  }

  /** Waits for prompts that are being saved, and closes the caches. Tiers and bus stay their owner's. */
  async close(): Promise<void> {
    await this.#configs.close();
    await this.#prompts.close();
  }

  /**
   * The prompt belongs to the very version of the configuration that was read before it:
   *
   *   1. a caller reads version 1   2. the agent is updated   3. the caller looks for the prompt, and the source has version 2
   *
   * Neither that prompt with version 1 nor the old one is right then: it begins again, with version 2.
   */
  async #findPrompt(agentId: string): Promise<FoundPrompt | null> {
    for (let attempt = 1; ; attempt++) {
      const { agent, document, isNew } = await this.#configs.load(agentId);
      if (agent === null) return null;
      const found = await this.#prompts.find(agent, document);
      if (found?.source === 'ram' && isNew && this.#prompts.isStored(agent)) return { ...found, source: 'db' };
      if (found !== undefined) return found;
      if (attempt === MAX_ATTEMPTS) return { prompt: this.#prompts.build(agent), source: 'build' };
      await this.#configs.outdated(agent);
    }
  }

  #from(cache: 'agents' | 'prompts'): (event: CacheEvent) => void {
    return (event) => this.#tell({ type: 'cache', cache, event });
  }
}
