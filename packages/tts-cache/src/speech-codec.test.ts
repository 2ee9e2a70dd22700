import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { speechCodec } from './speech-codec.ts';
import type { Speech } from './speech.ts';

const word = fc.record(
  { text: fc.string({ unit: 'grapheme' }), startMs: fc.nat(100_000), endMs: fc.nat(100_000) },
  { requiredKeys: ['text', 'startMs'] },
);
const speech: fc.Arbitrary<Speech> = fc
  .record({
    channels: fc.integer({ min: 1, max: 4 }),
    sampleRate: fc.integer({ min: 1, max: 192_000 }),
    frames: fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 60 }),
    from: fc.nat(60),
    to: fc.nat(60),
    words: fc.option(fc.array(word, { minLength: 1, maxLength: 5 }), { nil: undefined }),
  })
  .map(({ channels, sampleRate, frames, from, to, words }) => {
    const samples = Int16Array.from(
      { length: frames.length * channels },
      (_, index) => frames[index % frames.length] ?? 0,
    );
    const [playFrom, playTo] = [from, to].map((frame) => Math.min(frame, frames.length)).toSorted((a, b) => a - b);
    return { channels, sampleRate, samples, playFrom: playFrom ?? 0, playTo: playTo ?? 0, words };
  });

/** The same bytes somewhere inside a larger buffer. */
function placedAt(offset: number, bytes: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(offset + bytes.length + 3).fill(0xa5);
  buffer.set(bytes, offset);
  return buffer.subarray(offset, offset + bytes.length);
}

test('speech comes back as it went in, wherever its bytes lie in memory', () => {
  fc.assert(
    fc.property(speech, fc.nat(5), (spoken, offset) => {
      const decoded = speechCodec.decode(placedAt(offset, speechCodec.encode(spoken)));
      expect(decoded).toEqual(spoken);
    }),
    { numRuns: 300 },
  );
});

test('a view on a larger buffer is encoded as what it shows', () => {
  const samples = Int16Array.of(1, 2, 3, 4, 5).subarray(1, 4);
  const spoken = { sampleRate: 8000, channels: 1, samples, playFrom: 0, playTo: 3, words: undefined };
  expect([...speechCodec.decode(speechCodec.encode(spoken)).samples]).toEqual([2, 3, 4]);
});

test('no part of a record passes for a whole one, nor does a longer one', () => {
  fc.assert(
    fc.property(speech, (spoken) => {
      const bytes = speechCodec.encode(spoken);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => speechCodec.decode(bytes.subarray(0, length))).toThrow(Error);
      }
      expect(() => speechCodec.decode(placedAt(0, Uint8Array.of(...bytes, 0)))).toThrow(Error);
    }),
    { numRuns: 50 },
  );
});

test('foreign bytes are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(() => speechCodec.decode(bytes)).toThrow(Error);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['another version', 0, 2],
  ['no channels', 1, 0],
  ['half a sample', 1, 3],
  ['a replay from beyond its end', 8, 7],
  ['a replay to beyond the audio', 12, 9],
])('a record with %s is refused', (_, offset, value) => {
  const spoken = {
    sampleRate: 8000,
    channels: 1,
    samples: new Int16Array(8),
    playFrom: 0,
    playTo: 6,
    words: undefined,
  };
  const bytes = speechCodec.encode(spoken);
  bytes[offset] = value;
  expect(() => speechCodec.decode(bytes)).toThrow(RangeError);
});

test('a record without a sample rate is refused', () => {
  const spoken = { sampleRate: 0, channels: 1, samples: new Int16Array(8), playFrom: 0, playTo: 6, words: undefined };
  expect(() => speechCodec.decode(speechCodec.encode(spoken))).toThrow(RangeError);
});

test('the size counts samples and words', () => {
  const spoken = {
    sampleRate: 8000,
    channels: 1,
    samples: new Int16Array(1000),
    playFrom: 0,
    playTo: 6,
    words: undefined,
  };
  const plain = speechCodec.sizeOf?.(spoken) ?? 0;
  expect(plain).toBeGreaterThanOrEqual(2000);
  expect(plain).toBeLessThan(2500);
  expect(speechCodec.sizeOf?.({ ...spoken, words: [{ text: 'a', startMs: 0 }] })).toBeGreaterThan(plain);
});
