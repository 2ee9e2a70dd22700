import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutRun } from './cut-run.ts';
import { join } from './join.fixture.ts';
import type { TimedText } from './speech.ts';

const RATE = 8000;
const audio = (ms: number, channels = 1) => ({
  samples: Int16Array.from({ length: Math.round((ms * RATE) / 1000) * channels }, (_, at) => (at % 251) * 100 - 12_000),
  sampleRate: RATE,
  channels,
});
const words = (...timed: [string, number, number?][]): TimedText[] =>
  timed.map(([text, startMs, endMs]) => ({ text, startMs, ...(endMs === undefined ? {} : { endMs }) }));

test('the border lies in the middle of the pause, and times count from the start of each sentence', () => {
  const run = audio(2000);
  const pieces = cutRun(
    run,
    words(['One ', 100, 300], ['thing. ', 300, 600], ['Two ', 1000, 1200], ['more.', 1200, 1700]),
    ['One thing.', 'Two more.'],
  );
  expect(pieces?.map(({ samples }) => samples.length)).toEqual([(800 * RATE) / 1000, (1200 * RATE) / 1000]);
  expect(pieces?.map((piece) => piece.words)).toEqual([
    words(['One ', 100, 300], ['thing. ', 300, 600]),
    words(['Two ', 200, 400], ['more.', 400, 900]),
  ]);
});

test('a word without an end counts with its start', () => {
  const pieces = cutRun(audio(2000), words(['One.', 100], ['Two.', 900]), ['One.', 'Two.']);
  expect(pieces?.map(({ samples }) => samples.length)).toEqual([4000, 12_000]);
});

test('pieces own their memory', () => {
  for (const { samples } of cutRun(audio(2000), words(['One.', 0], ['Two.', 900]), ['One.', 'Two.']) ?? []) {
    expect(samples.buffer.byteLength).toBe(samples.byteLength);
  }
});

const WORDS = words(['One ', 0, 300], ['thing. ', 300, 600], ['Two ', 1000, 1200], ['more.', 1200, 1700]);
test.each<[string, TimedText[], string[]]>([
  ['no words', [], ['One thing.', 'Two more.']],
  ['too few words', WORDS.slice(0, 3), ['One thing.', 'Two more.']],
  ['too many words', [...WORDS, { text: 'More.', startMs: 1800 }], ['One thing.', 'Two more.']],
  ['other words', WORDS, ['One thing.', 'Two less.']],
  ['a number written out', words(['ninety ', 0], ['rupees.', 400], ['Yes.', 900]), ['90 rupees.', 'Yes.']],
  ['a word across a border', words(['One thing. Two ', 0, 600], ['more.', 700, 900]), ['One thing.', 'Two more.']],
  ['times that fall', words(['One.', 900, 1000], ['Two.', 100, 200]), ['One.', 'Two.']],
  ['words that overlap at the border', words(['One.', 0, 950], ['Two.', 900, 1500]), ['One.', 'Two.']],
  ['times beyond the audio', words(['One.', 0, 2900], ['Two.', 3000, 3500]), ['One.', 'Two.']],
  ['all at the same time', words(['One.', 0, 0], ['Two.', 0, 0]), ['One.', 'Two.']],
])('%s: the run is not cut', (_, timed, sentences) => {
  expect(cutRun(audio(2000), timed, sentences)).toBeUndefined();
});

test('white space and Unicode form of the words do not matter', () => {
  const timed = words([' Cafe\u0301', 0, 300], [' ', 300, 310], ['now.\n', 310, 600], ['नमस्ते।', 900, 1500]);
  expect(cutRun(audio(2000), timed, ['Café now.', 'नमस्ते।'])).toHaveLength(2);
});

test('pieces join to the whole, and words keep their place in it', () => {
  const sentence = fc.array(fc.constantFrom('one', 'two', 'तीन', 'cuatro,', 'é'), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(sentence, { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 20, max: 400 })),
      fc.integer({ min: 1, max: 2 }),
      (sentences, lengths, channels) => {
        let atMs = 0;
        const next = () => (atMs += lengths.next().value ?? 20);
        const timed = sentences.flatMap((each) =>
          each.map((text) => ({ text: `${text} `, startMs: next(), endMs: next() })),
        );
        const run = audio(next(), channels);
        const pieces = cutRun(
          run,
          timed,
          sentences.map((each) => each.join(' ')),
        );
        expect(pieces).toHaveLength(sentences.length);
        const joined = join((pieces ?? []).map(({ samples }) => samples));
        expect(Buffer.compare(Buffer.from(joined.buffer), Buffer.from(run.samples.buffer))).toBe(0);
        let offsetMs = 0;
        const places = (pieces ?? []).flatMap((piece) => {
          const startsMs = piece.words?.map(({ startMs }) => startMs + offsetMs) ?? [];
          expect(piece.samples.length % channels).toBe(0);
          offsetMs += (piece.samples.length / channels / RATE) * 1000;
          return startsMs;
        });
        for (const [index, { startMs }] of timed.entries()) expect(places[index]).toBeCloseTo(startMs, 6);
      },
    ),
    { numRuns: 200 },
  );
});
