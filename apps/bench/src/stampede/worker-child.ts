import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheEvent, SharedTier } from '@warmline/cache-core';
import { createCache } from '@warmline/cache-core';
import { connectRedis, RedisTier } from '@warmline/cache-redis';
import { LoopLag } from '../hot-path/event-loop.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import { openTier } from '../processes/open-tier.ts';
import { serve } from '../processes/serve.ts';
import type { OriginValue } from './origin-child.ts';

/** A part of a crowd: the callers of one process. */
export interface CrowdPart {
  readonly key: string;
  readonly callers: number;
  readonly startAtMs: number;
  /** 0: no lease, every process loads for itself. */
  readonly leaseMs: number;
  /** Sabotage: one caller is given what nobody has loaded. */
  readonly wrongValue: boolean;
}

/** What became of it. */
export interface CrowdPartAnswer {
  /** From each caller's call to his answer. */
  readonly waitsMs: readonly number[];
  /** What the callers were given: how often which of the origin's values. */
  readonly serials: ReadonlyMap<string, number>;
  readonly rejected: number;
  readonly lastAnswerMs: number;
  readonly lagMs: number;
  /** Calls of the host tier that took longer than its budget. */
  readonly tierTimeouts: number;
}

/** Where a process finds its tiers and its origin. */
export interface WorkerPlace {
  readonly directory: string;
  readonly origin: string;
  /** URL of the Redis behind the host tier. @default none */
  readonly redis?: string;
}

/** What a process with callers can be asked. */
export interface WorkerCalls {
  open(input: WorkerPlace): Promise<{ readonly directory: string }>;
  crowd(input: CrowdPart): Promise<CrowdPartAnswer>;
}

let tiers: readonly SharedTier[] = [];
let originUrl = '';

serve<WorkerCalls>({
  open: async ({ directory, origin, redis }) => {
    const host = openTier(directory);
    originUrl = origin;
    tiers = [host, ...(redis === undefined ? [] : [await clusterAt(redis)])];
    return { directory: host.directory };
  },
  crowd,
});

async function crowd(part: CrowdPart): Promise<CrowdPartAnswer> {
  let [rejected, lastAnswerMs, tierTimeouts] = [0, 0, 0];
  const [waitsMs, serials] = [[] as number[], new Map<string, number>()];
  const onEvent = ({ type }: CacheEvent): void => {
    if (type === 'tier-timeout') tierTimeouts++;
  };
  const cache = createCache<OriginValue>({ name: 'stampede', tiers, leaseMs: part.leaseMs, onEvent });
  const call = async (index: number): Promise<void> => {
    const startedMs = monotonicMs();
    try {
      const value = await cache.getOrLoad(part.key, () => load(part.key));
      lastAnswerMs = monotonicMs();
      waitsMs.push(lastAnswerMs - startedMs);
      const own = value?.key === part.key ? value.serial : 'foreign';
      const serial = part.wrongValue && index === 0 ? 'made up' : own;
      serials.set(serial, (serials.get(serial) ?? 0) + 1);
    } catch {
      rejected++;
    }
  };
  const lag = new LoopLag();
  await sleep(Math.max(0, part.startAtMs - monotonicMs()));
  await lag.during(() => Promise.all(Array.from({ length: part.callers }, (_, index) => call(index))));
  await cache.close();
  return { waitsMs, serials, rejected, lastAnswerMs, lagMs: lag.distribution().max, tierTimeouts };
}

async function clusterAt(url: string): Promise<SharedTier> {
  const connection = connectRedis({ url });
  await connection.tried;
  return new RedisTier(connection);
}

async function load(key: string): Promise<OriginValue> {
  const answer = await fetch(`${originUrl}/?key=${encodeURIComponent(key)}&pid=${process.pid}`);
  return (await answer.json()) as OriginValue;
}
