import { hash } from 'node:crypto';
import { createCache, systemClock } from '@warmline/cache-core';
import type { BatchContext, Cache, CacheOptions, CacheStats, Clock } from '@warmline/cache-core';
import type { Embedder } from './embedder.ts';
import { duration } from './duration.ts';
import { limited } from './limited.ts';
import { embeddingCodec } from './embedding-codec.ts';

/** Options of {@link CachedEmbedder}: those of any cache, with other defaults, and its own. Durations are milliseconds. */
export interface CachedEmbedderOptions extends Partial<
  Omit<CacheOptions<Float32Array>, 'codec' | 'hardTimeoutMs' | 'immutable' | 'tagsOf' | 'versionOf'>
> {
  readonly embedder: Embedder;
  /** How long one call of the provider may take. @default 5_000 */
  readonly timeoutMs?: number;
}

const DAY_MS = 24 * 3_600_000;

/**
 * An embedder that asks the provider for each text once. Vectors are read-only: they are shared. Defaults: name `embeddings`, 24 h,
 * 16 MiB of the process, which is about 2,500 vectors of 1,536 dimensions; shared tiers may take 100 ms.
 */
export class CachedEmbedder implements Embedder {
  readonly model: string;
  readonly dimensions?: number;
  readonly #embedder: Embedder;
  readonly #cache: Cache<Float32Array>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  /** @throws TypeError naming the option, the value and what is allowed. */
  constructor({ embedder, timeoutMs = 5_000, ...options }: CachedEmbedderOptions) {
    const { model, dimensions } = embedder;
    if (typeof model !== 'string' || model === '')
      throw new TypeError(`embedder.model must be a non-empty string, got ${JSON.stringify(model)}`);
    if (dimensions !== undefined && (!Number.isSafeInteger(dimensions) || dimensions < 1))
      throw new TypeError(`embedder.dimensions must be a whole number from 1, got ${String(dimensions)}`);
    this.model = model;
    if (dimensions !== undefined) this.dimensions = dimensions;
    this.#embedder = embedder;
    this.#clock = options.clock ?? systemClock;
    this.#timeoutMs = duration('timeoutMs', timeoutMs);
    this.#cache = createCache<Float32Array>({
      name: 'embeddings',
      ttl: DAY_MS,
      maxBytes: 16 * 2 ** 20,
      leaseMs: timeoutMs,
      // A batch of vectors is large, and a provider takes longer.
      tierBudgetMs: 100,
      ...options,
      immutable: true,
      hardTimeoutMs: timeoutMs,
      codec: embeddingCodec,
    });
  }

  /**
   * One vector for each text, in their order; the provider is asked once for all that are missing.
   * @throws the provider's own error; an error naming the numbers when it gives too many or too few vectors, or of the wrong length. Then
   * nothing is kept.
   */
  async embed(texts: readonly string[], signal?: AbortSignal): Promise<readonly Float32Array[]> {
    const textOf = new Map(texts.map((text) => [this.#keyOf(text), text]));
    const load = async (keys: readonly string[], context: BatchContext<Float32Array>) => {
      const wanted = keys.map((key) => textOf.get(key) ?? '');
      const vectors = this.#checked(wanted.length, await this.#ask(wanted, context.signal));
      return new Map(keys.map((key, index) => [key, vectors[index]]));
    };
    const found = await this.#cache.getOrLoadMany(textOf.keys(), load, signal === undefined ? {} : { signal });
    return texts.map((text) => {
      const vector = found.get(this.#keyOf(text));
      if (vector === undefined) throw new Error(`no embedding of model ${this.model}: the cache was closed`);
      return vector;
    });
  }

  /** A snapshot of the cache's counters. */
  getStats(): CacheStats {
    return this.#cache.stats();
  }

  /** Empties the process tier. The tiers stay open: they are yours. */
  close(): Promise<void> {
    return this.#cache.close();
  }

  #keyOf(text: string): string {
    const { model, dimensions } = this;
    // One model may give vectors of several lengths, as it is asked to.
    return `embed:${dimensions === undefined ? model : `${model}/${dimensions}`}:${hash('sha256', text, 'hex')}`;
  }

  #ask(texts: readonly string[], signal: AbortSignal): ReturnType<Embedder['embed']> {
    return limited(this.#clock, this.#timeoutMs, signal, (until) => this.#embedder.embed(texts, until));
  }

  #checked(count: number, given: readonly (readonly number[] | Float32Array)[]): readonly Float32Array[] {
    if (!Array.isArray(given) || given.length !== count)
      throw new RangeError(
        `${this.model} must give ${count} vectors, gave ${Array.isArray(given) ? given.length : typeof given}`,
      );
    const vectors = given.map((vector: readonly number[] | Float32Array) => Float32Array.from(vector));
    const dimensions = this.dimensions ?? vectors[0]?.length ?? 0;
    vectors.forEach((vector, index) => {
      if (vector.length !== dimensions || dimensions === 0)
        throw new RangeError(
          `${this.model} must give vectors of ${dimensions || 'some'} dimensions, vector ${index} has ${vector.length}`,
        );
      if (!vector.every(Number.isFinite))
        throw new RangeError(`${this.model} gave a number in vector ${index} that is not finite`);
    });
    return vectors;
  }
}
