import { FaultProxy, RedisCluster, RedisSentinels, RedisServer } from '@warmline/cache-redis/testing';
import type { Connect } from './observer.ts';
import { plainCluster, plainRedis } from './observer.ts';

/** A partition of a cluster that the server which is killed is the master of. */
const CLUSTER_SLOT = 0;
/** By which a cluster shows that all of it is back. */
const CLUSTER_KEYS = 32;
const HOST = '127.0.0.1';

/** What a stage is made of. */
interface Parts {
  /** How the processes under test reach Redis, and how a plain client does on the same way. */
  readonly url: string;
  readonly connect: Connect;
  /** How another machine does, which has its own network. */
  readonly directUrl: string;
  readonly connectDirectly: Connect;
  /** The server that something is done to. */
  readonly server: RedisServer;
  /** Written and read to see that everything is back. */
  readonly keys?: readonly string[];
  /** Between the processes under test and the server. */
  readonly proxy?: FaultProxy;
  /** A server that the other one can be made to follow. */
  readonly other?: RedisServer;
  readonly cluster?: RedisCluster;
  readonly sentinels?: RedisSentinels;
}

/** A Redis of one state's own, and the ways to it. */
export class Stage implements AsyncDisposable {
  readonly parts: Parts;
  snapshot: string | undefined;
  /** Something that is done again and again. */
  repeated: NodeJS.Timeout | undefined;

  private constructor(parts: Parts) {
    this.parts = parts;
  }

  static async direct(): Promise<Stage> {
    return new Stage(directTo(await RedisServer.start()));
  }

  static async proxied(): Promise<Stage> {
    const server = await RedisServer.start();
    const proxy = await FaultProxy.start({ port: server.port });
    const connect = plainRedis({ host: HOST, port: proxy.port });
    return new Stage({ ...directTo(server), proxy, url: proxy.url, connect });
  }

  static async withOther(): Promise<Stage> {
    const [server, other] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    return new Stage({ ...directTo(server), other });
  }

  static async cluster(): Promise<Stage> {
    const cluster = await RedisCluster.start();
    const { url, nodes } = cluster;
    const connect = plainCluster(nodes.map(({ port }) => ({ host: HOST, port })));
    const keys = Array.from({ length: CLUSTER_KEYS }, (_, index) => `bench:back:${index}`);
    const server = await cluster.masterOf(CLUSTER_SLOT);
    return new Stage({ url, directUrl: url, connect, connectDirectly: connect, server, keys, cluster });
  }

  static async sentinels(): Promise<Stage> {
    const group = await RedisSentinels.start();
    const { url, masterName, sentinels } = group;
    const connect = plainRedis({ sentinels: sentinels.map(({ port }) => ({ host: HOST, port })), name: masterName });
    const server = await group.master();
    return new Stage({ url, directUrl: url, connect, connectDirectly: connect, server, sentinels: group });
  }

  get keys(): readonly string[] {
    return this.parts.keys ?? ['bench:back'];
  }

  /** What holds the data now: after a fail-over, another server. */
  async master(): Promise<RedisServer> {
    const { cluster, sentinels, server } = this.parts;
    return (await cluster?.masterOf(CLUSTER_SLOT)) ?? (await sentinels?.master()) ?? server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.repeated);
    const { server, proxy, other, cluster, sentinels } = this.parts;
    server.resume();
    for (const part of [proxy, other, cluster, sentinels, server]) await part?.[Symbol.asyncDispose]();
  }
}

function directTo(server: RedisServer): Parts {
  const connect = plainRedis({ host: HOST, port: server.port });
  return { url: server.url, connect, directUrl: server.url, connectDirectly: connect, server };
}
