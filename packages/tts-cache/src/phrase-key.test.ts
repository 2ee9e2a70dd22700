import type { tts } from '@livekit/agents';
import { expect, test } from 'vitest';
import { normalizeSentence, phraseKey } from './phrase-key.ts';

test.each([
  ['white space is folded and trimmed', '  Hello \n\t there.\u00a0 ', 'Hello there.'],
  ['letters are composed', 'Cafe\u0301', 'Café'],
  ['Hindi letters have one form', '\u0958', '\u0915\u093c'],
  ['a lone surrogate is replaced', 'a\ud83d', 'a\ufffd'],
  ['case and punctuation stay, they are heard', 'Really?! YES…', 'Really?! YES…'],
])('%s', (_, text, normal) => {
  expect(normalizeSentence(text)).toBe(normal);
  expect(normalizeSentence(normal)).toBe(normal);
});

const TTS = { provider: 'fake', model: 'fake-1', label: 'fake.TTS', sampleRate: 24_000, numChannels: 1 };
/** A TTS that says this of itself. */
const speaking = (of: Partial<typeof TTS>) => ({ ...TTS, ...of }) as tts.TTS;

const VOICE = { speaker: 'asha', language: 'hi-IN', pace: 1 };

test('the order of the settings does not matter, nor does one that is not set', () => {
  const key = phraseKey(speaking({}), VOICE, 'Hello.');
  expect(phraseKey(speaking({}), { pace: 1, language: 'hi-IN', speaker: 'asha' }, 'Hello.')).toBe(key);
  expect(phraseKey(speaking({}), { ...VOICE, pitch: undefined }, 'Hello.')).toBe(key);
});

test('every field separates', () => {
  const keys = [
    phraseKey(speaking({}), VOICE, 'Hello.'),
    phraseKey(speaking({ provider: 'other' }), VOICE, 'Hello.'),
    phraseKey(speaking({ model: 'other' }), VOICE, 'Hello.'),
    phraseKey(speaking({ label: 'other' }), VOICE, 'Hello.'),
    phraseKey(speaking({ sampleRate: 8000 }), VOICE, 'Hello.'),
    phraseKey(speaking({ numChannels: 2 }), VOICE, 'Hello.'),
    phraseKey(speaking({}), { ...VOICE, speaker: 'bina' }, 'Hello.'),
    phraseKey(speaking({}), { ...VOICE, language: 'ta-IN' }, 'Hello.'),
    phraseKey(speaking({}), { ...VOICE, pace: 1.1 }, 'Hello.'),
    phraseKey(speaking({}), { ...VOICE, pace: '1' }, 'Hello.'),
    phraseKey(speaking({}), { ...VOICE, pitch: null }, 'Hello.'),
    phraseKey(speaking({}), { ...VOICE, pitch: false }, 'Hello.'),
    phraseKey(speaking({}), { ...VOICE, pitch: 0 }, 'Hello.'),
    phraseKey(speaking({}), VOICE, 'hello.'),
    phraseKey(speaking({}), VOICE, 'Hello!'),
    phraseKey(speaking({}), VOICE, ''),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test('text cannot pass for a setting', () => {
  const one = phraseKey(speaking({}), { speaker: 'a' }, 'b","speaker":"c');
  const two = phraseKey(speaking({}), { speaker: 'a","sentence":"b' }, 'c');
  expect(one).not.toBe(two);
});
