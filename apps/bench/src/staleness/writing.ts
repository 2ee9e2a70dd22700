import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from '@warmline/cache-core';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Versioned } from './reading.ts';
import type { Source } from './source.ts';
import { COMMON, cacheOf, keysOf, nameOf, tagOf } from './stage.ts';
import type { Kind, Strike } from './strike.ts';

/** How often each kind is chosen. */
const OWN: readonly Kind[] = ['delete', 'delete', 'set', 'set', 'set', 'tags', 'tags', 'clear'];
const SHARED: readonly Kind[] = ['delete', 'delete', 'delete', 'tags', 'tags', 'clear'];
const COMMON_SHARE = 0.35;

/** Changes the source and invalidates, one after another, until it is to rest. */
export class Writing {
  failed = 0;
  readonly #caches: readonly Cache<Versioned>[];
  readonly #source: Source;
  /** The cache that only this process writes to. */
  readonly #own: number;
  readonly #isOwing: () => boolean;
  #strikes: Strike[] = [];
  #running: Promise<void> | undefined;
  #resting = false;

  /** @param isOwing whether something is in the outbox of one of the caches. */
  constructor(caches: readonly Cache<Versioned>[], source: Source, own: number, isOwing: () => boolean) {
    this.#caches = caches;
    this.#source = source;
    this.#own = own;
    this.#isOwing = isOwing;
  }

  /** @param everyMs on average. */
  begin(everyMs: number): void {
    this.#resting = false;
    this.#running ??= this.#run(everyMs).finally(() => (this.#running = undefined));
  }

  /** Resolves when what is under way has ended. */
  async rest(): Promise<void> {
    this.#resting = true;
    await this.#running;
  }

  /** What was invalidated since the last time. */
  take(): readonly Strike[] {
    const strikes = this.#strikes;
    this.#strikes = [];
    return strikes;
  }

  /** Changes the source, then invalidates; @returns what others can be measured by from now on. */
  async strike(kind: Kind, first: number): Promise<Strike> {
    const keys = namedBy(kind, first);
    const version = await this.#source.change(keys);
    const calledMs = monotonicMs();
    const pending = await this.#invalidate(kind, first, version);
    return { kind, keys, version, calledMs, resolvedMs: monotonicMs(), pending };
  }

  async #run(everyMs: number): Promise<void> {
    while (!this.#resting) {
      const isCommon = Math.random() < COMMON_SHARE;
      const keys = keysOf(isCommon ? COMMON : this.#own);
      try {
        this.#strikes.push(await this.strike(oneOf(isCommon ? SHARED : OWN), oneOf(keys)));
      } catch {
        this.failed++;
      }
      await sleep(2 * Math.random() * everyMs);
    }
  }

  /** @returns whether it is pending. */
  async #invalidate(kind: Kind, key: number, version: number): Promise<boolean> {
    const cache = this.#caches[cacheOf(key)];
    if (cache === undefined) throw new Error(`no cache for key ${key}`);
    switch (kind) {
      case 'delete':
        return (await cache.delete(nameOf(key))).pending;
      case 'set':
        await cache.set(nameOf(key), { version });
        return this.#isOwing();
      case 'tags':
        return (await cache.invalidateTags(tagOf(nameOf(key)))).pending;
      case 'clear':
        return (await cache.clear()).pending;
    }
  }
}

function namedBy(kind: Kind, key: number): readonly number[] {
  const all = keysOf(cacheOf(key));
  if (kind === 'clear') return all;
  return kind === 'tags' ? all.filter((other) => tagOf(nameOf(other)) === tagOf(nameOf(key))) : [key];
}

function oneOf<T>(all: readonly T[]): T {
  const one = all[Math.floor(Math.random() * all.length)];
  if (one === undefined) throw new Error('nothing to choose from');
  return one;
}
