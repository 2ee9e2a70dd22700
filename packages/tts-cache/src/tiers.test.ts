import { setTimeout as sleep } from 'node:timers/promises';
import { initializeLogger } from '@livekit/agents';
import { MemorySharedTier } from '@warmline/cache-core';
import type { Cache, CacheEvent, EntryRef, SharedTier, StoredFrame, WriteOptions } from '@warmline/cache-core';
import { FakeClock } from '@warmline/cache-core/testing';
import { expect, test } from 'vitest';
import { FakeTts, samplesOf } from './fake-tts.fixture.ts';
import type { FakeOptions } from './fake-tts.fixture.ts';
import type { CachedTtsOptions, PhraseCacheOptions, PhraseEvent, Speech } from './index.ts';
import { cachedTts, createPhraseCache } from './index.ts';
import { listen, say } from './listen.fixture.ts';
import { phraseKey } from './phrase-key.ts';
import { watchRejections } from './rejections.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

const VOICE = { speaker: 'asha' };
watchRejections();

/** A tier that tells what passes through it, and can be held back. */
class SpyTier extends MemorySharedTier {
  readonly written: Uint8Array[] = [];
  onRead: (() => unknown) | undefined;
  /** Changes what is written. */
  damage: ((bytes: Uint8Array) => Uint8Array) | undefined;

  override async read(entries: readonly EntryRef[]): Promise<readonly StoredFrame[]> {
    await this.onRead?.();
    return super.read(entries);
  }

  override async write(ref: EntryRef, frame: Uint8Array, options: WriteOptions): Promise<void> {
    this.written.push(frame.slice());
    return super.write(ref, this.damage?.(frame) ?? frame, options);
  }
}

/** A wrapped TTS with a cache of its own, as another process would have it. */
function open(
  tiers: readonly SharedTier[],
  {
    fake = {},
    cache: cacheOptions = {},
    ...options
  }: Partial<Omit<CachedTtsOptions, 'cache'>> & { fake?: FakeOptions; cache?: PhraseCacheOptions } = {},
) {
  const inner = new FakeTts(fake);
  const events: PhraseEvent[] = [];
  const cacheEvents: CacheEvent[] = [];
  const cache = createPhraseCache({ tiers, onEvent: (event) => cacheEvents.push(event), ...cacheOptions });
  const wrapped = cachedTts(inner, { voice: VOICE, cache, onEvent: (event) => events.push(event), ...options });
  return {
    inner,
    cache,
    wrapped,
    events,
    cacheEvents,
    keyOf: (sentence: string) => phraseKey(inner, VOICE, sentence),
    speech: () =>
      events.flatMap((event) =>
        event.type === 'speech' ? [{ source: event.source, tier: event.tier, billedChars: event.billedChars }] : [],
      ),
  };
}

/** Writes to shared tiers are not awaited on the turn path. */
const written = (cache: Cache<Speech>) => cache.close();

test('what one process has had spoken is a host hit in the next, and bills nothing', async () => {
  const tier = new MemorySharedTier();
  const first = open([tier]);
  const heard = await say(first.wrapped, 'Good morning. How are you?');
  await written(first.cache);
  const second = open([tier]);
  const again = await say(second.wrapped, 'Good morning. How are you?');
  expect(again.samples).toEqual(heard.samples);
  expect(again.ends).toBe(1);
  expect(second.speech()).toEqual([
    { source: 'stored', tier: 'host', billedChars: 0 },
    { source: 'stored', tier: 'host', billedChars: 0 },
  ]);
  await say(second.wrapped, 'Good morning.');
  expect(second.speech().at(-1)).toEqual({ source: 'stored', tier: 'process', billedChars: 0 });
  expect(second.wrapped.getPhraseCacheStats()).toMatchObject({
    hits: 3,
    hitsByTier: { host: 2, process: 1 },
    billedChars: 0,
    savedChars: 38,
  });
  expect(second.inner.spoken).toEqual([]);
});

test('the connection that was opened side by side is closed after a hit, before any text was sent', async () => {
  const tier = new SpyTier();
  const first = open([tier]);
  await say(first.wrapped, 'Good morning.');
  await written(first.cache);
  const { inner, wrapped } = open([tier]);
  let openBefore = 0;
  tier.onRead = async () => {
    await sleep(10);
    openBefore = inner.streams.length;
  };
  await say(wrapped, 'Good morning.');
  await sleep(1);
  expect(openBefore).toBe(1);
  expect(inner.streams.map((stream) => stream.abortSignal.aborted)).toEqual([true]);
  expect([inner.spoken.length, inner.chars]).toEqual([0, 0]);
});

test('a tier that never answers delays a miss by its budget and no more, with the stream opened before', async () => {
  const clock = new FakeClock();
  const tier = new SpyTier();
  const order: string[] = [];
  tier.onRead = () => {
    order.push('tier asked');
    return new Promise(() => undefined);
  };
  const { inner, wrapped, speech, cacheEvents } = open([tier], { clock, cache: { clock, tierBudgetMs: 60 } });
  const openStream = inner.stream.bind(inner);
  inner.stream = (options) => {
    order.push('stream opened');
    return openStream(options);
  };
  const heard = say(wrapped, 'Nobody knows me.');
  await sleep(20);
  await clock.advance(59);
  expect([inner.streams.length, inner.spoken.length]).toEqual([1, 0]);
  await clock.advance(1);
  expect((await heard).samples).toEqual(samplesOf('Nobody knows me.', 'asha'));
  expect(order).toEqual(['tier asked', 'stream opened']);
  expect(cacheEvents).toContainEqual({ type: 'tier-timeout', tier: 'host', operation: 'read', budgetMs: 60 });
  expect(speech()).toEqual([{ source: 'recorded', tier: undefined, billedChars: 16 }]);
  await say(wrapped, 'Nobody knows me.');
  expect(inner.spoken).toHaveLength(1);
});

