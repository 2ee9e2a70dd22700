import { obtainMany } from './batch.ts';
import type {
  BatchLoader,
  BatchOptions,
  Cache,
  EntryOptions,
  Invalidated,
  Loader,
  LoadOptions,
} from './contracts/cache.ts';
import type { Invalidation } from './contracts/invalidation.ts';
import type { CacheStats } from './contracts/stats.ts';
import { Engine } from './engine.ts';
import { tellOutcome } from './listener.ts';
import type { Descent } from './lookup.ts';
import { descend, startDescent } from './lookup.ts';
import { isDueEarly, obtain, refreshEarly } from './obtain.ts';
import type { CacheOptions } from './policy.ts';
import type { ProcessEntry } from './process-tier.ts';
import { set } from './set.ts';
import { invalidateEverywhere } from './spread.ts';
import { PROCESS_TIER } from './stats.ts';

/**
 * Creates a cache with a process tier over any number of shared tiers.
 * @throws TypeError naming the option, the value and what is allowed.
 */
export function createCache<V>(options: CacheOptions<V>): Cache<V> {
  return new TieredCache<V>(new Engine(options));
}

const NO_OPTIONS: LoadOptions = Object.freeze({});
const FROM_PROCESS = Object.freeze({ from: 'tier', tier: PROCESS_TIER } as const);

/** What callers see; the work is in the files it calls. */
export class TieredCache<V> implements Cache<V> {
  readonly #engine: Engine<V>;

  constructor(engine: Engine<V>) {
    this.#engine = engine;
  }

  peek(key: string): V | undefined {
    const nowMs = this.#engine.hear();
    return this.#hit(key, this.#engine.process.get(key, nowMs), nowMs)?.value;
  }

  async get(key: string): Promise<V | undefined> {
    const nowMs = this.#engine.hear();
    const here = this.#hit(key, this.#engine.process.get(key, nowMs), nowMs);
    if (here !== undefined) return here.value;
    const [descent] = await this.#below([key]);
    if (descent?.found !== undefined) return descent.found.value;
    this.#missed(key);
    return undefined;
  }

