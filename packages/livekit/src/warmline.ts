import type { tts } from '@livekit/agents';
import { AgentConfigService } from '@warmline/agent-config';
import type { AgentConfig, AgentConfigServiceOptions, WatchState } from '@warmline/agent-config';
import { createCache } from '@warmline/cache-core';
import type { Bus, Cache, CacheEvent, CacheOptions, SharedTier } from '@warmline/cache-core';
import { AccountPermits, machineStatistics, openHostTier, StatisticsPublisher } from '@warmline/cache-lmdb';
import type {
  AccountPermitsOptions,
  HostEvent,
  HostTier,
  HostTierOptions,
  MachineStatistics,
} from '@warmline/cache-lmdb';
import type { ConnectOptions, RedisEvent } from '@warmline/cache-redis';
import { VoiceKnowledgeService } from '@warmline/knowledge';
import type { KnowledgeOptions, Passage } from '@warmline/knowledge';
import { cachedTts, createPhraseCache } from '@warmline/tts-cache';
import type { CachedTts, CachedTtsOptions, Speech, Voice } from '@warmline/tts-cache';
import type { Cluster } from './cluster.ts';
import { openCluster } from './cluster.ts';
import { countersOf } from './counters.ts';
import { hostInventory } from './host-inventory.ts';
import { HostWatch } from './host-watch.ts';
import { prewarm } from './prewarm.ts';
import { voiceOf } from './voice-of.ts';

/** What a {@link Warmline} tells about its tiers. */
export type WarmlineEvent =
  | HostEvent
  | RedisEvent
  /** Of what carries invalidations between machines. */
  | Extract<CacheEvent, { readonly type: 'gap' | 'bus-error' }>;

/** @see openWarmline */
export interface WarmlineOptions extends Omit<HostTierOptions, 'cluster' | 'onEvent'> {
  /** Whose entries these are; one tenant cannot reach another's. @default 'default' */
  readonly scope?: string;
  /** `false` keeps everything in this process. @default true */
  readonly host?: boolean;
  /**
   * The Redis or Valkey that machines share: `redis://…`, or the options of `connectRedis` of `@warmline/cache-redis`. Then one
   * process of each machine must run `startHost`, which hears what others invalidate: without it entries that can become stale
   * (configuration, knowledge; not speech) are loaded anew each time. @default none
   */
  readonly redis?: string | ConnectOptions | undefined;
  /** Without a listener a missing tier is a process warning. */
  readonly onEvent?: (event: WarmlineEvent) => void;
}

/** As for `AgentConfigService` of `@warmline/agent-config`. */
export type WarmAgentsOptions<C = AgentConfig> = Omit<AgentConfigServiceOptions<C>, keyof Surroundings | 'watch'>;

/** As for `VoiceKnowledgeService` of `@warmline/knowledge`. */
export type WarmKnowledgeOptions<P extends Passage = Passage> = Omit<
  KnowledgeOptions<P>,
  keyof Surroundings | 'isWatched'
>;

/** Not five seconds, as for agents: a search costs money, and the source is in trouble when nobody hears of it. */
const KNOWLEDGE_UNWATCHED_MS = 60_000;

/** What every service of a Warmline is given. */
type Surroundings = Required<Pick<CacheOptions<unknown>, 'scope' | 'tiers'>> & Pick<CacheOptions<unknown>, 'bus'>;

/** As for `cachedTts` of `@warmline/tts-cache`; the voice may be left out where the TTS tells it. */
export interface WarmTtsOptions extends Omit<CachedTtsOptions, 'cache' | 'inventory'> {
  readonly voice?: Voice;
}

/**
 * Opens what a process needs to find its speech warm: a process tier, and the host tier it shares with all other processes of
 * the machine; with `redis` also the cluster tier, which connects in the background. Synchronous and made for `prewarm`: some
 * 30 ms, most of it the native module of the host tier.
 *
 * Never fails for want of a tier: without a host tier (no native module, no usable directory, full disk) the process tier
 * works alone, and one event tells why.
 * @throws TypeError for an option out of range.
 */
export function openWarmline(options: WarmlineOptions = {}): Warmline {
  return new Warmline(options);
}

