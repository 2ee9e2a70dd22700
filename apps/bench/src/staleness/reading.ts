import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from '@warmline/cache-core';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Source } from './source.ts';
import { cacheOf, KEYS, nameOf } from './stage.ts';

/** What all caches hold; versions only grow. */
export interface Versioned {
  readonly version: number;
}

const EVERY_MS = 1;
/** Of one key: a read that has begun before an invalidation must not be in the way of one that comes after it. */
const MAX_A_KEY = 2;
/** While so many reads wait for an answer no others begin: where nothing may be served from a tier the source is asked by all. */
const MAX_WAITING = 4;
/** Most reads are `getOrLoad`; of so many one is a `get`, and one a `peek`. */
const OTHER_KINDS = 8;

/** Reads every key about every millisecond, as far as answers come, and notes what was served. */
export class Reading {
  failed = 0;
  readonly #caches: readonly Cache<Versioned>[];
  readonly #source: Source;
  readonly #underWay: number[] = KEYS.map(() => 0);
  #waiting = 0;
  #count = 0;
  /** Key, version and begin of each read that was served something, one behind another. */
  #reads: number[] = [];

  constructor(caches: readonly Cache<Versioned>[], source: Source) {
    this.#caches = caches;
    this.#source = source;
  }

  /** Goes on until the process ends. */
  async run(): Promise<never> {
    for (;;) {
      const isBusy = this.#waiting >= MAX_WAITING;
      for (const key of KEYS) if (!isBusy && (this.#underWay[key] ?? 0) < MAX_A_KEY) void this.#read(key);
      await sleep(EVERY_MS);
    }
  }

  /** What was served since the last time. */
  take(): Float64Array {
    const reads = Float64Array.from(this.#reads);
    this.#reads = [];
    return reads;
  }

  async #read(key: number): Promise<void> {
    const cache = this.#caches[cacheOf(key)];
    if (cache === undefined) throw new Error(`no cache for key ${key}`);
    const kind = this.#count++ % OTHER_KINDS;
    this.#begin(key, 1);
    const startedMs = monotonicMs();
    try {
      const name = nameOf(key);
      const found =
        kind === 0
          ? cache.peek(name)
          : await (kind === 1 ? cache.get(name) : cache.getOrLoad(name, () => this.#load(key)));
      if (found !== undefined) this.#reads.push(key, found.version, startedMs);
    } catch {
      this.failed++;
    } finally {
      this.#begin(key, -1);
    }
  }

  async #load(key: number): Promise<Versioned> {
    return { version: await this.#source.version(key) };
  }

  #begin(key: number, by: 1 | -1): void {
    this.#underWay[key] = (this.#underWay[key] ?? 0) + by;
    this.#waiting += by;
  }
}
