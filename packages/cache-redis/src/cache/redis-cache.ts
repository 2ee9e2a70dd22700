import type { Link } from '../link.ts';
import type { RedisCacheOperation } from './cache-events.ts';
import type { CacheMetrics } from './cache-metrics.ts';
import type { RedisCacheOptions } from './cache-options.ts';
import { isTtl } from './cache-options.ts';
import { CacheState } from './cache-state.ts';
import { CacheFault, faultOf } from './fault.ts';
import type { RedisCacheHealth } from './health.ts';
import { healthMessage } from './health.ts';
import type { KeySegment } from './key-parts.ts';
import { keyPatterns } from './keys.ts';
import { categoryOf, writtenByHand } from './namespace.ts';
import { countKeys, removePattern } from './pattern.ts';
import type { RedisLock, RedisLockOptions } from './redis-lock.ts';
import { takeLock } from './take-lock.ts';
import type { RedisCacheStats } from './server-state.ts';
import { serverState } from './server-state.ts';
import type { RedisCacheValue } from './stored-text.ts';
import { jsonOf, storedJson, storedNumber, storedText, textOf } from './stored-text.ts';
import type { RedisCacheSetOptions } from './values.ts';
import { readValue, writeValue } from './values.ts';

/** Keys of one command. */
const CHUNK = 500;
/** What Redis answers about a key that is not there. */
const ABSENT = -2;

/**
 * A cache on Redis or Valkey for any service, that never fails it: every method resolves, within `timeoutMs`, whatever state Redis
 * is in. What cannot be had is a miss, `false` or 0 and an event. Durations are seconds here, as operators of Redis know them.
 *
 * Values are plain texts, for other programs too: a text or number is stored as it is, anything else as JSON. `get` returns the
 * text; with a number as its default it returns a number, and `getJson` whatever the JSON says.
 */
export class RedisCache implements AsyncDisposable {
  readonly #state: CacheState;

  /** Connects in the background. @throws TypeError for an option that cannot be right. */
  constructor(options: RedisCacheOptions = {}) {
    this.#state = new CacheState(options);
  }

  get enabled(): boolean {
    return this.#state.isEnabled;
  }

  /** Whether Redis is connected and answers in time. */
  get connected(): boolean {
    return this.#state.access?.isConnected ?? false;
  }

  /** What this cache has done in this process. */
  get metrics(): CacheMetrics {
    return this.#state.metrics;
  }

  /** Uses Redis from now on; connects if that has not been done. After `close()` it does nothing. */
  enable(): void {
    this.#state.enable();
  }

  /** Every call is a miss, `false` or 0 from now on, and is neither counted nor told. The connection and locks that are held stay. */
  disable(): void {
    this.#state.disable();
  }

