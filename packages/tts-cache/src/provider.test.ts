import { systemClock } from '@warmline/cache-core';
import { expect, test } from 'vitest';
import { FakeTts } from './fake-tts.fixture.ts';
import { Provider } from './provider.ts';
import type { Voice } from './voice.ts';

const provider = (voice: Voice) => new Provider(0, new FakeTts(), voice, undefined, systemClock);

test('the voices it had are remembered as they were, each once', () => {
  const settings = { speaker: 'asha', pace: 1 };
  const changing = provider(() => settings);
  for (const speaker of ['asha', 'bina', 'asha']) {
    settings.speaker = speaker;
    expect(changing.voice).toEqual({ speaker, pace: 1 });
  }
  settings.pace = 1.1;
  expect(changing.voices).toEqual([
    { speaker: 'bina', pace: 1 },
    { speaker: 'asha', pace: 1 },
    { speaker: 'asha', pace: 1.1 },
  ]);
  expect(provider({ speaker: 'asha' }).voices).toEqual([{ speaker: 'asha' }]);
});

test('a voice that changes all the time is remembered a hundred times', () => {
  let pace = 0;
  const changing = provider(() => ({ pace: pace++ }));
  for (let time = 0; time < 150; time++) void changing.voice;
  expect(changing.voices.map((voice) => voice['pace'])).toEqual(Array.from({ length: 100 }, (_, index) => index + 52));
});
