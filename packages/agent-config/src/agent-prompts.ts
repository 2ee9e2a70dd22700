import { createCache } from '@warmline/cache-core';
import type { Cache, CacheOptions, CacheStats, Invalidated, LoadContext } from '@warmline/cache-core';
import type { AgentDocument, LoadedAgent } from './agent-config.ts';
import type { AgentConfigListener } from './agent-config-event.ts';
import type { AgentShape } from './agent-shape.ts';
import { softTimeoutMs } from './patience.ts';
import type { TimedSource } from './timed-source.ts';
import type { WatchState } from './watch-state.ts';

/**
 * Where a prompt came from. `ram`: a tier had it · `db`: it had to be fetched with its agent · `build`: the source had none
 * either, or could not be asked.
 */
export type PromptOrigin = 'ram' | 'db' | 'build';

/** A prompt and where it came from. */
export interface FoundPrompt {
  readonly prompt: string;
  readonly source: PromptOrigin;
}

interface AgentPromptsNeeds<C> {
  readonly source: TimedSource<C>;
  readonly shape: AgentShape<C>;
  readonly tell: AgentConfigListener;
  readonly watch: () => WatchState;
}

/** How long a configuration waits until its prompt is kept; the keeping goes on. */
const KEEP_MS = 100;

/**
 * Prompts by agent, the version of its configuration and that of the builder: what is under a key is never another text, so
 * that an update needs no invalidation and an old prompt cannot meet a new configuration.
 */
export class AgentPrompts<C> {
  readonly #cache: Cache<string>;
  readonly #source: TimedSource<C>;
  readonly #shape: AgentShape<C>;
  readonly #tell: AgentConfigListener;
  readonly #watch: () => WatchState;
  readonly #background = new Set<Promise<unknown>>();

  constructor(
    options: Omit<CacheOptions<string>, 'name' | 'immutable' | 'softTimeoutMs' | 'tagsOf'>,
    { source, shape, tell, watch }: AgentPromptsNeeds<C>,
  ) {
    this.#cache = createCache<string>({
      ...options,
      name: 'prompts',
      immutable: true,
      tagsOf: (key) => [agentOf(key)],
    });
    this.#source = source;
    this.#shape = shape;
    this.#tell = tell;
    this.#watch = watch;
  }

  /** Keeps the prompt that came with its agent, if it is one that may be used. */
  async keep(document: AgentDocument<C>): Promise<void> {
    const prompt = this.#storedIn(document);
    if (prompt === undefined) return;
    try {
      await this.#cache.getOrLoad(this.#keyOf(document), () => prompt, {
        softTimeoutMs: Number.POSITIVE_INFINITY,
        deadlineMs: KEEP_MS,
      });
    } catch {
      // It took longer than anybody should wait, and goes on.
    }
  }

  /**
   * The prompt of exactly this version of an agent.
   * @param document the agent as it has just been read, where it has.
   * @returns `undefined` when the source has another version by now.
   */
  async find(agent: LoadedAgent<C>, document: AgentDocument<C> | undefined): Promise<FoundPrompt | undefined> {
    let source: PromptOrigin = 'ram';
    const load = async (context: LoadContext<string>): Promise<string | undefined> => {
      let current = document;
      try {
        current ??= (await this.#source.getAgent(agent.agentId, context.signal)) ?? undefined;
      } catch (error) {
        if (context.stale !== undefined) throw error;
        source = 'build';
        return this.build(agent);
      }
      if (current?.updatedAt !== agent.updatedAt) {
        context.doNotStore();
        return undefined;
      }
      const stored = this.#storedIn(current);
      source = stored === undefined ? 'build' : 'db';
      return stored ?? this.#buildAndSave(agent);
    };
    const prompt = await this.#cache.getOrLoad(this.#keyOf(agent), load, {
      softTimeoutMs: softTimeoutMs(this.#watch()),
      onOutcome: ({ from }) => {
        // Whoever loads it does what this caller would have done.
        if (from === 'flight') source = this.isStored(agent) ? 'db' : 'build';
      },
    });
    return prompt === undefined ? undefined : { prompt, source };
  }

  /** Whether the source had a prompt that may be used when the agent was read. */
  isStored({ promptVersion = Number.NEGATIVE_INFINITY }: LoadedAgent<C>): boolean {
    return promptVersion >= this.#shape.promptVersion;
  }

  build({ agentId, config }: LoadedAgent<C>): string {
    const prompt = this.#shape.build(config);
    this.#tell({ type: 'prompt-built', agentId });
    return prompt;
  }

  /** Drops the prompt of a version that has been replaced. */
  sweep(agent: LoadedAgent<C>): void {
    this.#inBackground(this.#cache.delete(this.#keyOf(agent)));
  }

  clear(agentId: string): Promise<Invalidated> {
    return this.#cache.invalidateTags(agentId);
  }

  clearAll(): Promise<Invalidated> {
    return this.#cache.clear();
  }

  stats(): CacheStats {
    return this.#cache.stats();
  }

  async close(): Promise<void> {
    await Promise.all(this.#background);
    await this.#cache.close();
  }

  #buildAndSave(agent: LoadedAgent<C>): string {
    const { agentId, updatedAt } = agent;
    const fullPrompt = this.build(agent);
    if (this.#source.savesPrompts) {
      const { promptVersion } = this.#shape;
      const save = this.#source.savePrompt(agentId, { fullPrompt, promptVersion, updatedAt });
      this.#inBackground(save.catch((error: unknown) => this.#tell({ type: 'prompt-not-saved', agentId, error })));
    }
    return fullPrompt;
  }

  /** That of an older builder is none; that of a newer one is what the source wants its agents to say. */
  #storedIn(document: AgentDocument<C>): string | undefined {
    return this.isStored(document) ? document.fullPrompt : undefined;
  }

  #keyOf({ agentId, updatedAt, promptVersion = 0 }: LoadedAgent<C>): string {
    // The source may have one of a newer builder than ours.
    return `${agentId}:${updatedAt}:${Math.max(promptVersion, this.#shape.promptVersion)}`;
  }

  #inBackground(work: Promise<unknown>): void {
    this.#background.add(work);
    void work.finally(() => this.#background.delete(work));
  }
}

/** An id may contain a colon, the numbers behind it do not. */
function agentOf(key: string): string {
  return key.slice(0, key.lastIndexOf(':', key.lastIndexOf(':') - 1));
}
