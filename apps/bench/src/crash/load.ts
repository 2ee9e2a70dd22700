import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache, CacheEvent, SharedTier } from '@warmline/cache-core';
import { bytesCodec, createCache } from '@warmline/cache-core';
import type { HostTier } from '@warmline/cache-lmdb';
import type { Counters } from './counters.ts';
import { keyOf, leaseOf, STAGE } from './stage.ts';
import type { StateFile } from './state-file.ts';
import { isWhole, newValue } from './values.ts';

/** What a read of a key found that nobody has read here before. */
export type Looked = 'missing' | 'whole' | 'corrupt';

/** @see Load */
export interface LoadOptions {
  readonly tier: HostTier;
  readonly place: number;
  readonly state: StateFile;
  readonly counters: Counters;
  readonly sabotage: string | undefined;
}

const LOOPS = 3;
const MAX_PAUSE_MS = 6;
const MAX_LOAD_MS = 20;
const MAX_HOLD_MS = 30;
const TAGS = 8;

/** The work of a process: reads, loads, writes and invalidations at random; every value that is found is verified. */
export class Load {
  readonly #options: LoadOptions;
  readonly #cache: Cache<Uint8Array>;
  #written = 0;
  #ended = false;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#cache = createCache<Uint8Array>({
      name: STAGE.cacheName,
      codec: bytesCodec,
      tiers: [watched(options.tier, options.state)],
      leaseMs: STAGE.leaseMs,
      maxBytes: STAGE.processBytes,
      tagsOf: (key) => (key.startsWith('key ') ? [`tag ${key.length % TAGS}`] : []),
      onEvent: (event) => this.#count(event),
    });
  }

  begin(): void {
    const loops = Array.from({ length: LOOPS }, () => this.#loop(() => this.#operate()));
    const { counters, sabotage } = this.#options;
    const hanging = sabotage === 'hang' ? counters.watch(() => new Promise<void>(() => {}), 'failed') : undefined;
    this.#loops = Promise.all([...loops, this.#loop(() => this.#holdLease()), Promise.resolve(hanging)]);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#loops;
    await this.#options.counters.watch(() => this.#cache.close(), 'failed');
  }

  async look(key: string): Promise<Looked> {
    const value = await this.#options.counters.watch(() => this.#cache.get(key), 'failed');
    if (value === undefined) return 'missing';
    return isWhole(key, value) ? 'whole' : 'corrupt';
  }

  async #loop(turn: () => Promise<void>): Promise<void> {
    while (!this.#ended) {
      await turn();
      await sleep(Math.random() * MAX_PAUSE_MS);
    }
  }

  async #operate(): Promise<void> {
    const { counters } = this.#options;
    const key = keyOf(whole(STAGE.keys));
    const dice = Math.random();
    if (dice < 0.35) await this.#getOrLoad(key);
    else if (dice < 0.55) this.#compare(key, await counters.watch(() => this.#cache.get(key), 'failed'));
    else if (dice < 0.65) await this.#getMany();
    else if (dice < 0.75) await this.#set(key);
    else if (dice < 0.95) await this.#writeOnce();
    else if (dice < 0.98) await counters.watch(() => this.#cache.delete(key), 'failed');
    else await counters.watch(() => this.#cache.invalidateTags(`tag ${whole(TAGS)}`), 'failed');
  }

  async #getOrLoad(key: string): Promise<void> {
    const { counters, state } = this.#options;
    let isOwn = false;
    const load = async (): Promise<Uint8Array> => {
      isOwn = true;
      counters.add('loads');
      state.set('loading', Number(key.split(' ')[1]));
      await sleep(Math.random() * MAX_LOAD_MS);
      const value = newValue(key);
      counters.add('bytesWritten', value.length);
      return value;
    };
    const value = await counters.watch(() => this.#cache.getOrLoad(key, load), 'failed');
    if (isOwn) state.set('loading', 0);
    else this.#compare(key, value);
  }

  async #getMany(): Promise<void> {
    const keys = Array.from({ length: 4 }, () => keyOf(whole(STAGE.keys)));
    const values = await this.#options.counters.watch(() => this.#cache.getMany(keys), 'failed');
    for (const [key, value] of values ?? []) this.#compare(key, value);
  }

  /** What is said once: without a bound the file would be full of it. */
  async #writeOnce(): Promise<void> {
    await this.#set(`once ${process.pid} ${this.#written++}`);
  }

  async #set(key: string): Promise<void> {
    const { counters } = this.#options;
    const value = newValue(key);
    counters.add('bytesWritten', value.length);
    await counters.watch(() => this.#cache.set(key, value), 'failed');
  }

  async #holdLease(): Promise<void> {
    const { counters, tier, place, state } = this.#options;
    const lease = await counters.watch(() => tier.leases.acquire(leaseOf(place), STAGE.leaseMs), 'refused');
    if (lease === undefined) return;
    state.set('lease', 1);
    await sleep(Math.random() * MAX_HOLD_MS);
    state.set('lease', 0);
    await counters.watch(() => lease.release(), 'failed');
  }

  #compare(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) return;
    const { counters, sabotage } = this.#options;
    counters.add('valuesCompared');
    const isFirst = counters.counts.valuesCompared === 1;
    const expected = sabotage === 'swap' && isFirst ? `${key}'s neighbour` : key;
    const found = sabotage === 'flip-byte' && isFirst ? flipped(value) : value;
    if (!isWhole(expected, found)) counters.add('corrupt');
  }

  #count(event: CacheEvent): void {
    const { counters } = this.#options;
    if (event.type === 'hit' && event.tier === 'host') counters.add('hostHits');
    else if (event.type === 'tier-error') counters.add('tierErrors');
    else if (event.type === 'tier-timeout') counters.add('tierTimeouts');
    else if (event.type === 'frame-fault' && event.fault !== 'expired' && event.fault !== 'stamps')
      counters.add('faults');
  }
}

/** Passes everything on, and notes while a write is under way. */
function watched(tier: HostTier, state: StateFile): SharedTier {
  const noted = async <T>(write: () => Promise<T>): Promise<T> => {
    state.add('writes', 1);
    try {
      return await write();
    } finally {
      state.add('writes', -1);
    }
  };
  return {
    name: tier.name,
    journal: tier.journal,
    origin: tier.origin,
    now: () => tier.now(),
    read: (entries) => tier.read(entries),
    begin: (entry, options) => noted(() => tier.begin(entry, options)),
    write: (entry, frame, options) => noted(() => tier.write(entry, frame, options)),
    invalidate: (invalidation) => noted(() => tier.invalidate(invalidation)),
    close: () => tier.close(),
  };
}

function flipped(value: Uint8Array): Uint8Array {
  const copy = value.slice();
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}

/** From 1 to `most`. */
function whole(most: number): number {
  return 1 + Math.floor(Math.random() * most);
}
