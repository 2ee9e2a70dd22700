import { createHash } from 'node:crypto';
import { bytesCodec, createCache, createKeyspace } from '@warmline/cache-core';
import type { EntryRef } from '@warmline/cache-core';
import type { HostTier } from '@warmline/cache-lmdb';
import type { RawFile } from '../processes/raw-file.ts';

/** Values of one size. */
export interface Size {
  readonly name: '5kb' | '150kb';
  readonly bytes: number;
  readonly keys: number;
  /** How often a sample reads all keys. */
  readonly passes: number;
}

/** What a profile and what three seconds of speech take. */
export const SIZES: readonly Size[] = [
  { name: '5kb', bytes: 5 * 1024, keys: 400, passes: 20 },
  { name: '150kb', bytes: 150 * 1024, keys: 32, passes: 25 },
];

export const CACHE_NAME = 'tiers';
const keyspace = createKeyspace({ name: CACHE_NAME });

export function keysOf({ name, keys }: Size): string[] {
  return Array.from({ length: keys }, (_, index) => `${name} ${index}`);
}

export function refOf(key: string): EntryRef {
  return keyspace.refOf(key);
}

/** Bytes that belong to one key and no other, and do not compress. */
export function contentOf(key: string, bytes: number): Buffer {
  const block = createHash('sha512').update(key).digest();
  return Buffer.alloc(bytes, Buffer.concat([block, createHash('sha512').update(block).digest()]));
}

/** Fills the tier through a cache, and the raw file with the very same frames. */
export async function fill(tier: HostTier, raw: RawFile): Promise<void> {
  const cache = createCache<Uint8Array>({ name: CACHE_NAME, tiers: [tier], codec: bytesCodec });
  for (const size of SIZES) {
    for (const key of keysOf(size)) {
      await cache.set(key, contentOf(key, size.bytes));
      await raw.put(refOf(key).key, await frameOf(tier, key));
    }
  }
  await cache.close();
}

/** @throws Error when it is not there */
export async function frameOf(tier: HostTier, key: string): Promise<Uint8Array> {
  const [stored] = await tier.read([refOf(key)]);
  if (stored?.bytes === undefined) throw new Error(`the host tier has no '${key}'`);
  return stored.bytes;
}