  /** The text at a key; `defaultValue` when there is none. With a number as the default, what is there is read as a number. */
  get(key: string): Promise<string | undefined>;
  get(key: string, defaultValue: number): Promise<number>;
  get<D>(key: string, defaultValue: D): Promise<string | D>;
  get(key: string, defaultValue?: unknown): Promise<unknown> {
    const decode = typeof defaultValue === 'number' ? storedNumber : storedText;
    return readValue(this.#state, { operation: 'get', key, defaultValue, decode });
  }

  /** What is at a key as JSON, unchecked; `defaultValue` when there is none, or it is no JSON. `null` is a value. */
  getJson<T = unknown>(key: string): Promise<T | undefined>;
  getJson<T = unknown>(key: string, defaultValue: T): Promise<T>;
  getJson(key: string, defaultValue?: unknown): Promise<unknown> {
    return readValue(this.#state, { operation: 'getJson', key, defaultValue, decode: storedJson });
  }

  /** @returns whether it was stored. After a `timeout` it may have been, or will be. */
  set(key: string, value: RedisCacheValue, options?: RedisCacheSetOptions): Promise<boolean> {
    return writeValue(this.#state, { operation: 'set', key, encode: () => textOf(value), options });
  }

  /** As `set`, but texts are stored as JSON too: for `getJson`. */
  setJson(key: string, value: unknown, options?: RedisCacheSetOptions): Promise<boolean> {
    return writeValue(this.#state, { operation: 'setJson', key, encode: () => jsonOf(value), options });
  }

  /** @returns how many of them were there. */
  async delete(...keys: readonly string[]): Promise<number> {
    const count = await this.#countKeys('delete', keys);
    this.metrics.countDeleted(count);
    return count;
  }

  /** @returns how many of them are there; a key named twice counts twice. */
  exists(...keys: readonly string[]): Promise<number> {
    return this.#countKeys('exists', keys);
  }

  /** Lets a key live so many seconds from now; 0 or less removes it, `Infinity` ends its expiry. @returns whether that was done. */
  expire(key: string, seconds: number): Promise<boolean> {
    return this.#state.attempt({ operation: 'expire', key }, false, async (gate) => {
      const name = this.#state.namespace.nameOf(key);
      if (!isTtl(seconds) && !(typeof seconds === 'number' && seconds <= 0)) throw new CacheFault('bad-argument');
      const ms = Math.ceil(Math.max(0, seconds) * 1_000);
      const work = (link: Link): Promise<unknown> =>
        seconds === Number.POSITIVE_INFINITY ? link.call('PERSIST', [name]) : link.call('PEXPIRE', [name, ms]);
      return (await gate.run({ work, isLarge: this.#state.isLarge(key), whenLeftOut: 'send' })) === 1;
    });
  }

  /** Seconds that a key has left; -1 without expiry, -2 when it is not there or Redis does not answer. */
  ttl(key: string): Promise<number> {
    return this.#state.attempt({ operation: 'ttl', key }, ABSENT, async (gate) => {
      const name = this.#state.namespace.nameOf(key);
      return Number(await gate.run({ work: (link) => link.call('TTL', [name]), isLarge: this.#state.isLarge(key) }));
    });
  }

  /**
   * Removes the keys that a glob of Redis finds (`*`, `?`, `[ab]`, and `\` before one that is meant literally), of this prefix and
   * scope only. It looks at the whole database in small steps, so it may take longer than `timeoutMs`; when it ends early, there is
   * an event.
   * @returns how many there were.
   */
  invalidatePattern(glob: string): Promise<number> {
    return this.#removePattern('invalidatePattern', glob);
  }

  /** Removes `user:{userId}:*`, whether `keys` made the keys or the program itself. @returns how many there were. */
  async clearUserCache(userId: KeySegment): Promise<number> {
    const operation = 'clearUserCache';
    const globs = await this.#state.attempt({ operation, category: 'user' }, [], async () => globsOfUser(userId));
    let count = 0;
    for (const glob of globs) count += await this.#removePattern(operation, glob);
    return count;
  }

  /**
   * Takes the lock `lock:{resource}:{id}`, which has one holder at a time among all processes.
   * @returns `undefined` when another holds it, or Redis does not answer.
   */
  lock(resource: KeySegment, id?: KeySegment, options?: RedisLockOptions): Promise<RedisLock | undefined> {
    return takeLock(this.#state, resource, id, options);
  }

  async getStats(): Promise<RedisCacheStats> {
    const { hits, misses } = this.metrics;
    const server = await this.#state.attempt({ operation: 'getStats' }, undefined, serverState);
    return {
      enabled: this.enabled,
      connected: server !== undefined,
      totalRequests: hits + misses,
      cacheHits: hits,
      cacheMisses: misses,
      hitRate: this.metrics.hitRate(),
      connectionErrors: this.#state.connectionErrors,
      redisKeys: server?.keys ?? 0,
      redisMemory: server?.memory ?? 'unknown',
    };
  }

  /** Asks Redis for a sign of life. */
  async healthCheck(): Promise<RedisCacheHealth> {
    const { access, isEnabled: enabled, isClosed, refusal } = this.#state;
    const { hits, misses } = this.metrics;
    let fault: CacheFault | undefined;
    try {
      if (enabled) await access?.check();
    } catch (error) {
      fault = faultOf(error);
    }
    const why = { trouble: access?.trouble, hasAnswered: access?.gate.hasAnswered ?? false, refusal };
    const message = healthMessage({ enabled, isClosed, fault, ...why });
    return { enabled, connected: enabled && fault === undefined, hits, misses, message };
  }

  /** Ends a connection of its own; a shared one is left alone. Calls are misses from now on. A second call does nothing. */
  async close(): Promise<void> {
    await this.#state.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #countKeys(operation: 'delete' | 'exists', keys: readonly string[]): Promise<number> {
    const state = this.#state;
    const command = operation === 'delete' ? 'UNLINK' : 'EXISTS';
    const counts = [...Map.groupBy(keys, (key) => state.isLarge(key))].flatMap(([isLarge, some]) =>
      Array.from({ length: Math.ceil(some.length / CHUNK) }, async (_, index) => {
        const chunk = some.slice(index * CHUNK, (index + 1) * CHUNK);
        // What is no key is told, and keeps no other from being deleted.
        const named = chunk.map((key) =>
          state.attempt({ operation, key }, undefined, async () => state.namespace.nameOf(key)),
        );
        const names = (await Promise.all(named)).filter((name) => name !== undefined);
        if (names.length === 0) return 0;
        const subject =
          chunk.length === 1 ? { operation, key: chunk[0] } : { operation, category: categoryOf(chunk[0]) };
        return state.attempt(subject, 0, (gate) => countKeys(gate, command, names, isLarge));
      }),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async #removePattern(operation: RedisCacheOperation, glob: string): Promise<number> {
    const { namespace, policy } = this.#state;
    const subject = { operation, category: categoryOf(glob) };
    const isLarge = this.#state.isLarge(glob);
    const removed = await this.#state.attempt(subject, undefined, (gate) =>
      removePattern({ gate, namespace, glob, isLarge, timeoutMs: policy.patternTimeoutMs }),
    );
    if (removed?.fault !== undefined) this.#state.failed(subject, removed.fault);
    const count = removed?.count ?? 0;
    this.metrics.countDeleted(count);
    return count;
  }
}

/** @throws CacheFault for what is no id. */
function globsOfUser(userId: KeySegment): string[] {
  try {
    return [...new Set([keyPatterns.user(userId), ...writtenByHand(userId)])];
  } catch {
    throw new CacheFault('bad-argument');
  }
}
