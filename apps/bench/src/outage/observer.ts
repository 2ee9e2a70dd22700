import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterNode, RedisOptions } from 'ioredis';
import { Cluster, Redis } from 'ioredis';
import { monotonicMs } from '../processes/monotonic.ts';

/** Makes a client that has nothing of Warmline and answers for what it sees: it neither queues nor tries again. */
export type Connect = () => Redis | Cluster;

/** To connect, and for one command. */
const PATIENCE_MS = 400;
const IN_ALL_MS = 1_200;
const AGAIN_MS = 5;
const BACK_WITHIN_MS = 30_000;

/** One command on a connection of its own. @returns the answer, or the error's message. */
export async function ask(connect: Connect, command: string, ...args: readonly string[]): Promise<string> {
  let reason: unknown;
  const client = connect();
  client.on('error', (error: unknown) => (reason = error));
  const asked = client.connect().then(() => client.call(command, ...args));
  asked.catch(() => {});
  const { promise: late, reject } = Promise.withResolvers<never>();
  // A client of a cluster waits for its nodes for as long as it lives.
  const timer = setTimeout(() => reject(new Error(`timed out after ${IN_ALL_MS} ms`)), IN_ALL_MS);
  try {
    return String(await Promise.race([asked, late]));
  } catch (error) {
    const why = reason ?? error;
    return why instanceof Error ? why.message : String(why);
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
}

/** Tries by fresh clients until all keys that one writes are read. @returns when that was. @throws Error after half a minute. */
export async function untilBack(connect: Connect, keys: readonly string[]): Promise<number> {
  const fromMs = monotonicMs();
  while (monotonicMs() - fromMs < BACK_WITHIN_MS) {
    if (await keepsAll(connect, keys)) return monotonicMs();
    await sleep(AGAIN_MS);
  }
  throw new Error(`Redis is not back after ${BACK_WITHIN_MS} ms: ${await ask(connect, 'PING')}`);
}

async function keepsAll(connect: Connect, keys: readonly string[]): Promise<boolean> {
  for (const key of keys) {
    if ((await ask(connect, 'SET', key, key)) !== 'OK' || (await ask(connect, 'GET', key)) !== key) return false;
  }
  return true;
}

/** To one server, or to the master that sentinels name. */
export function plainRedis(target: RedisOptions): Connect {
  return () => new Redis({ ...target, ...plain() });
}

export function plainCluster(nodes: readonly ClusterNode[]): Connect {
  return () =>
    new Cluster([...nodes], {
      lazyConnect: true,
      clusterRetryStrategy: () => null,
      slotsRefreshTimeout: PATIENCE_MS,
      maxRedirections: 1,
      redisOptions: plain(),
    });
}

type Plain = RedisOptions & { readonly replyMapping: 'legacy' };

function plain(): Plain {
  return {
    lazyConnect: true,
    protocol: 2,
    replyMapping: 'legacy',
    // It answers while it is loading, too.
    enableReadyCheck: false,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
  };
}
