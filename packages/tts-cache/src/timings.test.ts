import { initializeLogger } from '@livekit/agents';
import { expect, test } from 'vitest';
import { FakeTts, samplesOf } from './fake-tts.fixture.ts';
import { cachedTts } from './index.ts';
import { say } from './listen.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

const seconds = (text: string) => samplesOf(text, 'asha').length / 24_000;

test('without word timings each sentence is timed, spoken or replayed, in seconds that add up', async () => {
  const wrapped = cachedTts(new FakeTts(), { voice: { speaker: 'asha' } });
  expect(wrapped.capabilities).toMatchObject({ streaming: true, alignedTranscript: true });
  const sentences = ['One thing.', 'Another thing.', 'नमस्ते।'];
  const spoken = await say(wrapped, sentences.join(' '));
  const replayed = await say(wrapped, sentences.join(' '));
  for (const { timings, transcript } of [spoken, replayed]) {
    expect(transcript).toBe(sentences.join(' '));
    expect(timings.map(({ text }) => text.trim())).toEqual(sentences);
    let startsAt = 0;
    for (const [index, sentence] of sentences.entries()) {
      expect(timings[index]?.start).toBeCloseTo(startsAt, 6);
      startsAt += seconds(sentence);
    }
  }
  // Where a sentence ends is known only when it has been heard whole.
  expect(spoken.timings.map(({ end }) => end)).toEqual([undefined, undefined, undefined]);
  for (const { text, start, end } of replayed.timings) expect(end).toBeCloseTo(start + seconds(text.trim()), 6);
});

test.each([{ words: true }, { words: false }])(
  'the silence that is skipped at replay is skipped in the timings, with %j',
  async ({ words }) => {
    const inner = new FakeTts({ words, behaviour: () => ({ leadMs: 1000 }) });
    const wrapped = cachedTts(inner, { voice: { speaker: 'asha' } });
    const spoken = await say(wrapped, 'One two.');
    const replayed = await say(wrapped, 'One two.');
    expect(spoken.samples.length).toBe(24_000 + samplesOf('One two.', 'asha').length);
    expect(replayed.samples).toEqual(spoken.samples.slice(18_000));
    const [first, last] = [replayed.timings[0], replayed.timings.at(-1)];
    expect(first?.start).toBeCloseTo(words ? 0.25 : 0, 6);
    expect(last?.end).toBeCloseTo(0.25 + seconds('One two.'), 6);
  },
);