  async getMany(keys: Iterable<string>): Promise<Map<string, V>> {
    const engine = this.#engine;
    const nowMs = engine.hear();
    const values = new Map<string, V | undefined>();
    const below: string[] = [];
    for (const key of new Set(keys)) {
      const here = this.#hit(key, engine.process.get(key, nowMs), nowMs);
      if (here === undefined) below.push(key);
      else values.set(key, here.value);
    }
    for (const { key, found } of await this.#below(below)) if (found !== undefined) values.set(key, found.value);
    for (const key of below) if (!values.has(key)) this.#missed(key);
    return new Map([...values].filter((entry): entry is [string, V] => entry[1] !== undefined));
  }

  /** Not an async function: on a hit it costs one resolved promise and nothing else. */
  getOrLoad(key: string, loader: Loader<V>, options: LoadOptions = NO_OPTIONS): Promise<V | undefined> {
    const engine = this.#engine;
    const nowMs = engine.hear();
    const entry = engine.process.get(key, nowMs);
    const here = this.#hit(key, entry, nowMs);
    if (here === undefined) return obtain(engine, key, loader, options, entry);
    if (options.onOutcome !== undefined) tellOutcome(options, FROM_PROCESS);
    if (isDueEarly(engine, here, nowMs)) return refreshEarly(engine, key, loader, options, here);
    return Promise.resolve(here.value);
  }

  async getOrLoadMany(
    keys: Iterable<string>,
    loadMany: BatchLoader<V>,
    options: BatchOptions = NO_OPTIONS,
  ): Promise<Map<string, V>> {
    const engine = this.#engine;
    const nowMs = engine.hear();
    const values = new Map<string, V>();
    const wanted = new Map<string, ProcessEntry<V> | undefined>();
    for (const key of new Set(keys)) {
      const entry = engine.process.get(key, nowMs);
      const here = this.#hit(key, entry, nowMs);
      if (here === undefined) wanted.set(key, entry);
      else if (here.value !== undefined) values.set(key, here.value);
    }
    const loaded = await obtainMany(engine, wanted, loadMany, options);
    for (const [key, value] of loaded) values.set(key, value);
    return values;
  }

  set(key: string, value: V, options: EntryOptions = NO_OPTIONS): Promise<void> {
    return set(this.#engine, key, value, options);
  }

  async delete(...keys: string[]): Promise<Invalidated> {
    return this.#invalidate(this.#ofKeys(keys, {}), keys);
  }

  async softInvalidate(...keys: string[]): Promise<Invalidated> {
    return this.#invalidate(this.#ofKeys(keys, { soft: true }), keys);
  }

  async invalidateTags(...tags: string[]): Promise<Invalidated> {
    return this.#invalidate(this.#ofTags(tags, {}));
  }

  async softInvalidateTags(...tags: string[]): Promise<Invalidated> {
    return this.#invalidate(this.#ofTags(tags, { soft: true }));
  }

  async clear(): Promise<Invalidated> {
    return this.#invalidate({ kind: 'namespace', namespace: this.#engine.keyspace.namespace });
  }

  async softClear(): Promise<Invalidated> {
    return this.#invalidate({ kind: 'namespace', namespace: this.#engine.keyspace.namespace, soft: true });
  }

  async warm(keys: Iterable<string>): Promise<number> {
    const engine = this.#engine;
    const wanted = [...new Set(keys)];
    const isHere = (key: string): boolean => isFresh(engine, engine.process.get(key, nowMs), nowMs);
    let nowMs = engine.hear();
    // Nobody's turn waits for it.
    await this.#below(
      wanted.filter((key) => !isHere(key)),
      engine.policy.writeBudgetMs,
    );
    nowMs = engine.hear();
    return wanted.filter(isHere).length;
  }

  stats(): CacheStats {
    const { process, stats, flights } = this.#engine;
    return stats.snapshot({ entries: process.size, bytes: process.bytes, loading: flights.size });
  }

  async close(): Promise<void> {
    const engine = this.#engine;
    engine.closed = true;
    engine.outbox.close();
    engine.flights.abortAll(new Error('the cache was closed'));
    engine.process.clear();
    await engine.hearing.close();
    await engine.settled();
  }

  /** The entry, if it is fresh: counted and told as a hit. */
  #hit(key: string, entry: ProcessEntry<V> | undefined, nowMs: number): ProcessEntry<V> | undefined {
    const engine = this.#engine;
    if (!isFresh(engine, entry, nowMs)) return undefined;
    const { stats } = engine;
    const ageMs = nowMs - entry.originMs;
    stats.processHits++;
    stats.hitAgeMs.add(ageMs);
    stats.savedMs += entry.loadCostMs;
    const negative = entry.value === undefined;
    if (negative) stats.negativeHits++;
    engine.emit?.({
      type: 'hit',
      tier: PROCESS_TIER,
      keyHash: engine.hashOf(key),
      ageMs,
      ...(negative ? { negative } : {}),
    });
    return entry;
  }

  #missed(key: string): void {
    this.#engine.stats.misses++;
    this.#engine.emit?.({ type: 'miss', keyHash: this.#engine.hashOf(key) });
  }

  async #below(keys: readonly string[], budgetMs?: number): Promise<readonly Descent<V>[]> {
    const engine = this.#engine;
    if (keys.length === 0 || !engine.hasShared) return [];
    const descents = keys.map((key) => startDescent<V>(key, engine.refOf(key)));
    await descend(engine, descents, engine.raiseFence(), { toLoad: false, budgetMs });
    return descents;
  }

  #ofKeys(keys: readonly string[], options: { soft?: boolean }): Invalidation {
    const { keyspace } = this.#engine;
    return { kind: 'keys', namespace: keyspace.namespace, keys: keys.map((key) => keyspace.keyOf(key)), ...options };
  }

  #ofTags(tags: readonly string[], options: { soft?: boolean }): Invalidation {
    const { keyspace } = this.#engine;
    return { kind: 'tags', namespace: keyspace.namespace, tags: tags.map((tag) => keyspace.tagOf(tag)), ...options };
  }

  async #invalidate(invalidation: Invalidation, keys?: readonly string[]): Promise<Invalidated> {
    const engine = this.#engine;
    engine.stats.invalidations++;
    const pending = await invalidateEverywhere(engine, invalidation, keys);
    const { kind, soft } = invalidation;
    engine.emit?.({ type: 'invalidation', kind, pending, ...(soft === true ? { soft } : {}) });
    return { pending };
  }
}

/** Whether an entry may be served without more ado. */
function isFresh<V>(engine: Engine<V>, entry: ProcessEntry<V> | undefined, nowMs: number): entry is ProcessEntry<V> {
  return entry !== undefined && nowMs < entry.freshUntilMs && nowMs - entry.originMs < engine.hearing.doubtedFromMs;
}
