import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { RedisError } from './errors.ts';
import { parseRedisUrl } from './redis-url.ts';

/** A client of ioredis, of version 5 or 6. */
export type RedisClient = Redis | Cluster;

/** Where Redis is, and how long it is waited for. */
export interface RedisConnectionOptions {
  /**
   * `redis://`, `rediss://` (TLS), `unix:///path`, `redis-cluster://host,host`, `redis-sentinel://host,host/master`, with
   * `user:password@`. @default 'redis://127.0.0.1:6379'
   */
  readonly url?: string;
  /**
   * A client whose settings are taken over (TLS, credentials, Sentinel, Cluster, name mapping). It is not used itself:
   * connections of a cache must fail fast, and yours need not.
   */
  readonly client?: RedisClient;
  /** More options of ioredis for every connection, for example `tls`. What makes it fail fast cannot be overridden. */
  readonly redisOptions?: RedisOptions;
  /** From the start of an attempt until the server has answered. @default 500 */
  readonly connectTimeoutMs?: number;
  /** A connection that owes an answer and is silent for so long is given up. @default 1000 */
  readonly socketTimeoutMs?: number;
}

/** Durations of {@link RedisConnectionOptions} with their defaults. */
export interface Timeouts {
  readonly connectTimeoutMs: number;
  /** `Infinity`: none. Its timer keeps the process alive while an answer is awaited, whoever awaits it. */
  readonly socketTimeoutMs: number;
}

type Settings = RedisOptions & { readonly replyMapping: 'legacy' };

/**
 * Fail fast: no offline queue, no retries, and reconnecting is done by `Link`, whose timers keep no process alive. RESP2, whose
 * answers are the same in ioredis 5 and 6. (Measured: with the defaults of ioredis a hung server costs each call 0.7 s.)
 */
function failFast({ connectTimeoutMs, socketTimeoutMs }: Timeouts): Settings {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    sentinelReconnectStrategy: () => null,
    connectTimeout: connectTimeoutMs,
    // Else a timer of two seconds, which keeps the process alive, for each client that is given up.
    disconnectTimeout: 0,
    // Of several sentinels one or two may hang.
    sentinelCommandTimeout: Math.ceil(connectTimeoutMs / 3),
    ...(socketTimeoutMs < Number.POSITIVE_INFINITY && { socketTimeout: socketTimeoutMs }),
    maxLoadingRetryTime: 100,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: true,
    enableAutoPipelining: false,
    keepAlive: 30_000,
    keyPrefix: '',
    protocol: 2,
    replyMapping: 'legacy',
    stringNumbers: false,
    connectionName: 'warmline',
  };
}

/** Makes clients that do not connect before they are told to; rejects with `ERR_REDIS_NO_CLIENT` when ioredis is not installed. */
export type ClientFactory = (timeouts: Timeouts) => Promise<RedisClient>;

/** @throws TypeError for a URL that cannot be right. */
export function clientFactory(options: RedisConnectionOptions): ClientFactory {
  const { client, redisOptions = {} } = options;
  if (client !== undefined) {
    return async (timeouts) => duplicate(client, { ...redisOptions, ...failFast(timeouts) }, timeouts);
  }
  const target = parseRedisUrl(options.url ?? 'redis://127.0.0.1:6379');
  return async (timeouts) => {
    // `rediss://` asks for TLS; which certificates are trusted is said beside it.
    const tls = target.options.tls && { tls: { ...target.options.tls, ...redisOptions.tls } };
    const settings: Settings = { ...target.options, ...redisOptions, ...tls, ...failFast(timeouts) };
    // Some 75 ms, which only those who use Redis are to pay for.
    const { Redis, Cluster } = await importClient();
    return target.kind === 'server'
      ? new Redis(settings)
      : new Cluster([...target.nodes], clusterOptions(settings, timeouts));
  };
}

async function importClient(): Promise<{ Redis: typeof Redis; Cluster: typeof Cluster }> {
  try {
    return await import('ioredis');
  } catch (cause) {
    throw new RedisError('ERR_REDIS_NO_CLIENT', "Redis needs the package 'ioredis': npm install ioredis", { cause });
  }
}

function duplicate(client: RedisClient, settings: Settings, timeouts: Timeouts): RedisClient {
  if (!isCluster(client)) return client.duplicate(settings);
  return client.duplicate([], clusterOptions({ ...client.options.redisOptions, ...settings }, timeouts));
}

type SettingsOfCluster = NonNullable<ConstructorParameters<typeof Cluster>[1]>;

/** Redirections are followed twice; whatever else goes wrong is the caller's miss, and the next call's luck. */
function clusterOptions(settings: Settings, { connectTimeoutMs, socketTimeoutMs }: Timeouts): SettingsOfCluster {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRedirections: 2,
    retryDelayOnFailover: 20,
    retryDelayOnClusterDown: 20,
    retryDelayOnTryAgain: 20,
    slotsRefreshTimeout: Math.ceil(connectTimeoutMs / 2),
    clusterRetryStrategy: () => null,
    scaleReads: 'master',
    keyPrefix: '',
    enableAutoPipelining: false,
    // A node of a cluster queues commands until it is connected.
    redisOptions: {
      ...settings,
      ...(socketTimeoutMs < Number.POSITIVE_INFINITY && { commandTimeout: connectTimeoutMs + socketTimeoutMs }),
    },
  };
}

/** Whether a client is one of a cluster; of whatever version of ioredis it is. */
export function isCluster(client: RedisClient): client is Cluster {
  return 'isCluster' in client && client.isCluster;
}

/**
 * Ends a client at once. `disconnect` alone says goodbye and waits two seconds for a server that hangs to answer; until then
 * what is under way waits as well, and timers of ioredis keep the process alive.
 */
export function discard(client: RedisClient): void {
  const nodes = isCluster(client) ? client.nodes() : [client];
  client.disconnect();
  for (const { stream } of nodes) (stream as { destroy?(): void } | undefined)?.destroy?.();
}
