import * as nodeTest from 'node:test';
import * as vitest from 'vitest';
import { expectTypeOf, test } from 'vitest';
import type {
  BatchContext,
  BatchLoader,
  Bus,
  Cache,
  CacheError,
  CacheErrorCode,
  CacheEvent,
  CacheOptions,
  CacheStats,
  Codec,
  Histogram,
  Invalidated,
  LoadOptions,
  MemoryBus,
  Patience,
  PumpTarget,
  SharedTier,
} from './index.ts';
import { bytesCodec, createCache, jsonCodec, MemorySharedTier, sealedCodec } from './index.ts';
import type { ChaosBus, ChaosTier, ConformanceRunner } from './testing/index.ts';
import { createCacheWithout, sharedTierConformance } from './testing/index.ts';

interface Agent {
  readonly id: string;
}

test('many keys are loaded by a map, which may leave keys out', () => {
  const cache = createCache<Agent>({ name: 'agents' });
  expectTypeOf(cache.getOrLoadMany(['a'], () => new Map([['a', { id: 'a' }]]))).resolves.toEqualTypeOf<
    Map<string, Agent>
  >();
  expectTypeOf<() => Promise<ReadonlyMap<string, Agent | undefined>>>().toExtend<BatchLoader<Agent>>();
  expectTypeOf<BatchContext<Agent>['stale']>().toEqualTypeOf<ReadonlyMap<string, Agent>>();
  // @ts-expect-error a batch brings a map
  void cache.getOrLoadMany(['a'], () => [{ id: 'a' }]);
  // @ts-expect-error whose values are agents
  void cache.getOrLoadMany(['a'], () => new Map([['a', 1]]));
});

test('every invalidation says whether it is pending', () => {
  const cache = createCache<Agent>({ name: 'agents' });
  expectTypeOf(cache.invalidateTags('t')).resolves.toEqualTypeOf<Invalidated>();
  expectTypeOf(cache.softInvalidate('k', 'l')).resolves.toEqualTypeOf<Invalidated>();
  expectTypeOf(cache.softInvalidateTags('t')).resolves.toEqualTypeOf<Invalidated>();
  expectTypeOf(cache.softClear()).resolves.toEqualTypeOf<Invalidated>();
});

test('patience is part of the options of a cache and of a call', () => {
  expectTypeOf<Patience>().toExtend<LoadOptions>();
  expectTypeOf<{ name: string; grace: number; softTimeoutMs: number; hardTimeoutMs: number }>().toExtend<
    CacheOptions<Agent>
  >();
  // @ts-expect-error a deadline is that of a call
  createCache<Agent>({ name: 'agents', deadlineMs: 10 });
  // @ts-expect-error tags are known by the key, not by the value
  createCache<Agent>({ name: 'agents', tagsOf: (agent: Agent) => [agent.id] });
  createCache<Agent>({ name: 'agents', versionOf: ({ id }) => id.length });
});

test('a sealed codec is of the same kind of value', () => {
  const keys = [{ id: 1, key: new Uint8Array(32) }];
  expectTypeOf(sealedCodec(bytesCodec, { keys })).toEqualTypeOf<Codec<Uint8Array>>();
  expectTypeOf(sealedCodec(jsonCodec<Agent>(), { keys })).toEqualTypeOf<Codec<Agent>>();
  // @ts-expect-error a key is bytes
  sealedCodec(bytesCodec, { keys: [{ id: 1, key: 'secret' }] });
});

test('errors, events and statistics can be told apart', () => {
  expectTypeOf<CacheError['code']>().toEqualTypeOf<CacheErrorCode>();
  expectTypeOf<Extract<CacheEvent, { type: 'breaker' }>['state']>().toEqualTypeOf<'open' | 'half-open' | 'closed'>();
  expectTypeOf<Extract<CacheEvent, { type: 'stale-hit' }>['ageMs']>().toBeNumber();
  expectTypeOf<CacheStats['hitAgeMs']>().toEqualTypeOf<Histogram>();
});

test('the testing kit fits its runners, tiers and caches', () => {
  expectTypeOf(vitest).toExtend<ConformanceRunner>();
  expectTypeOf(nodeTest).toExtend<ConformanceRunner>();
  expectTypeOf(sharedTierConformance).parameter(0).toEqualTypeOf<ConformanceRunner>();
  expectTypeOf(createCacheWithout<Agent>('stamps', { name: 'agents' })).toEqualTypeOf<Cache<Agent>>();
  expectTypeOf<ChaosTier>().toExtend<SharedTier>();
  expectTypeOf<ChaosBus>().toExtend<Bus>();
  expectTypeOf<MemoryBus>().toExtend<Bus>();
  expectTypeOf(new MemorySharedTier()).toExtend<PumpTarget>();
});
