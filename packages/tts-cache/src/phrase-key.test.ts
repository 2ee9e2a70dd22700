import { initializeLogger } from '@livekit/agents';
import { expect, test } from 'vitest';
import { FakeTts } from './fake-tts.fixture.ts';
import { normalizeSentence, phraseKey } from './phrase-key.ts';

initializeLogger({ pretty: false, level: 'silent' });

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

/** A TTS that says this of itself. */
function tts(
  of: Partial<Record<'provider' | 'model' | 'label' | 'sampleRate' | 'numChannels', string | number>>,
): FakeTts {
  const inner = new FakeTts();
  for (const [name, value] of Object.entries(of)) Object.defineProperty(inner, name, { get: () => value });
  return inner;
}

const VOICE = { speaker: 'asha', language: 'hi-IN', pace: 1 };

test('the order of the settings does not matter, nor does one that is not set', () => {
  const key = phraseKey(tts({}), VOICE, 'Hello.');
  expect(phraseKey(tts({}), { pace: 1, language: 'hi-IN', speaker: 'asha' }, 'Hello.')).toBe(key);
  expect(phraseKey(tts({}), { ...VOICE, pitch: undefined }, 'Hello.')).toBe(key);
});

test('every field separates', () => {
  const keys = [
    phraseKey(tts({}), VOICE, 'Hello.'),
    phraseKey(tts({ provider: 'other' }), VOICE, 'Hello.'),
    phraseKey(tts({ model: 'other' }), VOICE, 'Hello.'),
    phraseKey(tts({ label: 'other' }), VOICE, 'Hello.'),
    phraseKey(tts({ sampleRate: 8000 }), VOICE, 'Hello.'),
    phraseKey(tts({ numChannels: 2 }), VOICE, 'Hello.'),
    phraseKey(tts({}), { ...VOICE, speaker: 'bina' }, 'Hello.'),
    phraseKey(tts({}), { ...VOICE, language: 'ta-IN' }, 'Hello.'),
    phraseKey(tts({}), { ...VOICE, pace: 1.1 }, 'Hello.'),
    phraseKey(tts({}), { ...VOICE, pace: '1' }, 'Hello.'),
    phraseKey(tts({}), { ...VOICE, pitch: null }, 'Hello.'),
    phraseKey(tts({}), { ...VOICE, pitch: false }, 'Hello.'),
    phraseKey(tts({}), { ...VOICE, pitch: 0 }, 'Hello.'),
    phraseKey(tts({}), VOICE, 'hello.'),
    phraseKey(tts({}), VOICE, 'Hello!'),
    phraseKey(tts({}), VOICE, ''),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test('text cannot pass for a setting', () => {
  const one = phraseKey(tts({}), { speaker: 'a' }, 'b","speaker":"c');
  const two = phraseKey(tts({}), { speaker: 'a","sentence":"b' }, 'c');
  expect(one).not.toBe(two);
});
