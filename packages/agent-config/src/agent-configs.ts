import { createCache } from '@warmline/cache-core';
import type { Cache, CacheOptions, CacheStats, Invalidated, LoadContext } from '@warmline/cache-core';
import { AgentConfigError } from './agent-config-error.ts';
import type { AgentDocument, LoadedAgent } from './agent-config.ts';
import type { AgentConfigListener } from './agent-config-event.ts';
import type { AgentPrompts } from './agent-prompts.ts';
import { softTimeoutMs } from './patience.ts';
import { SourceOutage } from './source-outage.ts';
import type { TimedSource } from './timed-source.ts';
import type { WatchState } from './watch-state.ts';

/** @see AgentConfigs.load */
export interface AgentRead<C> {
  readonly agent: LoadedAgent<C> | null;
  /** The agent as the source gave it, if this caller has asked it. */
  readonly document: AgentDocument<C> | undefined;
  /** Whether the source was waited for, and answered. */
  readonly isNew: boolean;
}

interface AgentConfigsNeeds<C> {
  readonly source: TimedSource<C>;
  readonly prompts: AgentPrompts<C>;
  readonly tell: AgentConfigListener;
  readonly watch: () => WatchState;
}

/** How long it is believed that there is no such agent. */
const UNKNOWN_TTL_MS = 10_000;
/** Agents whose outage has been told. */
const MAX_OUTAGES = 10_000;

/** Configurations by agent, without their prompts: those are kept apart, in the same trip to the source. */
export class AgentConfigs<C> {
  readonly #cache: Cache<LoadedAgent<C>>;
  /** For what a change feed tells: every machine hears that by itself, so that this one need not pass it on. */
  readonly #heard: Cache<LoadedAgent<C>>;
  readonly #outage: SourceOutage;
  readonly #source: TimedSource<C>;
  readonly #prompts: AgentPrompts<C>;
  readonly #tell: AgentConfigListener;
  readonly #watch: () => WatchState;
  /** Agents that are served as they were when they could last be loaded. */
  readonly #outages = new Set<string>();

  constructor(
    options: Omit<CacheOptions<LoadedAgent<C>>, 'name' | 'softTimeoutMs' | 'negativeTtl' | 'versionOf'>,
    { source, prompts, tell, watch }: AgentConfigsNeeds<C>,
  ) {
    const all: CacheOptions<LoadedAgent<C>> = {
      ...options,
      name: 'agents',
      negativeTtl: UNKNOWN_TTL_MS,
      versionOf: ({ updatedAt }) => updatedAt,
    };
    this.#cache = createCache(all);
    const { bus, ...ofThisMachine } = all;
    const hasMachine = all.tiers?.some(({ journal }) => journal !== undefined) === true;
    this.#heard = bus !== undefined && hasMachine ? createCache(ofThisMachine) : this.#cache;
    this.#outage = new SourceOutage(options);
    this.#source = source;
    this.#prompts = prompts;
    this.#tell = tell;
    this.#watch = watch;
  }

  async load(agentId: string): Promise<AgentRead<C>> {
    let document: AgentDocument<C> | undefined;
    let wasHere = false;
    const load = async (context: LoadContext<LoadedAgent<C>>): Promise<LoadedAgent<C> | undefined> => {
      document = await this.#read(agentId, context);
      return document && withoutPrompt(document);
    };
    const agent = await this.#cache.getOrLoad(keyOf(agentId), load, {
      softTimeoutMs: softTimeoutMs(this.#watch()),
      onOutcome: ({ from }) => {
        wasHere = from === 'tier';
      },
    });
    return { agent: agent ?? null, document, isNew: !wasHere && !this.#outages.has(agentId) };
  }

  /** A version that the source no longer has: whoever learns of it first says so. */
  async outdated({ agentId, updatedAt }: LoadedAgent<C>): Promise<void> {
    const key = keyOf(agentId);
    if (this.#cache.peek(key)?.updatedAt === updatedAt) await this.#cache.softInvalidate(key);
  }

  async invalidate(agentId: string): Promise<Invalidated> {
    await this.#outage.end();
    return this.#cache.softInvalidate(keyOf(agentId));
  }

  async invalidateAll(): Promise<Invalidated> {
    await this.#outage.end();
    return this.#cache.softClear();
  }

  forget(agentId: string): Promise<Invalidated> {
    return this.#cache.delete(keyOf(agentId));
  }

  /** A change feed tells of an agent. */
  async hearOf(agentId: string, deleted: boolean): Promise<Invalidated> {
    await this.#outage.end();
    const key = keyOf(agentId);
    return deleted ? this.#heard.delete(key) : this.#heard.softInvalidate(key);
  }

  /** A change feed may have missed any agent. */
  async doubtAll(): Promise<Invalidated> {
    await this.#outage.end();
    return this.#heard.softClear();
  }

  stats(): CacheStats {
    return this.#cache.stats();
  }

  async close(): Promise<void> {
    await Promise.all([this.#cache.close(), this.#heard.close(), this.#outage.close()]);
  }

  async #read(agentId: string, context: LoadContext<LoadedAgent<C>>): Promise<AgentDocument<C> | undefined> {
    const { stale, signal } = context;
    let document: AgentDocument<C> | null;
    try {
      if (stale !== undefined && (await this.#outage.isOn())) throw sourceAway();
      document = await this.#source.getAgent(agentId, signal);
    } catch (error) {
      // What the service itself has found is no sign of the source's health, but for its silence.
      if (!(error instanceof AgentConfigError) || error.code === 'ERR_AGENT_SOURCE_TIMEOUT') await this.#outage.begin();
      if (stale !== undefined && !signal.aborted) this.#tellOutage(agentId, stale.updatedAt, error);
      throw error;
    }
    this.#outages.delete(agentId);
    if (document === null) return undefined;
    // Only now that its successor is here is an old prompt in nobody's way: until then it is the last good one.
    await this.#prompts.keep(document);
    if (stale !== undefined && stale.updatedAt < document.updatedAt) this.#prompts.sweep(stale);
    return document;
  }

  #tellOutage(agentId: string, updatedAt: number, error: unknown): void {
    if (this.#outages.has(agentId)) return;
    if (this.#outages.size >= MAX_OUTAGES) this.#outages.clear();
    this.#outages.add(agentId);
    this.#tell({ type: 'last-good', agentId, updatedAt, error });
  }
}

function sourceAway(): AgentConfigError {
  return new AgentConfigError(
    'ERR_AGENT_SOURCE_AWAY',
    'the agent source has failed a moment ago, and was not asked again',
  );
}

function keyOf(agentId: string): string {
  return `agent:${agentId}`;
}

function withoutPrompt<C>(document: AgentDocument<C>): LoadedAgent<C> {
  const { fullPrompt: _prompt, ...agent } = document;
  return agent;
}
