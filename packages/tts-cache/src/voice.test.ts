import { expect, test } from 'vitest';
import { readVoice } from './voice.ts';

test('settings are taken as they are, from an object or a function', () => {
  const settings = { speaker: 'asha', pace: 1.1, expressive: false, style: null, pitch: undefined };
  expect(readVoice(settings)).toBe(settings);
  expect(readVoice(() => settings)).toBe(settings);
});

test('a function is read each time', () => {
  let speaker = 'asha';
  const voice = () => ({ speaker });
  expect(readVoice(voice)).toEqual({ speaker: 'asha' });
  speaker = 'bina';
  expect(readVoice(voice)).toEqual({ speaker: 'bina' });
});

test.each([
  ['nothing', undefined, 'got undefined'],
  ['null', null, 'got null'],
  ['a name alone', 'asha', 'got string'],
  ['a list', [{ speaker: 'asha' }], 'got array'],
  ['a function that returns nothing', () => undefined, 'got undefined'],
  ['no setting', {}, 'at least one setting'],
  ['only absent settings', { speaker: undefined }, 'at least one setting'],
  ['a nested setting', { speaker: 'asha', style: { mood: 'calm' } }, 'voice.style must be'],
  ['a list as a setting', { speaker: ['asha'] }, 'voice.speaker must be a string, number, boolean or null, got array'],
])('%s is refused', (_, voice, message) => {
  const read = () => readVoice(voice as never);
  expect(read).toThrow(TypeError);
  expect(read).toThrow(message);
});
