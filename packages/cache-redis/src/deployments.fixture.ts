import { randomUUID } from 'node:crypto';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import type { RedisClient } from './client.ts';
import type { ConnectOptions, RedisConnection } from './connection.ts';
import { connectRedis } from './connection.ts';
import { RedisCluster, RedisSentinels, RedisServer } from './testing/index.ts';

/** A Redis of one kind, and how its users reach it. */
export interface Deployment extends AsyncDisposable {
  /** Connected when it resolves. */
  connect(options?: ConnectOptions): Promise<RedisConnection>;
  /** The server that holds a key; `undefined` where that is not ours to trouble. */
  serverOf(key: string): Promise<RedisServer | undefined>;
}

const ownUrl = process.env['REDIS_URL'];

/** Every kind that the package promises to work on; and what is at `REDIS_URL`, if that is set. */
export const DEPLOYMENTS: Readonly<Record<string, () => Promise<Deployment>>> = {
  ...(ownUrl !== undefined && { REDIS_URL: async () => ofUrl(ownUrl) }),
  'one server': async () => ofServer(await RedisServer.start()),
  'one server, ioredis 5': async () => {
    const server = await RedisServer.start();
    return ofServer(server, () => ({ client: client5(new Redis5(server.url, { lazyConnect: true })) }));
  },
  'one server, Unix socket and password': async () => {
    const server = await RedisServer.start({ password: 'p@ss:w/rd' });
    const url = `unix://:${encodeURIComponent('p@ss:w/rd')}@${server.unixSocketPath}`;
    return ofServer(server, () => ({ url }));
  },
  Valkey: async () => ofServer(await RedisServer.start({ kind: 'valkey' })),
  'Cluster 3+3': async () => ofCluster(await RedisCluster.start(), ({ url }) => ({ url })),
  'Cluster 3+3, ioredis 5': async () =>
    ofCluster(await RedisCluster.start(), ({ nodes }) => {
      const ports = nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
      return { client: client5(new Cluster5(ports, { lazyConnect: true })) };
    }),
  Sentinel: async () => {
    const sentinels = await RedisSentinels.start();
    return {
      connect: (options) => connected({ url: sentinels.url, ...options }),
      serverOf: () => sentinels.master(),
      [Symbol.asyncDispose]: () => sentinels[Symbol.asyncDispose](),
    };
  },
};

/** A prefix that nobody else has. */
export function ownPrefix(): string {
  return `t${randomUUID().slice(0, 8)}`;
}

/** Connects, and waits until there is a connection. */
async function connected(options: ConnectOptions): Promise<RedisConnection> {
  // Beside other tests it may take long.
  const connection = connectRedis({ onEvent: () => {}, connectTimeoutMs: 5_000, ...options });
  await connection.tried;
  if (!connection.isConnected) throw new Error('not connected');
  return connection;
}

function ofUrl(url: string): Deployment {
  return {
    connect: (more) => connected({ url, ...more }),
    serverOf: async () => undefined,
    [Symbol.asyncDispose]: async () => {},
  };
}

function ofServer(server: RedisServer, options: () => ConnectOptions = () => ({ url: server.url })): Deployment {
  return {
    connect: (more) => connected({ ...options(), ...more }),
    serverOf: async () => server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function ofCluster(cluster: RedisCluster, options: (cluster: RedisCluster) => ConnectOptions): Deployment {
  return {
    connect: (more) => connected({ ...options(cluster), ...more }),
    serverOf: (key) => cluster.masterOf(key),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** The same at run time, as far as this package uses it; by their types they are strangers. */
function client5(client: Redis5 | Cluster5): RedisClient {
  return client as unknown as RedisClient;
}
