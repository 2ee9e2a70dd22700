import type { Cache, EntryOptions, Invalidated, Loader, LoadOptions } from './contracts/cache.ts';
import type { Invalidation } from './contracts/invalidation.ts';
import type { CacheStats } from './contracts/stats.ts';
import { Engine } from './engine.ts';
import { load, prepare } from './load.ts';
import type { Descent } from './lookup.ts';
import { descend, grantAll } from './lookup.ts';
import type { CacheOptions } from './policy.ts';
import { positive } from './policy.ts';
import type { ProcessEntry } from './process-tier.ts';
import { PROCESS_TIER } from './stats.ts';
import { callTier, startBudget } from './tier-call.ts';
import { insertHere, writeShared } from './write-back.ts';

/**
 * Creates a cache with a process tier over any number of shared tiers.
 * @throws TypeError naming the option, the value and what is allowed.
 */
export function createCache<V>(options: CacheOptions<V>): Cache<V> {
  return new TieredCache<V>(options);
}

const NO_OPTIONS: LoadOptions = Object.freeze({});

class TieredCache<V> implements Cache<V> {
  readonly #engine: Engine<V>;

  constructor(options: CacheOptions<V>) {
    this.#engine = new Engine(options);
  }

  peek(key: string): V | undefined {
    this.#engine.catchUp();
    return this.#fromProcess(key)?.value;
  }

  async get(key: string): Promise<V | undefined> {
    const engine = this.#engine;
    engine.catchUp();
    const here = this.#fromProcess(key);
    if (here !== undefined) return here.value;
    if (engine.hasShared) {
      const [descent] = await descend(engine, [key], engine.raiseFence(), false);
      if (descent?.found !== undefined) return descent.found.value;
    }
    this.#missed(key);
    return undefined;
  }

  async getMany(keys: Iterable<string>): Promise<Map<string, V>> {
    const engine = this.#engine;
    engine.catchUp();
    const values = new Map<string, V>();
    const below: string[] = [];
    for (const key of new Set(keys)) {
      const here = this.#fromProcess(key);
      if (here !== undefined) values.set(key, here.value);
      else below.push(key);
    }
    for (const descent of await this.#below(below)) {
      if (descent.found !== undefined) values.set(descent.key, descent.found.value);
    }
    for (const key of below) if (!values.has(key)) this.#missed(key);
    return values;
  }