/** A process's part of the cache; made by {@link openWarmline}. */
export class Warmline {
  readonly scope: string;
  /** Shared by all processes of the machine; `undefined` when there is none. */
  readonly host: HostTier | undefined;
  readonly #cluster: Cluster | undefined;
  readonly #phrases: Cache<Speech>;
  readonly #voices = new Set<CachedTts>();
  readonly #caches = new Set<{ close(): Promise<void> }>();
  readonly #publisher: StatisticsPublisher | undefined;
  readonly #watch: HostWatch | undefined;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(options: WarmlineOptions) {
    const { scope = 'default', host = true, redis, onEvent, ...hostOptions } = options;
    this.scope = scope;
    this.#cluster = redis === undefined ? undefined : openCluster(redis, onEvent);
    this.host = host
      ? openHostTier({ ...hostOptions, ...clusterNameOf(redis), ...(onEvent && { onEvent }) })
      : undefined;
    this.#watch = this.host && new HostWatch(this.host, scope);
    this.#phrases = createPhraseCache({ scope, ...this.#shared() });
    if (this.host !== undefined) void prewarm(this.#phrases, hostInventory(this.host, scope));
    this.#publisher =
      this.host &&
      new StatisticsPublisher(this.host, () =>
        countersOf([...this.#voices].map((voice) => voice.getPhraseCacheStats())),
      );
  }

  /**
   * Wraps a LiveKit TTS: sentences that any process of this machine has spoken are replayed at once.
   * @throws TypeError when no voice is given and the TTS does not tell its own.
   */
  tts(inner: tts.TTS, options: WarmTtsOptions = {}): CachedTts {
    const wrapped = cachedTts(inner, {
      ...options,
      voice: options.voice ?? voiceOf(inner),
      cache: this.#phrases,
      ...(this.host && { inventory: hostInventory(this.host, this.scope) }),
    });
    this.#voices.add(wrapped);
    return wrapped;
  }

  /** A cache of your own on the same tiers, in the same scope. */
  cache<V>(options: Omit<CacheOptions<V>, 'scope' | 'tiers' | 'bus'>): Cache<V> {
    return this.#own(createCache<V>({ ...options, scope: this.scope, ...this.#shared() }));
  }

  /**
   * Agents' configuration and prompts, on the same tiers and in the same scope. Where the host service watches a change feed
   * (`Host.watch`), an update is read by every process within 100 ms, and what has not changed is always at hand.
   * @throws TypeError for an option out of range.
   */
  agents<C = AgentConfig>(options: WarmAgentsOptions<C>): AgentConfigService<C> {
    // Without a host tier nobody on this machine can be told of an update.
    const watch = (): WatchState => this.#watch?.state() ?? 'lapsed';
    const given = { ...options, ...this.#surroundings(), watch };
    return this.#own(new AgentConfigService<C>(given as AgentConfigServiceOptions<C>));
  }

  /**
   * A knowledge base's answers, on the same tiers and in the same scope.
   * @throws TypeError for an option out of range.
   */
  knowledge<P extends Passage = Passage>(options: WarmKnowledgeOptions<P>): VoiceKnowledgeService<P> {
    const isWatched = (): boolean => this.#watch?.state() !== 'lapsed';
    const given = { unwatchedTtl: KNOWLEDGE_UNWATCHED_MS, ...(options as KnowledgeOptions<P>), isWatched };
    return this.#own(new VoiceKnowledgeService<P>({ ...given, ...this.#surroundings() }));
  }

  /** @internal What the machine knows of its change feed. */
  get watch(): HostWatch | undefined {
    return this.#watch;
  }

  /** @internal What machines share. */
  get cluster(): Cluster | undefined {
    return this.#cluster;
  }

  /** The phrases of this process and machine, for tools. */
  get phrases(): Cache<Speech> {
    return this.#phrases;
  }

  /**
   * A provider's connections, shared by all processes of the machine; for `pool: { permits }` of `@warmline/tts-sarvam`.
   * @returns `undefined` without a host tier: then each process has only its own limit.
   * @throws TypeError when the limit is not a whole number of at least 1.
   */
  permits(options: AccountPermitsOptions): AccountPermits | undefined {
    return this.host && new AccountPermits(this.host, options);
  }

  /** What all processes of the machine have counted, those that have ended included; `undefined` without a host tier. */
  statistics(): MachineStatistics | undefined {
    return this.host && machineStatistics(this.host);
  }

  /** Writes the last counters down and closes the caches. The wrapped TTS are yours to close, before this. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#publisher?.close();
    await this.#phrases.close();
    for (const cache of this.#caches) await cache.close();
    await this.host?.close();
    await this.#cluster?.close();
  }

  #own<T extends { close(): Promise<void> }>(cache: T): T {
    this.#caches.add(cache);
    return cache;
  }

  #surroundings(): Surroundings {
    return { scope: this.scope, ...this.#shared() };
  }

  #shared(): { readonly tiers: readonly SharedTier[]; readonly bus?: Bus } {
    const tiers = [this.host, this.#cluster?.tier].filter((tier) => tier !== undefined);
    return { tiers, ...(this.#cluster && { bus: this.#cluster.bus }) };
  }
}

/** Files of different clusters never mix; what is given as a client has no name. */
function clusterNameOf(redis: WarmlineOptions['redis']): { readonly cluster?: string } {
  const url = typeof redis === 'string' ? redis : redis?.url;
  return url === undefined ? {} : { cluster: url };
}
