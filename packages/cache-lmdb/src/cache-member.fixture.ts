import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Cache, CacheOptions, Invalidation, Journal, SharedTier } from '@warmline/cache-core';
import { createCache } from '@warmline/cache-core';
import { createCacheWithout } from '@warmline/cache-core/testing';
import type { Defence } from '@warmline/cache-core/testing';
import { hostNow } from './clock.ts';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier } from './host-tier.ts';
import { serve } from './machine.fixture.ts';

/** What is left out on purpose. `hearing`: the process never asks the machine's journal. */
export type Sabotage = Defence | 'hearing' | undefined;

/** What one process did and saw in a round of {@link play}. */
export interface Played {
  /** When each version of the own key held everywhere: at index n when the invalidation of version n - 1 had resolved. */
  readonly resolvedMs: readonly number[];
  /** By key and version: when the last read that was served this version started. */
  readonly lastSeenMs: readonly (readonly number[])[];
  readonly reads: number;
  readonly loads: number;
  readonly pending: number;
}

let tier: HostTier | undefined;

function isDeaf(inner: HostTier): SharedTier {
  const journal: Journal = { sequence: () => 0, since: (): readonly Invalidation[] => [] };
  return new Proxy<SharedTier>(inner, {
    get(target, member) {
      if (member === 'journal') return journal;
      const own: unknown = Reflect.get(target, member, target);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

function cacheOf(sabotage: Sabotage, host: HostTier): Cache<number> {
  const options: CacheOptions<number> = {
    name: 'n',
    tiers: [sabotage === 'hearing' ? isDeaf(host) : host],
    ttl: 600_000,
    tierBudgetMs: 1000,
    tagsOf: (key) => [`tag of ${key}`],
  };
  return sabotage === undefined || sabotage === 'hearing'
    ? createCache(options)
    : createCacheWithout(sabotage, options);
}

/** The source of truth: one file per key, holding its version. */
function source(
  directory: string,
  keys: number,
): { read(key: number): number; write(key: number, version: number): void } {
  const files = Array.from({ length: keys }, (_, key) => openSync(join(directory, `source-${key}`), 'a+'));
  const paths = Array.from({ length: keys }, (_, key) => openSync(join(directory, `source-${key}`), 'r+'));
  for (const file of files) closeSync(file);
  const bytes = new Float64Array(1);
  return {
    read(key) {
      const read = readSync(paths[key] ?? -1, bytes, 0, 8, 0);
      return read === 8 ? (bytes[0] ?? 0) : 0;
    },
    write(key, version) {
      bytes[0] = version;
      writeSync(paths[key] ?? -1, bytes, 0, 8, 0);
    },
  };
}

/** Changes its own key in the source again and again, tells so in every way there is, and reads all keys meanwhile. */
async function play(
  directory: string,
  own: number,
  keys: number,
  { trials, sabotage }: { trials: number; sabotage?: Sabotage },
): Promise<Played> {
  const host = (tier ??= openHostTier({ directory }));
  if (host === undefined) throw new Error('no host tier');
  const cache = cacheOf(sabotage, host);
  const truth = source(directory, keys);
  const lastSeenMs = Array.from({ length: keys }, (): number[] => []);
  const resolvedMs: number[] = [0];
  const reads: Promise<void>[] = [];
  let count = 0;
  let loads = 0;
  let pending = 0;
  let playing = true;
  const load = async (key: number): Promise<number> => {
    loads++;
    const version = truth.read(key);
    // Between the read of the source and the end of the load others invalidate.
    await sleep((count * 7) % 4);
    return version;
  };
  const saw = (key: number, startedMs: number, version: number | undefined): void => {
    count++;
    const seen = lastSeenMs[key];
    if (version !== undefined && seen !== undefined) seen[version] = Math.max(seen[version] ?? 0, startedMs);
  };
  const readOnce = async (key: number): Promise<void> => {
    const name = String(key);
    const startedMs = hostNow();
    saw(key, startedMs, cache.peek(name));
    if (count % 3 === 0) saw(key, startedMs, await cache.get(name));
    else saw(key, startedMs, await cache.getOrLoad(name, () => load(key)));
  };
  const reading = (async (): Promise<void> => {
    while (playing) {
      for (let key = 0; key < keys; key++) {
        // Some overlap, as the lookups of a call do.
        const read = readOnce(key);
        if (count % 5 === 0) reads.push(read);
        else await read;
      }
      await turn();
    }
    await Promise.all(reads);
  })();
  const name = String(own);
  for (let version = 1; version <= trials; version++) {
    truth.write(own, version);
    const ways = [
      () => cache.delete(name),
      () => cache.set(name, version).then(() => ({ pending: false })),
      () => cache.invalidateTags(`tag of ${name}`),
      () => cache.clear(),
    ];
    const way = ways[(version + own) % ways.length];
    const done = (await way?.()) ?? { pending: true };
    if (done.pending) pending++;
    resolvedMs[version] = done.pending ? Number.POSITIVE_INFINITY : hostNow();
    await sleep(2 + ((version * 5) % 9));
  }
  await sleep(50);
  playing = false;
  await reading;
  await cache.close();
  return { resolvedMs, lastSeenMs, reads: count, loads, pending };
}

/** Only reads, and writes nothing that would renew its view of the file, until {@link isWatched} is false. */
async function watch(directory: string, keys: number): Promise<Played> {
  const host = (tier ??= openHostTier({ directory }));
  if (host === undefined) throw new Error('no host tier');
  const cache = cacheOf(undefined, host);
  const lastSeenMs = Array.from({ length: keys }, (): number[] => []);
  let reads = 0;
  isWatched = true;
  while (isWatched) {
    for (const [key, seen] of lastSeenMs.entries()) {
      const startedMs = hostNow();
      for (const version of [cache.peek(String(key)), await cache.get(String(key))]) {
        reads++;
        if (version !== undefined) seen[version] = Math.max(seen[version] ?? 0, startedMs);
      }
    }
    await turn();
  }
  await cache.close();
  return { resolvedMs: [], lastSeenMs, reads, loads: 0, pending: 0 };
}

let isWatched = false;

serve({
  play,
  watch,
  stop: () => {
    isWatched = false;
  },
  open: (directory: string, journalCapacity: number) => {
    tier ??= openHostTier({ directory, journalCapacity });
    return tier !== undefined;
  },
  invalidate: (invalidation: Invalidation) => tier?.invalidate(invalidation),
});
