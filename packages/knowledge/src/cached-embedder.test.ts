import { MemorySharedTier } from '@warmline/cache-core';
import type { CacheEvent, EntryRef, WriteOptions } from '@warmline/cache-core';
import { FakeClock } from '@warmline/cache-core/testing';
import { expect, test } from 'vitest';
import { CachedEmbedder } from './index.ts';
import type { CachedEmbedderOptions, Embedder } from './index.ts';

/** Gives each text the vector of its length and first character. */
class FakeEmbedder implements Embedder {
  readonly model: string = 'fake-1';
  readonly calls: (readonly string[])[] = [];
  answer: ((texts: readonly string[]) => Awaited<ReturnType<Embedder['embed']>>) | undefined;
  gate: Promise<void> | undefined;
  signal: AbortSignal | undefined;

  async embed(texts: readonly string[], signal: AbortSignal) {
    this.calls.push(texts);
    this.signal = signal;
    await this.gate;
    return this.answer?.(texts) ?? texts.map(vectorOf);
  }
}

function vectorOf(text: string): readonly number[] {
  return [text.length, text.charCodeAt(0), 0.1];
}

function floats(text: string): Float32Array {
  return Float32Array.from(vectorOf(text));
}

function open(more: Partial<CachedEmbedderOptions> = {}) {
  const provider = new FakeEmbedder();
  const clock = new FakeClock();
  const events: CacheEvent[] = [];
  const embedder = new CachedEmbedder({ embedder: provider, clock, onEvent: (event) => events.push(event), ...more });
  return { provider, clock, events, embedder };
}

test('each text is embedded once, all that are missing in one call, in the order asked', async () => {
  const { provider, embedder } = open();
  expect(await embedder.embed(['a', 'bb', 'a'])).toEqual([floats('a'), floats('bb'), floats('a')]);
  expect(await embedder.embed(['ccc', 'bb', 'dddd'])).toEqual([floats('ccc'), floats('bb'), floats('dddd')]);
  expect(await embedder.embed([])).toEqual([]);
  expect(provider.calls).toEqual([
    ['a', 'bb'],
    ['ccc', 'dddd'],
  ]);
});

test('who asks while a text is being embedded waits for that', async () => {
  const { provider, embedder } = open();
  const { promise, resolve } = Promise.withResolvers<void>();
  provider.gate = promise;
  const asked = [embedder.embed(['a']), embedder.embed(['a', 'b']), embedder.embed(['b'])];
  await new Promise(setImmediate);
  resolve();
  await Promise.all(asked);
  expect(provider.calls).toEqual([['a'], ['b']]);
});

test('vectors are kept for a day as 32-bit floats, for other processes too, under keys without text', async () => {
  const written: { ref: EntryRef; frame: Uint8Array }[] = [];
  class SpyTier extends MemorySharedTier {
    override async write(ref: EntryRef, frame: Uint8Array, options: WriteOptions) {
      written.push({ ref, frame });
      return super.write(ref, frame, options);
    }
  }
  const clock = new FakeClock();
  const tiers = [new SpyTier({ clock })];
  const first = open({ tiers, clock });
  await first.embedder.embed(['Where is Zephyrine?']);
  await first.embedder.close();
  const { ref, frame } = written[0]!;
  expect(JSON.stringify([ref, first.events])).not.toMatch(/zephyrine/iu);
  expect(ref.key).toMatch(/^warmline:default:embeddings:[0-9a-f]{32}$/u);
  expect(Buffer.from(frame).includes(Buffer.from(floats('Where is Zephyrine?').buffer))).toBe(true);
  const second = open({ tiers, clock });
  expect(await second.embedder.embed(['Where is Zephyrine?'])).toEqual([floats('Where is Zephyrine?')]);
  expect(second.provider.calls).toEqual([]);
  await clock.advance(24 * 3_600_000 - 1);
  await second.embedder.embed(['Where is Zephyrine?']);
  expect(second.provider.calls).toEqual([]);
  await clock.advance(1);
  await second.embedder.embed(['Where is Zephyrine?']);
  expect(second.provider.calls).toHaveLength(1);
});

test('another model, and another number of dimensions of the same, has vectors of its own', async () => {
  const tiers = [new MemorySharedTier()];
  for (const embedder of [
    { model: 'one', dimensions: 1, embed: async () => [[1]] },
    { model: 'one', dimensions: 2, embed: async () => [[1, 2]] },
    { model: 'two', dimensions: 1, embed: async () => [[3]] },
    { model: 'one', embed: async () => [[4, 4, 4]] },
  ]) {
    const cached = new CachedEmbedder({ embedder, tiers });
    expect(await cached.embed(['a'])).toEqual((await embedder.embed()).map((vector) => Float32Array.from(vector)));
    await cached.close();
  }
});

test.each([
  ['too few', () => [[1, 2, 3]], 'fake-1 must give 2 vectors, gave 1'],
  ['too many', () => [[1], [2], [3]], 'fake-1 must give 2 vectors, gave 3'],
  ['no list', () => ({}) as never, 'fake-1 must give 2 vectors, gave object'],
  ['of different lengths', () => [[1, 2], [1]], 'fake-1 must give vectors of 2 dimensions, vector 1 has 1'],
  ['empty', () => [[], []], 'fake-1 must give vectors of some dimensions, vector 0 has 0'],
  ['not a number', () => [[1], [Number.NaN]], 'fake-1 gave a number in vector 1 that is not finite'],
])('vectors that cannot be right are an error, and not kept: %s', async (_, answer, message) => {
  const { provider, embedder } = open();
  provider.answer = answer;
  await expect(embedder.embed(['a', 'bb'])).rejects.toThrow(message);
  provider.answer = undefined;
  expect(await embedder.embed(['a', 'bb'])).toEqual([floats('a'), floats('bb')]);
});

test('vectors of another length than was said are an error', async () => {
  const { embedder } = open({ embedder: { model: 'm', dimensions: 4, embed: async () => [[1, 2]] } });
  await expect(embedder.embed(['a'])).rejects.toThrow('m must give vectors of 4 dimensions, vector 0 has 2');
});

test('an error of the provider reaches the caller and is not kept; a late provider is told to stop', async () => {
  const { provider, embedder, clock } = open();
  const down = new Error('down');
  provider.answer = () => {
    throw down;
  };
  await expect(embedder.embed(['a'])).rejects.toBe(down);
  provider.answer = undefined;
  provider.gate = new Promise(() => {});
  const late = embedder.embed(['a']);
  late.catch(() => {});
  await clock.advance(5_000);
  await expect(late).rejects.toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' });
  expect(provider.signal?.aborted).toBe(true);
});

test.each([
  [{ embedder: { model: '', embed: async () => [] } }, 'embedder.model must be a non-empty string, got ""'],
  [
    { embedder: { model: 'm', dimensions: 0, embed: async () => [] } },
    'embedder.dimensions must be a whole number from 1, got 0',
  ],
  [{ timeoutMs: Number.POSITIVE_INFINITY }, 'timeoutMs must be a number of milliseconds above 0'],
])('bad options are a TypeError: %j', (more, message) => {
  expect(() => open(more)).toThrow(TypeError);
  expect(() => open(more)).toThrow(message);
});