  /** Not an async function: on a hit it costs one resolved promise and nothing else. */
  getOrLoad(key: string, loader: Loader<V>, options: LoadOptions = NO_OPTIONS): Promise<V | undefined> {
    const engine = this.#engine;
    engine.catchUp();
    const here = this.#fromProcess(key);
    if (here !== undefined) {
      options.onOutcome?.({ from: 'tier', tier: PROCESS_TIER });
      return Promise.resolve(here.value);
    }
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason);
    if (options.ttl !== undefined) positive('ttl', options.ttl);
    const joined = engine.flights.find(key);
    if (joined !== undefined) {
      engine.stats.shared++;
      options.onOutcome?.({ from: 'flight' });
      engine.onEvent?.({ type: 'shared', keyHash: engine.hashOf(key) });
      return engine.flights.wait(joined, options.signal);
    }
    const flight = engine.flights.start(key, (own) => load(engine, key, loader, options, own));
    return engine.flights.wait(flight, options.signal);
  }

  async set(key: string, value: V, options: EntryOptions = NO_OPTIONS): Promise<void> {
    const engine = this.#engine;
    if (value === undefined) throw new TypeError('undefined is absence and cannot be stored; use delete()');
    const ttlMs = positive('ttl', options.ttl ?? engine.policy.ttl);
    const kept = prepare(engine, value);
    if (kept === undefined) {
      engine.policy.codec.encode(value); // Throws the codec's own reason.
      throw new TypeError(`codec ${engine.policy.codec.id} cannot read back what it wrote`);
    }
    engine.stats.sets++;
    const invalidateHere = () => engine.invalidateKeys([key]);
    const stored = { ...kept, ageMs: 0, ttlMs, loadCostMs: 0, pin: options.pin ?? false };
    const ref = engine.keyspace.refOf(key);
    if (!engine.hasShared) {
      invalidateHere();
      insertHere(engine, key, ref, stored, true);
      return;
    }
    await this.#invalidateEverywhere(invalidateHere);
    const fence = engine.raiseFence();
    const grants = await grantAll(engine, ref);
    if (!insertHere(engine, key, ref, stored, fence.admits(ref))) return;
    // Loads that began since the invalidation have read what this value replaces.
    engine.flights.detach((loading) => loading === key);
    await engine.background(writeShared(engine, ref, grants, stored));
  }

  async delete(...keys: string[]): Promise<Invalidated> {
    return this.#invalidate(() => this.#engine.invalidateKeys(keys));
  }

  async clear(): Promise<Invalidated> {
    return this.#invalidate(() => this.#engine.invalidateAll());
  }

  async warm(keys: Iterable<string>): Promise<number> {
    const engine = this.#engine;
    engine.catchUp();
    const wanted = [...new Set(keys)];
    await this.#below(wanted.filter((key) => engine.process.get(key) === undefined));
    return wanted.filter((key) => engine.process.get(key) !== undefined).length;
  }

  stats(): CacheStats {
    const { process, stats, flights } = this.#engine;
    return stats.snapshot({ entries: process.size, bytes: process.bytes, loading: flights.size });
  }

  async close(): Promise<void> {
    const engine = this.#engine;
    engine.closed = true;
    engine.flights.abortAll(new Error('the cache was closed'));
    engine.process.clear();
    await engine.settled();
  }

  #fromProcess(key: string): ProcessEntry<V> | undefined {
    const engine = this.#engine;
    const entry = engine.process.get(key);
    if (entry === undefined) return undefined;
    engine.stats.processHits++;
    engine.onEvent?.({
      type: 'hit',
      tier: PROCESS_TIER,
      keyHash: engine.hashOf(key),
      ageMs: engine.policy.clock.now() - entry.originMs,
    });
    return entry;
  }

  #missed(key: string): void {
    this.#engine.stats.misses++;
    this.#engine.onEvent?.({ type: 'miss', keyHash: this.#engine.hashOf(key) });
  }

  async #below(keys: readonly string[]): Promise<Descent<V>[]> {
    const engine = this.#engine;
    if (keys.length === 0 || !engine.hasShared) return [];
    return descend(engine, keys, engine.raiseFence(), false);
  }

  async #invalidate(invalidateHere: () => Invalidation): Promise<Invalidated> {
    const engine = this.#engine;
    engine.stats.invalidations++;
    const { kind, acknowledged } = await this.#invalidateEverywhere(invalidateHere);
    const pending = !acknowledged;
    engine.onEvent?.({ type: 'invalidation', kind, pending });
    return { pending };
  }

  /**
   * Down the tiers, nearest first, so that this machine is right before the others hear of it; then up again, because to a
   * tier everything below it is the source, and a reader may have come between:
   *
   *   1. the nearer tier is invalidated   2. a reader misses there, gets new stamps, and reads the old value from the farther
   *   tier   3. the farther tier is invalidated   4. the reader promotes the old value, under stamps that hold
   */
  async #invalidateEverywhere(
    invalidateHere: () => Invalidation,
  ): Promise<{ kind: Invalidation['kind']; acknowledged: boolean }> {
    const engine = this.#engine;
    const { tiers, writeBudgetMs } = engine.policy;
    const invalidation = invalidateHere();
    let acknowledged = true;
    for (const tier of [...tiers, ...tiers.slice(0, -1).toReversed()]) {
      const budget = startBudget(engine, writeBudgetMs);
      const invalidate = () => tier.invalidate(invalidation);
      const done = await callTier(engine, tier, 'invalidate', budget, invalidate, () => true);
      acknowledged &&= done === true;
    }
    if (tiers.length > 0) invalidateHere();
    engine.catchUp(true);
    return { kind: invalidation.kind, acknowledged };
  }
}
