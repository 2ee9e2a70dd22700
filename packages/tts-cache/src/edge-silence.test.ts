import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { playableRange } from './edge-silence.ts';
import { frameSlices } from './frame-slices.ts';
import { join } from './join.fixture.ts';
import { replayMs } from './speech.ts';

const RATE = 8000;
const KEPT = RATE / 4;

/** Loud between two silences, lengths in samples of each channel. */
function speech(before: number, loud: number, after: number, channels = 1): Int16Array {
  return new Int16Array((before + loud + after) * channels).fill(5000, before * channels, (before + loud) * channels);
}

test.each([
  ['no silence', 0, 0, 0, 4000],
  ['short silence is the voice’s own pause', 1000, 2000, 0, 7000],
  ['long silence before', 5000, 0, 5000 - KEPT, 9000],
  ['long silence after', 0, 5000, 0, 4000 + KEPT],
  ['both', 5000, 5000, 5000 - KEPT, 9000 + KEPT],
])('%s', (_, before, after, playFrom, playTo) => {
  expect(playableRange(speech(before, 4000, after), RATE, 1)).toEqual({ playFrom, playTo });
  expect(playableRange(speech(before, 4000, after, 2), RATE, 2)).toEqual({ playFrom, playTo });
});

test('silence alone is left as it is', () => {
  expect(playableRange(new Int16Array(9000), RATE, 1)).toEqual({ playFrom: 0, playTo: 9000 });
  expect(playableRange(new Int16Array(0), RATE, 1)).toEqual({ playFrom: 0, playTo: 0 });
});

test('a breath at the level of noise is silence, above it is not', () => {
  const samples = speech(5000, 100, 0);
  expect(playableRange(samples.with(0, 100), RATE, 1).playFrom).toBe(5000 - KEPT);
  expect(playableRange(samples.with(0, 101), RATE, 1).playFrom).toBe(0);
  expect(playableRange(samples.with(0, -101), RATE, 1).playFrom).toBe(0);
});

test('nothing that can be heard is ever cut off, and slices are the range, each in memory of its own', () => {
  fc.assert(
    fc.property(
      fc.nat(6000),
      fc.nat(3000),
      fc.nat(6000),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(8000, 11_025, 24_000),
      (before, loud, after, channels, sampleRate) => {
        const samples = speech(before, loud, after, channels);
        const range = playableRange(samples, sampleRate, channels);
        expect(range.playFrom).toBeLessThanOrEqual(before);
        expect(range.playTo).toBeGreaterThanOrEqual(before + loud);
        const spoken = { sampleRate, channels, samples, ...range, words: undefined };
        const slices = [...frameSlices(spoken)];
        const played = samples.slice(range.playFrom * channels, range.playTo * channels);
        expect(Buffer.compare(Buffer.from(join(slices).buffer), Buffer.from(played.buffer))).toBe(0);
        for (const slice of slices) {
          expect(slice.buffer.byteLength).toBe(slice.byteLength);
          expect(slice.length % channels).toBe(0);
          expect(slice.length / channels / sampleRate).toBeLessThan(0.051);
        }
        expect(replayMs(spoken)).toBeCloseTo(((range.playTo - range.playFrom) / sampleRate) * 1000, 6);
      },
    ),
    { numRuns: 100 },
  );
});
