export { canonicalKey, hashKey } from './canonical-key.ts';
export type { KeyPart } from './canonical-key.ts';
export { createCache } from './cache.ts';
export { systemClock } from './clock.ts';
export { bytesCodec } from './codecs/bytes-codec.ts';
export { jsonCodec } from './codecs/json-codec.ts';
export { sealedCodec } from './codecs/sealed-codec.ts';
export type { SealedCodecOptions, SealingKey } from './codecs/sealed-codec.ts';
export type { Bus } from './contracts/bus.ts';
export type {
  BatchContext,
  BatchLoader,
  BatchOptions,
  Cache,
  EntryOptions,
  Invalidated,
  LoadContext,
  Loader,
  LoadOptions,
  Outcome,
  Patience,
} from './contracts/cache.ts';
export type { Clock } from './contracts/clock.ts';
export type { Codec, Seal } from './contracts/codec.ts';
export type { CacheEvent, FrameFault, RefusedWrite, StaleReason, TierOperation } from './contracts/events.ts';
export { EVERY_MUTABLE_NAMESPACE } from './contracts/invalidation.ts';
export type { EntryRef, Invalidation, InvalidationOptions } from './contracts/invalidation.ts';
export type { Journal } from './contracts/journal.ts';
export type { SharedOutbox } from './contracts/shared-outbox.ts';
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
export type { CacheStats, Histogram } from './contracts/stats.ts';
export type { CacheDiagnostics } from './diagnostics.ts';
export { CacheError } from './errors.ts';
export type { CacheErrorCode } from './errors.ts';
export { hashText, keySegment } from './key-segment.ts';
export { createKeyspace } from './keyspace.ts';
export type { Keyspace, KeyspaceOptions } from './keyspace.ts';
export { MemoryBus } from './memory-bus.ts';
export { MemoryJournal } from './memory-journal.ts';
export { MemorySharedTier } from './memory-shared-tier.ts';
export type { MemorySharedTierOptions } from './memory-shared-tier.ts';
export type { CacheOptions } from './policy.ts';
export { Pump } from './pump.ts';
export type { PumpOptions, PumpTarget } from './pump.ts';
export { compareStamps, freshStamp, softenedStamp } from './stamp.ts';
