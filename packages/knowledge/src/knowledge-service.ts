import { createCache, systemClock } from '@warmline/cache-core';
import type { Cache, CacheOptions, Clock, Invalidated, LoadContext, Patience } from '@warmline/cache-core';
import { checkQuery } from './check-query.ts';
import { duration } from './duration.ts';
import { limited } from './limited.ts';
import { knowledgeKey } from './knowledge-key.ts';
import type { KnowledgeQuery, KnowledgeSource } from './knowledge-source.ts';
import { knowledgeStats } from './knowledge-stats.ts';
import type { KnowledgeStats } from './knowledge-stats.ts';
import type { QuestionLevel } from './normalize-question.ts';
import type { Passage } from './passage.ts';

type OwnOptions = 'hardTimeoutMs' | 'immutable' | 'negativeTtl' | 'tagsOf' | 'versionOf';

/** Options of {@link VoiceKnowledgeService}: those of any cache, with other defaults, and its own. Durations are milliseconds. */
export interface KnowledgeOptions<P = Passage> extends Partial<Omit<CacheOptions<readonly P[]>, OwnOptions>> {
  readonly source: KnowledgeSource<P>;
  /** Which questions count as the same one. @default 'normalised' */
  readonly level?: QuestionLevel;
  /**
   * `low`: results are kept for 5 minutes, in 4 MiB of the process, which is about 500 of them. `high`, for more than
   * 1,000 users at a time: 30 minutes, 16 MiB, about 2,000. @default 'low'
   */
  readonly profile?: 'low' | 'high';
  /** How long a search may take. Then it is aborted, and callers get an older result or a `CacheError`. @default 5_000 */
  readonly timeoutMs?: number;
  /** How long it is believed that nothing was found. @default 10_000 */
  readonly emptyTtl?: number;
}

/** How long a caller waits for a search. */
export type SearchOptions = Pick<Patience, 'signal' | 'deadlineMs'>;

/** What invalidates knowledge; a `Change` of `@warmline/agent-config` is one. */
export interface KnowledgeChange {
  /** Only `knowledge` concerns this cache. */
  readonly kind: string;
  readonly organizationId: string;
}

const MINUTE_MS = 60_000;
const MIB = 2 ** 20;
const LEVELS: readonly QuestionLevel[] = ['exact', 'normalised', 'strong'];
const PROFILES = { low: { ttl: 5 * MINUTE_MS, maxBytes: 4 * MIB }, high: { ttl: 30 * MINUTE_MS, maxBytes: 16 * MIB } };

/** Searches the knowledge of organisations, once for all who ask the same: in this process, and wherever the tiers reach. */
export class VoiceKnowledgeService<P = Passage> {
  readonly #source: KnowledgeSource<P>;
  readonly #cache: Cache<readonly P[]>;
  /** For what a change feed tells: every machine hears that by itself, so that this one need not pass it on. */
  readonly #heard: Cache<readonly P[]>;
  readonly #clock: Clock;
  readonly #level: QuestionLevel;
  readonly #timeoutMs: number;
  readonly #emptyTtl: number;

  /** @throws TypeError naming the option, the value and what is allowed. */
  constructor(options: KnowledgeOptions<P>) {
    const { source, level = 'normalised', profile = 'low', timeoutMs = 5_000, emptyTtl = 10_000, ...more } = options;
    this.#source = source;
    this.#level = oneOf('level', LEVELS, level);
    this.#timeoutMs = duration('timeoutMs', timeoutMs);
    this.#emptyTtl = duration('emptyTtl', emptyTtl);
    this.#clock = more.clock ?? systemClock;
    const { ttl, maxBytes } = PROFILES[oneOf('profile', ['low', 'high'], profile)];
    const all: CacheOptions<readonly P[]> = {
      name: 'knowledge',
      ttl,
      maxBytes,
      // An older result is better than none, but only than none.
      grace: 60 * MINUTE_MS,
      softTimeoutMs: Number.POSITIVE_INFINITY,
      backOffMs: 0,
      leaseMs: timeoutMs,
      ...more,
      hardTimeoutMs: timeoutMs,
    };
    this.#cache = createCache(all);
    const { bus, ...ofThisMachine } = all;
    const hasMachine = all.tiers?.some(({ journal }) => journal !== undefined) === true;
    this.#heard = bus !== undefined && hasMachine ? createCache(ofThisMachine) : this.#cache;
  }

  /**
   * The passages for a question, best first. Whoever asks while the same search is running waits for that one. The source
   * is asked with the wording of the first.
   * @throws TypeError naming the field, the value (of `text` never) and what is allowed.
   * @throws the source's own error, or a `CacheError` when it took too long, unless there is an older result. Neither is kept.
   */
  async search(query: KnowledgeQuery, options: SearchOptions = {}): Promise<readonly P[]> {
    const asked = checkQuery(query);
    const key = knowledgeKey(asked, this.#level);
    const passages = await this.#cache.getOrLoad(key, (context) => this.#load(asked, context), {
      tags: [asked.organizationId],
      ...options,
    });
    return passages ?? [];
  }

  /** After it resolves no search started later is answered with what an organisation's knowledge was before. */
  invalidateCache(organizationId: string): Promise<Invalidated> {
    return this.#cache.invalidateTags(organizationId);
  }

  /** As {@link VoiceKnowledgeService} `invalidateCache` for every organisation of this scope. */
  invalidateAllCaches(): Promise<Invalidated> {
    return this.#cache.clear();
  }

  /** What a change feed has told, for this machine and the tiers behind it; other machines hear the feed themselves. */
  async applyChange({ kind, organizationId }: KnowledgeChange): Promise<void> {
    if (kind === 'knowledge') await this.#heard.invalidateTags(organizationId);
  }

  /** A change feed may have missed any change: as `applyChange` for every organisation. */
  async applyGap(): Promise<void> {
    await this.#heard.clear();
  }

  /** What it has done since its creation. */
  getStats(): KnowledgeStats {
    return knowledgeStats(this.#cache.stats());
  }

  /** Ends searches that are running and empties the process tier. The tiers stay open: they are yours. */
  async close(): Promise<void> {
    await Promise.all([this.#cache.close(), this.#heard.close()]);
  }

  async #load(query: KnowledgeQuery, context: LoadContext<readonly P[]>): Promise<readonly P[]> {
    const passages = await limited(this.#clock, this.#timeoutMs, context.signal, (signal) =>
      this.#source.search(query, signal),
    );
    if (!Array.isArray(passages))
      throw new TypeError(`the source's search must return a list of passages, got ${typeof passages}`);
    if (passages.length === 0) context.keep({ ttl: this.#emptyTtl, grace: 0 });
    return passages;
  }
}

function oneOf<T extends string>(option: string, allowed: readonly T[], value: T): T {
  if (!allowed.includes(value))
    throw new TypeError(`${option} must be one of ${allowed.join(', ')}, got ${JSON.stringify(value)}`);
  return value;
}
