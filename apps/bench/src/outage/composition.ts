import type { Cache, CacheEvent, SharedTier } from '@warmline/cache-core';
import { Pump } from '@warmline/cache-core';
import { connectRedis, RedisTier, StreamBus } from '@warmline/cache-redis';
import { openTier } from '../processes/open-tier.ts';
import type { OutageSabotage } from './sabotage.ts';
import { createSabotaged, withoutHistory } from './sabotage.ts';
import type { Versioned } from './source.ts';
import { tagOfSlot } from './source.ts';

/** What a process under test is built of, below its process tier; the names are those of the metrics. */
export const COMPOSITIONS = ['cluster', 'host_cluster'] as const;
export type Composition = (typeof COMPOSITIONS)[number];

/** @see openCaches */
export interface CachesPlan {
  readonly composition: Composition;
  readonly url: string;
  /** Of the host tier, where there is one. */
  readonly directory: string;
  readonly sabotage: OutageSabotage | undefined;
}

/** The caches of a process, with their defaults. */
export interface Caches {
  /** What can become stale. */
  readonly config: Cache<Versioned>;
  /** What cannot. */
  readonly phrases: Cache<Versioned>;
  /** Invalidations that have not arrived everywhere. */
  readonly owed: () => number;
  /** Whether nothing vouches for the invalidations of other machines any more. */
  readonly isDeaf: () => boolean;
  readonly close: () => Promise<void>;
}

/** Connects, as a process does that starts: it waits for the first attempt, however that ends. */
export async function openCaches({ composition, url, directory, sabotage }: CachesPlan): Promise<Caches> {
  const connection = connectRedis({ url, onEvent: () => {} });
  await connection.tried;
  const redis = new RedisTier(connection);
  const cluster: SharedTier = sabotage === 'old-snapshot' ? withoutHistory(redis) : redis;
  const bus = new StreamBus(connection);
  const host = composition === 'host_cluster' ? openTier(directory) : undefined;
  const pump = host && sabotage !== 'no-bus' ? new Pump({ bus, target: host }) : undefined;
  const [owed, deaf] = [new Map<string, number>(), new Set<string>()];
  const open = (name: string, immutable: boolean): Cache<Versioned> =>
    createSabotaged<Versioned>(sabotage, {
      name,
      immutable,
      tiers: host === undefined ? [cluster] : [host, cluster],
      bus,
      tagsOf: (key) => (key.startsWith('slot ') ? [tagOfSlot(Number(key.slice('slot '.length)))] : []),
      onEvent: (event: CacheEvent) => {
        if (event.type === 'outbox') owed.set(`${name} ${event.to}`, event.pending);
        if (event.type === 'hearing') deaf[event.state === 'deaf' ? 'add' : 'delete'](name);
      },
    });
  const [config, phrases] = [open('config', false), open('phrases', true)];
  return {
    config,
    phrases,
    owed: () => [...owed.values()].reduce((total, pending) => total + pending, 0),
    isDeaf: () => deaf.has('config'),
    close: async () => {
      await Promise.all([config.close(), phrases.close()]);
      await pump?.close();
      await host?.close();
      await connection.close();
    },
  };
}
