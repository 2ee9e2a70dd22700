import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Cache } from '@warmline/cache-core';
import { bytesCodec, createCache } from '@warmline/cache-core';
import type { RedisConnection } from '@warmline/cache-redis';
import { connectRedis, RedisTier, StreamBus } from '@warmline/cache-redis';
import { usedBytes } from '../hot-path/heap.ts';
import { serve } from '../processes/serve.ts';

/** Memory of a process after garbage has been collected, Buffers included; and all that the system has given it. */
export interface Memory {
  readonly usedBytes: number;
  readonly residentBytes: number;
}

/** What this process can be asked. */
export interface GrowthCalls {
  open(input: { readonly url: string; readonly leaks: boolean }): Promise<void>;
  /** Writes until the process tier is full. */
  fill(input: { readonly bytes: number }): Promise<void>;
  /** Values are brought by `set` and by loaders, in turn. @returns how many calls rejected */
  write(input: {
    readonly writes: number;
    readonly bytes: number;
  }): Promise<{ readonly failed: number; readonly tookMs: number }>;
  memory(input: object): Promise<Memory>;
  close(input: object): Promise<void>;
}

const ABREAST = 50;
/** Nearly all that the process tier has room for, by default. */
const FULL_BYTES = 60 * 2 ** 20;
const FILL_WRITES = 500;

// What starts processes of the bench gives them no options of Node.
setFlagsFromString('--expose-gc');
globalThis.gc ??= runInNewContext('gc') as NonNullable<typeof globalThis.gc>;

let opened:
  | { readonly connection: RedisConnection; readonly cache: Cache<Uint8Array>; readonly leaks: boolean }
  | undefined;
const kept: Uint8Array[] = [];
let serial = 0;

serve<GrowthCalls>({
  open: async ({ url, leaks }) => {
    const connection = connectRedis({ url, onEvent: () => {} });
    await connection.tried;
    const hears = Promise.withResolvers<void>();
    const cache = createCache<Uint8Array>({
      name: 'growth',
      codec: bytesCodec,
      tiers: [new RedisTier(connection)],
      bus: new StreamBus(connection),
      // What a process holds is dropped once more when it begins to hear of others.
      onEvent: ({ type }) => type === 'gap' && hears.resolve(),
    });
    opened = { connection, cache, leaks };
    await hears.promise;
  },
  fill: async ({ bytes }) => {
    while (current().cache.stats().bytes < FULL_BYTES) await write(FILL_WRITES, bytes);
  },
  write: async ({ writes, bytes }) => {
    const startedMs = performance.now();
    const failed = await write(writes, bytes);
    return { failed, tookMs: performance.now() - startedMs };
  },
  memory: async () => ({ usedBytes: await usedBytes(), residentBytes: process.memoryUsage.rss() }),
  close: async () => {
    await opened?.cache.close();
    await opened?.connection.close();
  },
});

async function write(writes: number, bytes: number): Promise<number> {
  const { cache, leaks } = current();
  let [next, failed] = [0, 0];
  const writeOn = async (): Promise<void> => {
    while (next < writes) {
      const key = `key ${serial++}`;
      const value = Buffer.alloc(bytes, next++);
      if (leaks) kept.push(value);
      const isWritten = next % 2 === 0 ? cache.set(key, value) : cache.getOrLoad(key, () => value);
      await isWritten.catch(() => failed++);
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, writeOn));
  return failed;
}

function current(): NonNullable<typeof opened> {
  if (opened === undefined) throw new Error('not opened');
  return opened;
}
