import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from '@warmline/cache-core';
import { LoopLag } from '../hot-path/event-loop.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Caches } from './composition.ts';
import type { Source, Versioned } from './source.ts';
import { keyOfSlot } from './source.ts';

/** How long a loader takes. */
export const LOADER_MS = 50;
/** Cold reads at the same time. */
export const ABREAST = 10;

/** @see Play */
export interface PlayPlan {
  /** Makes the cold keys new. */
  readonly name: string;
  readonly coldReads: number;
  /** Of each kind, mutable and immutable; at least. */
  readonly hotReads: number;
  /** Slots of keys that somebody changes meanwhile. */
  readonly watched: readonly number[];
  /** Goes on until it is told to stop. */
  readonly untilStopped: boolean;
  /** Sabotage: loaders fail now and then. */
  readonly fails: boolean;
}

/** What became of it. Times are milliseconds, from the call to the value. */
export interface Played {
  readonly coldMs: readonly number[];
  readonly hotMs: readonly number[];
  readonly hotImmutableMs: readonly number[];
  /** Reads of hot keys that can be stale, when nothing vouched for them any more: they are loaded, each. */
  readonly doubtedMs: readonly number[];
  /** Hot reads that had to load, because what was held had been dropped. */
  readonly hotLoads: number;
  /** Reads of all kinds, and those of them that rejected or had no value; and those that had another key's. */
  readonly reads: number;
  readonly failed: number;
  readonly wrong: number;
  /** Reads of watched keys: slot, version, begin and end of each, one behind another. */
  readonly watched: Float64Array;
  readonly lagMs: number;
}

/** A few, so that loading them all anew is not one read in a hundred. */
const HOT_KEYS = ['hot 0', 'hot 1', 'hot 2', 'hot 3'] as const;
const TICK_MS = 5;
const HOT_READS_A_TICK = 16;
const WATCHERS = 6;
const WATCH_EVERY_MS = 4;
const FAILS_EVERY = 25;

/** The reads of a process: cold keys, ten at a time; hot ones in between; and those that somebody is changing. */
export class Play {
  readonly #caches: Caches;
  readonly #source: Source;
  readonly #plan: PlayPlan;
  readonly #coldMs: number[] = [];
  readonly #hotMs: number[] = [];
  readonly #hotImmutableMs: number[] = [];
  readonly #doubtedMs: number[] = [];
  readonly #watched: number[] = [];
  readonly #counts = { reads: 0, failed: 0, wrong: 0, loads: 0, hotLoads: 0 };
  #stopped = false;

  constructor(caches: Caches, source: Source, plan: PlayPlan) {
    this.#caches = caches;
    this.#source = source;
    this.#plan = plan;
  }

  async run(): Promise<Played> {
    const { config, phrases } = this.#caches;
    // Hot is what the process holds.
    await Promise.all(HOT_KEYS.flatMap((key) => [this.#read(config, key), this.#read(phrases, key)]));
    const lag = new LoopLag();
    await lag.during(async () => {
      let isDone = false;
      const reads = Promise.all([this.#readCold(), this.#readHot()]).finally(() => (isDone = true));
      const watchers = Array.from({ length: WATCHERS }, (_, watcher) =>
        this.#watch(
          this.#plan.watched.filter((_slot, index) => index % WATCHERS === watcher),
          () => isDone,
        ),
      );
      await Promise.all([reads, ...watchers]);
    });
    return {
      coldMs: this.#coldMs,
      hotMs: this.#hotMs,
      hotImmutableMs: this.#hotImmutableMs,
      doubtedMs: this.#doubtedMs,
      ...this.#counts,
      watched: Float64Array.from(this.#watched),
      lagMs: lag.distribution().max,
    };
  }

  stop(): void {
    this.#stopped = true;
  }

  async #readCold(): Promise<void> {
    const { name, coldReads } = this.#plan;
    let next = 0;
    const readOn = async (): Promise<void> => {
      while (next < coldReads) this.#coldMs.push(await this.#read(this.#caches.config, `${name} ${next++}`));
    };
    await Promise.all(Array.from({ length: ABREAST }, readOn));
  }

  async #readHot(): Promise<void> {
    const { phrases } = this.#caches;
    const { hotReads, untilStopped } = this.#plan;
    const isEnough = (): boolean =>
      this.#hotImmutableMs.length >= hotReads && (this.#hotMs.length >= hotReads || this.#caches.isDeaf());
    while (!isEnough() || (untilStopped && !this.#stopped)) {
      for (let turn = 0; turn < HOT_READS_A_TICK; turn++) {
        const key = HOT_KEYS[turn % HOT_KEYS.length] ?? '';
        this.#hotImmutableMs.push(await this.#read(phrases, key));
        if (!this.#caches.isDeaf()) await this.#readMutable(key);
      }
      if (this.#caches.isDeaf()) this.#doubtedMs.push(await this.#read(this.#caches.config, HOT_KEYS[0]));
      await sleep(TICK_MS);
    }
  }

  /** The read that finds out that nothing vouches for what is held is one of those who are in doubt. */
  async #readMutable(key: string): Promise<void> {
    const { loads } = this.#counts;
    const tookMs = await this.#read(this.#caches.config, key, () => this.#counts.hotLoads++);
    const isDoubted = this.#caches.isDeaf() && this.#counts.loads > loads;
    (isDoubted ? this.#doubtedMs : this.#hotMs).push(tookMs);
  }

  async #watch(slots: readonly number[], isOver: () => boolean): Promise<void> {
    while (!isOver() && slots.length > 0) {
      for (const slot of slots) {
        const startedMs = monotonicMs();
        let version = 0;
        await this.#read(this.#caches.config, keyOfSlot(slot), undefined, slot, (value) => (version = value.version));
        this.#watched.push(slot, version, startedMs, monotonicMs());
      }
      await sleep(WATCH_EVERY_MS);
    }
  }

  /** @returns how long it took. */
  async #read(
    cache: Cache<Versioned>,
    key: string,
    onLoad?: () => void,
    slot?: number,
    onValue?: (value: Versioned) => void,
  ): Promise<number> {
    const counts = this.#counts;
    const load = async (): Promise<Versioned> => {
      const serial = ++counts.loads;
      onLoad?.();
      // First of all, so that whatever changes while it runs makes its value an old one.
      const version = slot === undefined ? 1 : this.#source.versionOf(slot);
      await sleep(LOADER_MS);
      if (this.#plan.fails && serial % FAILS_EVERY === 0) throw new Error('sabotaged');
      return { key, version };
    };
    counts.reads++;
    const startedMs = performance.now();
    try {
      const value = await cache.getOrLoad(key, load);
      const tookMs = performance.now() - startedMs;
      if (value === undefined) counts.failed++;
      else if (value.key !== key) counts.wrong++;
      else onValue?.(value);
      return tookMs;
    } catch {
      counts.failed++;
      return performance.now() - startedMs;
    }
  }
}
