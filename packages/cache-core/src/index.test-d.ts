import { expectTypeOf, test } from 'vitest';
import type {
  Cache,
  CacheEvent,
  CacheOptions,
  CacheStats,
  Clock,
  Codec,
  Invalidated,
  Invalidation,
  Journal,
  KeyPart,
  LoadContext,
  Loader,
  LoadOptions,
  MemoryJournal,
  MemorySharedTier,
  Outcome,
  SharedTier,
} from './index.ts';
import { bytesCodec, canonicalKey, createCache, createKeyspace, jsonCodec, systemClock } from './index.ts';
import type { FakeClock } from './testing/index.ts';

interface Agent {
  readonly id: string;
}

test('a cache is of one kind of value, and absence is part of every read', () => {
  const cache = createCache<Agent>({ name: 'agents' });
  expectTypeOf(cache).toEqualTypeOf<Cache<Agent>>();
  expectTypeOf(cache.get('k')).resolves.toEqualTypeOf<Agent | undefined>();
  expectTypeOf(cache.peek('k')).toEqualTypeOf<Agent | undefined>();
  expectTypeOf(cache.getMany(['k'])).resolves.toEqualTypeOf<Map<string, Agent>>();
  expectTypeOf(cache.getOrLoad('k', () => ({ id: 'a' }))).resolves.toEqualTypeOf<Agent | undefined>();
  expectTypeOf(cache.set('k', { id: 'a' })).resolves.toBeVoid();
  expectTypeOf(cache.delete('a', 'b')).resolves.toEqualTypeOf<Invalidated>();
  expectTypeOf(cache.clear()).resolves.toEqualTypeOf<Invalidated>();
  expectTypeOf(cache.warm(new Set(['a']))).resolves.toBeNumber();
  expectTypeOf(cache.stats()).toEqualTypeOf<CacheStats>();
  expectTypeOf(cache.close()).resolves.toBeVoid();
});

test('a value of another kind is refused', () => {
  const cache = createCache<Agent>({ name: 'agents' });
  expectTypeOf<Parameters<Cache<Agent>['set']>[1]>().toEqualTypeOf<Agent>();
  // @ts-expect-error no id
  void cache.set('k', {});
  // @ts-expect-error not an Agent
  void cache.getOrLoad('k', () => 'text');
  // @ts-expect-error undefined is absence
  void cache.set('k', undefined);
});

test('the codec and the value belong together', () => {
  expectTypeOf(createCache({ name: 'pcm', codec: bytesCodec })).toEqualTypeOf<Cache<Uint8Array>>();
  expectTypeOf(bytesCodec).toExtend<Codec<Uint8Array>>();
  expectTypeOf(jsonCodec<Agent>()).toEqualTypeOf<Codec<Agent>>();
  // @ts-expect-error bytes are not agents
  createCache<Agent>({ name: 'agents', codec: bytesCodec });
});

test('only the name is required; nothing in options can be written', () => {
  expectTypeOf<{ name: string }>().toExtend<CacheOptions<Agent>>();
  // @ts-expect-error the name is missing
  createCache<Agent>({});
  // @ts-expect-error durations are numbers of milliseconds
  createCache<Agent>({ name: 'agents', ttl: '5m' });
  expectTypeOf<LoadOptions['signal']>().toEqualTypeOf<AbortSignal | undefined>();
  expectTypeOf<Readonly<CacheOptions<Agent>>>().toEqualTypeOf<CacheOptions<Agent>>();
});

test('a loader knows why it runs, and may answer at once or later, or with nothing', () => {
  expectTypeOf<LoadContext<Agent>['reason']>().toEqualTypeOf<'miss' | 'refresh'>();
  expectTypeOf<LoadContext<Agent>['stale']>().toEqualTypeOf<Agent | undefined>();
  expectTypeOf<LoadContext<Agent>['signal']>().toEqualTypeOf<AbortSignal>();
  expectTypeOf<() => Agent>().toExtend<Loader<Agent>>();
  expectTypeOf<() => Promise<undefined>>().toExtend<Loader<Agent>>();
  expectTypeOf<(context: LoadContext<Agent>) => Promise<Agent>>().toExtend<Loader<Agent>>();
  expectTypeOf<() => string>().not.toExtend<Loader<Agent>>();
  expectTypeOf<Outcome['from']>().toExtend<string>();
});

test('events are told apart by their type', () => {
  expectTypeOf<CacheEvent>().toHaveProperty('type');
  createCache<Agent>({
    name: 'agents',
    onEvent(event) {
      expectTypeOf(event).toEqualTypeOf<CacheEvent>();
      if (event.type === 'hit') expectTypeOf(event.ageMs).toBeNumber();
      if (event.type === 'tier-error') expectTypeOf(event.error).toBeUnknown();
      if (event.type === 'invalidation') expectTypeOf(event.pending).toBeBoolean();
      // @ts-expect-error not every event has a tier
      void event.tier;
    },
  });
});

test('the parts that come with the package keep their contracts', () => {
  expectTypeOf<MemorySharedTier>().toExtend<SharedTier>();
  expectTypeOf<MemoryJournal>().toExtend<Journal>();
  expectTypeOf<FakeClock>().toExtend<Clock>();
  expectTypeOf(systemClock).toExtend<Clock>();
  expectTypeOf<Invalidation['kind']>().toExtend<'keys' | 'tags' | 'namespace'>();
  expectTypeOf(createKeyspace({ name: 'n' }).keyOf('k')).toBeString();
});

test('keys are made of plain data', () => {
  expectTypeOf(canonicalKey({ tool: 'search', params: [1, null, { deep: true }] })).toBeString();
  expectTypeOf<string | number | boolean | null | undefined>().toExtend<KeyPart>();
  expectTypeOf<Date>().not.toExtend<KeyPart>();
  expectTypeOf<bigint>().not.toExtend<KeyPart>();
  expectTypeOf<() => void>().not.toExtend<KeyPart>();
});
