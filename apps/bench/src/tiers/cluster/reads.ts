import { createCache, bytesCodec, createKeyspace } from '@warmline/cache-core';
import { connectRedis, RedisTier } from '@warmline/cache-redis';
import { RedisServer } from '@warmline/cache-redis/testing';
import type { Family } from '../../processes/family.ts';
import type { Progress } from '../../progress.ts';
import type { Size } from '../stock.ts';
import { contentOf, SIZES } from '../stock.ts';
import type { ClusterReadsCalls, ClusterWayResult } from './reads-child.ts';
import type { ClusterWayName } from './ways.ts';

/** All ways to values of one size in Redis. */
export interface ClusterSizeResult {
  readonly size: Size;
  readonly ways: readonly ClusterWayResult[];
  /** What Redis stores beyond the payload, in bytes: without tags, and with three. */
  readonly overheadBytes: number;
  readonly overheadOfThreeTagsBytes: number;
}

/** What was measured of the cluster tier. */
export interface ClusterReads {
  readonly sizes: readonly ClusterSizeResult[];
  /** Program and version. */
  readonly server: string;
  readonly pid: number;
}

/** @see measureClusterReads */
export interface ClusterReadsOptions {
  readonly rounds: number;
  readonly family: Family;
  readonly progress: Progress;
}

/** Against a server of its own on loopback, in a process of its own. */
export async function measureClusterReads({ rounds, family, progress }: ClusterReadsOptions): Promise<ClusterReads> {
  await using server = await RedisServer.start();
  const sizes: ClusterSizeResult[] = [];
  for (const size of SIZES) {
    progress.update(`tiers · reading ${size.name} from Redis`);
    const from = { from: import.meta.url, file: 'reads-child' };
    const child = await family.start<ClusterReadsCalls>(`reader ${size.name} of Redis`, from);
    const ways = await child.ask('read', { url: server.url, size, rounds });
    await child.close();
    const [overheadBytes, overheadOfThreeTagsBytes] = [
      await overheadOf(server, size.bytes, []),
      await overheadOf(server, size.bytes, ['a', 'b', 'c']),
    ];
    sizes.push({ size, ways, overheadBytes, overheadOfThreeTagsBytes });
  }
  return { sizes, server: `${server.kind} ${server.version}`, pid: server.pid };
}

/** By the server's own account of the value's length. */
async function overheadOf(server: RedisServer, bytes: number, tags: readonly string[]): Promise<number> {
  const connection = connectRedis({ url: server.url });
  await connection.tried;
  const name = `overhead${tags.length}`;
  const cache = createCache<Uint8Array>({ name, tiers: [new RedisTier(connection)], codec: bytesCodec });
  await cache.set('k', contentOf('k', bytes), { tags });
  await cache.close();
  await connection.close();
  const stored = await server.command('STRLEN', `${createKeyspace({ name }).keyOf('k')}:v`);
  return Number(stored) - bytes;
}

/** @throws Error when it was not measured */
export function clusterWayOf({ sizes }: ClusterReads, size: Size['name'], way: ClusterWayName): ClusterWayResult {
  const found = sizes.find((each) => each.size.name === size)?.ways.find(({ name }) => name === way);
  if (found === undefined) throw new Error(`not measured: ${way}, ${size}`);
  return found;
}
