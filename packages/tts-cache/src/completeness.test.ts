import { expect, test } from 'vitest';
import { doubtSpeech } from './completeness.ts';

const RATE = 8000;
const SENTENCE = 'Your balance is ninety rupees.';
const speech = (seconds: number, channels = 1, level = 1000) =>
  new Int16Array(Math.round(seconds * RATE) * channels).fill(level);

test.each([
  ['nothing', 0, 'no-audio'],
  ['a tenth of a second', 0.1, 'too-short'],
  ['just under the fastest speech', 30 / 60 - 0.01, 'too-short'],
  ['the fastest speech', 30 / 60, undefined],
  ['ordinary speech', 2, undefined],
  ['the slowest speech', 30 + 5, undefined],
  ['more than the slowest speech', 30 + 5.01, 'too-long'],
])('%s for a sentence of 30 characters', (_, seconds, doubt) => {
  expect(doubtSpeech(SENTENCE, speech(seconds), RATE, 1)).toBe(doubt);
});

test('channels do not make speech longer', () => {
  expect(doubtSpeech(SENTENCE, speech(0.4, 2), RATE, 2)).toBe('too-short');
  expect(doubtSpeech(SENTENCE, speech(2, 2), RATE, 2)).toBeUndefined();
});

test('characters are counted as read, not as UTF-16 units', () => {
  expect(doubtSpeech('😀'.repeat(30), speech(0.5), RATE, 1)).toBeUndefined();
});

test('a single loud sample of either sign is not silence, noise below hearing is', () => {
  expect(doubtSpeech(SENTENCE, speech(2, 1, 0), RATE, 1)).toBe('silent');
  expect(doubtSpeech(SENTENCE, speech(2, 1, 110), RATE, 1)).toBe('silent');
  expect(doubtSpeech(SENTENCE, speech(2, 1, -110), RATE, 1)).toBe('silent');
  expect(doubtSpeech(SENTENCE, speech(2, 1, 0).with(5, 111), RATE, 1)).toBeUndefined();
  expect(doubtSpeech(SENTENCE, speech(2, 1, 0).with(5, -111), RATE, 1)).toBeUndefined();
});