test('a hit in the process never waits for a tier', async () => {
  const tier = new SpyTier();
  const { inner, wrapped } = open([tier], { cache: { tierBudgetMs: 5_000 } });
  await say(wrapped, 'Known phrase.');
  tier.onRead = () => new Promise(() => undefined);
  const heard = await say(wrapped, 'Known phrase.');
  expect(heard.firstAudioMs).toBeLessThan(1_000);
  expect([inner.spoken.length, inner.streams.length]).toEqual([1, 1]);
});

test('a tier that fails reads as a miss', async () => {
  const tier = new SpyTier();
  tier.onRead = () => Promise.reject(new Error('out of order'));
  const { wrapped, speech } = open([tier]);
  expect((await say(wrapped, 'Still spoken.')).ends).toBe(1);
  expect(speech()).toEqual([{ source: 'recorded', tier: undefined, billedChars: 13 }]);
});

test.each([
  ['a flipped bit of the audio', (bytes: Uint8Array) => bytes.with(1_000, (bytes[1_000] ?? 0) ^ 1)],
  ['a cut', (bytes: Uint8Array) => bytes.slice(0, bytes.length / 2)],
  ['foreign bytes', () => new Uint8Array(300).fill(7)],
])('a record with %s is spoken anew, never played', async (_, damage) => {
  const tier = new SpyTier();
  tier.damage = damage;
  const first = open([tier]);
  await say(first.wrapped, 'Good morning.');
  await written(first.cache);
  tier.damage = undefined;
  const second = open([tier]);
  const heard = await say(second.wrapped, 'Good morning.');
  expect(heard.samples).toEqual(samplesOf('Good morning.', 'asha'));
  expect(second.speech()).toEqual([{ source: 'recorded', tier: undefined, billedChars: 13 }]);
  expect(second.cacheEvents).toContainEqual(expect.objectContaining({ type: 'frame-fault' }));
  await written(second.cache);
  const third = open([tier]);
  await say(third.wrapped, 'Good morning.');
  expect(third.speech()).toEqual([{ source: 'stored', tier: 'host', billedChars: 0 }]);
});

test.each(['delete', 'clear'] as const)(
  '%s() while a sentence is recorded: it is played, not stored, and not joined by who comes later',
  async (invalidate) => {
    const tier = new SpyTier();
    const text = 'This is being recorded right now.';
    const { inner, cache, wrapped, keyOf, speech } = open([tier], { fake: { behaviour: () => ({ chunkMs: 10 }) } });
    const before = say(wrapped, text);
    await sleep(40);
    expect(inner.open).toBe(1);
    await (invalidate === 'clear' ? cache.clear() : cache.delete(keyOf(text)));
    const after = say(wrapped, text);
    expect((await before).samples).toEqual(samplesOf(text, 'asha'));
    expect((await after).samples).toEqual(samplesOf(text, 'asha', 2));
    expect(speech().map(({ source, billedChars }) => ({ source, billedChars }))).toEqual([
      { source: 'recorded', billedChars: text.length },
      { source: 'recorded', billedChars: text.length },
    ]);
    expect(cache.peek(keyOf(text))?.samples).toEqual(samplesOf(text, 'asha', 2));
    await written(cache);
    expect(tier.written).toHaveLength(1);
    const other = open([tier]);
    expect((await say(other.wrapped, text)).samples).toEqual(samplesOf(text, 'asha', 2));
  },
);

test('a stored sentence is its PCM and at most 128 bytes', async () => {
  const tier = new SpyTier();
  const { cache, wrapped } = open([tier]);
  await say(wrapped, 'Short. A somewhat longer sentence, to see whether it depends on the length.');
  await written(cache);
  const pcm = ['Short.', 'A somewhat longer sentence, to see whether it depends on the length.'].map(
    (text) => samplesOf(text, 'asha').byteLength,
  );
  expect(tier.written).toHaveLength(2);
  for (const [index, frame] of tier.written.entries()) {
    const extra = frame.byteLength - (pcm[index] ?? 0);
    expect(extra).toBeGreaterThan(0);
    expect(extra).toBeLessThanOrEqual(128);
  }
});

test('keys and records at rest contain no text', async () => {
  const tier = new SpyTier();
  const refs: EntryRef[] = [];
  const read = tier.read.bind(tier);
  tier.read = (entries) => {
    refs.push(...entries);
    return read(entries);
  };
  const { cache, wrapped, events } = open([tier]);
  await say(wrapped, 'A secret phrase.');
  await written(cache);
  const seen = JSON.stringify(refs) + JSON.stringify(events) + Buffer.concat(tier.written).toString('latin1');
  expect(seen).not.toContain('secret');
  expect(seen).not.toContain('asha');
});

test('an interruption while the tiers are asked ends everything', async () => {
  const tier = new SpyTier();
  let answer: (() => void) | undefined;
  tier.onRead = () => new Promise<void>((resolve) => (answer = resolve));
  const { inner, cache, wrapped, keyOf } = open([tier], { cache: { tierBudgetMs: 5_000 } });
  const stream = wrapped.stream();
  const heard = listen(stream);
  stream.pushText('Nobody waits for me.');
  stream.endInput();
  await sleep(10);
  const startedMs = performance.now();
  stream.close();
  await heard;
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  answer?.();
  await sleep(20);
  expect([inner.open, cache.peek(keyOf('Nobody waits for me.'))]).toEqual([0, undefined]);
  expect(inner.chars).toBe(0);
});
