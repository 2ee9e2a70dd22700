export { canonicalKey, hashKey } from './canonical-key.ts';
export type { KeyPart } from './canonical-key.ts';
export { createCache } from './cache.ts';
export { systemClock } from './clock.ts';
export { bytesCodec } from './codecs/bytes-codec.ts';
export { jsonCodec } from './codecs/json-codec.ts';
export type { Bus } from './contracts/bus.ts';
export type { Cache, EntryOptions, Invalidated, LoadContext, Loader, LoadOptions, Outcome } from './contracts/cache.ts';
export type { Clock } from './contracts/clock.ts';
export type { Codec } from './contracts/codec.ts';
export type { CacheEvent, FrameFault, RefusedWrite, TierOperation } from './contracts/events.ts';
export type { EntryRef, Invalidation } from './contracts/invalidation.ts';
export type { Journal } from './contracts/journal.ts';
export type {
  BeginOptions,
  Begun,
  Lease,
  SharedTier,
  Stamp,
  Stamps,
  StoredFrame,
  WriteOptions,
} from './contracts/shared-tier.ts';
export type { CacheStats } from './contracts/stats.ts';
export { createKeyspace } from './keyspace.ts';
export type { Keyspace, KeyspaceOptions } from './keyspace.ts';
export { MemoryJournal } from './memory-journal.ts';
export { MemorySharedTier } from './memory-shared-tier.ts';
export type { MemorySharedTierOptions } from './memory-shared-tier.ts';
export type { CacheOptions } from './policy.ts';
