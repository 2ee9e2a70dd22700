import { bytesCodec, createCache } from '@warmline/cache-core';
import type { Cache } from '@warmline/cache-core';
import { decodeFrame } from '@warmline/cache-core/testing';
import type { HostTier } from '@warmline/cache-lmdb';
import type { RawFile } from '../processes/raw-file.ts';
import { CACHE_NAME, refOf } from './stock.ts';

export const WAY_NAMES = [
  'raw_get_binary',
  'raw_get_binary_renewed',
  'tier_read',
  'tier_read_decoded',
  'cache_get',
] as const;

/** A way to a value in the file. Names are those of the metrics. */
export type WayName = (typeof WAY_NAMES)[number];

/** Reads all keys, one after another. Each way has a loop of its own: a shared one would be compiled for all of them. */
export interface Way {
  readonly name: WayName;
  /** Not timed. */
  readonly prepare: () => Promise<void>;
  /** @returns the sum of the values' last bytes; `NaN` when one was not found. */
  readonly pass: () => Promise<number> | number;
  /** One value, to be compared. */
  readonly one: (key: string) => Promise<Uint8Array | undefined>;
}

const nothing = async (): Promise<void> => {};

export function waysTo(keys: readonly string[], tier: HostTier, raw: RawFile): Way[] {
  const refs = keys.map(refOf);
  const payloadOf = (frame: Uint8Array | undefined, key: string): Uint8Array | undefined => {
    if (frame === undefined) return undefined;
    const decoded = decodeFrame(refOf(key), bytesCodec.id, frame);
    return typeof decoded === 'string' ? undefined : decoded.payload;
  };
  const rawOne = async (key: string): Promise<Uint8Array | undefined> => payloadOf(raw.getBinary(refOf(key).key), key);
  const tierOne = async (key: string): Promise<Uint8Array | undefined> =>
    payloadOf((await tier.read([refOf(key)]))[0]?.bytes, key);
  let cache: Cache<Uint8Array> | undefined;
  const renewCache = async (): Promise<void> => {
    await cache?.close();
    cache = createCache<Uint8Array>({ name: CACHE_NAME, tiers: [tier], codec: bytesCodec });
  };
  return [
    {
      name: 'raw_get_binary',
      prepare: nothing,
      pass: () => {
        let sum = 0;
        for (const { key } of refs) sum += raw.getBinary(key)?.at(-1) ?? Number.NaN;
        return sum;
      },
      one: rawOne,
    },
    {
      name: 'raw_get_binary_renewed',
      prepare: nothing,
      pass: () => {
        let sum = 0;
        for (const { key } of refs) {
          raw.resetReadTxn();
          sum += raw.getBinary(key)?.at(-1) ?? Number.NaN;
        }
        return sum;
      },
      one: rawOne,
    },
    {
      name: 'tier_read',
      prepare: nothing,
      pass: async () => {
        let sum = 0;
        for (const ref of refs) sum += (await tier.read([ref]))[0]?.bytes?.at(-1) ?? Number.NaN;
        return sum;
      },
      one: tierOne,
    },
    {
      name: 'tier_read_decoded',
      prepare: nothing,
      pass: async () => {
        let sum = 0;
        for (const ref of refs) {
          const bytes = (await tier.read([ref]))[0]?.bytes;
          const frame = bytes && decodeFrame(ref, bytesCodec.id, bytes);
          sum += typeof frame === 'object' ? (frame.payload.at(-1) ?? Number.NaN) : Number.NaN;
        }
        return sum;
      },
      one: tierOne,
    },
    {
      name: 'cache_get',
      prepare: renewCache,
      pass: async () => {
        let sum = 0;
        for (const key of keys) sum += (await cache?.get(key))?.at(-1) ?? Number.NaN;
        return sum;
      },
      one: async (key) => cache?.get(key),
    },
  ];
}
