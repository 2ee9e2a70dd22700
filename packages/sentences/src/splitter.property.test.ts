import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSentenceSplitter, splitSentences } from './index.ts';
import type { SentenceSplitter } from './index.ts';

// What provokes trouble: everything that can end a sentence, everything that can keep it from ending, and halves of things.
const fragments = [
  '.?!…।॥。！؟۔,;:—،"\'”)]}*(“<>/'.split(''),
  ['...', '?!', '. . .', '। ', '. ', '? ', '.\n', '\n', '\r\n', ' ', '  ', '\t', '\u00a0', '\u2028', '\ufeff'],
  ['3.5', '7:20', '1. ', '2. ', ' 3. ', '5', '५', '১', ' a', ' B', 'word', 'Next', 'I', ' I.', 'J. ', 'A.P.J. '],
  [
    'Dr.',
    'Rs. ',
    'No.',
    'etc.',
    'p.m. ',
    'U.S.',
    'e.g. ',
    'डॉ. ',
    'कि.मी.',
    'रु.',
    'option B.',
    'https://a.b/?c=1',
    'a@b.in',
  ],
  ['नमस्ते', 'क', '्', 'ा', 'வணக்கம்', 'நீ', '্', 'আমি', 'é', '\u0301', '好', '𝐀', 'ﾞ'],
  ['🙂', '👨‍👩‍👧', '🏽', '🇮🇳', '\ud83d', '\ude42', '\u200d', '\u200c', '\ufe0f'],
  ['<b>', '</b>', '<emotion value="happy. yes"/>', '<b ', '<x. ', '/>', `<a ${'y'.repeat(260)}`],
].flat();
const text = fc.array(fc.constantFrom(...fragments), { maxLength: 30, size: 'max' }).map((parts) => parts.join(''));
const maxLength = fc.oneof(fc.constant(500), fc.integer({ min: 2, max: 60 }));
const runs = { numRuns: 1000 };

const withoutSpace = (value: string): string => value.replaceAll(/\s/gu, '');
const finish = (splitter: SentenceSplitter, pieces: readonly string[]): string[] => [
  ...pieces.flatMap((piece) => splitter.push(piece)),
  ...splitter.flush(),
];
const cutAt = (value: string, cuts: readonly number[]): string[] => {
  const ends = [...cuts.map((cut) => cut % (value.length + 1)), value.length].toSorted((a, b) => a - b);
  return ends.map((end, index) => value.slice(ends[index - 1] ?? 0, end));
};

/** The best of three, so that a busy machine does not fail the test. */
const millis = (run: () => void): number =>
  Math.min(
    ...[0, 1, 2].map(() => {
      const start = performance.now();
      run();
      return performance.now() - start;
    }),
  );

describe('splitting any text', () => {
  it('keeps all of it but white space, in sentences that are trimmed, not empty and not too long', () => {
    fc.assert(
      fc.property(text, maxLength, (whole, limit) => {
        const sentences = splitSentences(whole, { maxLength: limit });
        expect(withoutSpace(sentences.join(''))).toBe(withoutSpace(whole));
        for (const sentence of sentences) {
          expect(sentence).toBe(sentence.trim());
          expect(sentence).not.toBe('');
          expect(sentence.length).toBeLessThanOrEqual(limit);
        }
      }),
      runs,
    );
  });

  it('gives the same sentences however the text is cut into pieces', () => {
    fc.assert(
      fc.property(text, maxLength, fc.array(fc.nat(), { maxLength: 12 }), (whole, limit, cuts) => {
        const options = { maxLength: limit };
        const expected = splitSentences(whole, options);
        expect(finish(createSentenceSplitter(options), cutAt(whole, cuts))).toEqual(expected);
        expect(finish(createSentenceSplitter(options), whole.split(''))).toEqual(expected);
      }),
      runs,
    );
  });

  it('leaves no state behind', () => {
    fc.assert(
      fc.property(text, text, maxLength, (first, second, limit) => {
        const splitter = createSentenceSplitter({ maxLength: limit });
        finish(splitter, [first]);
        expect(finish(splitter, [second])).toEqual(splitSentences(second, { maxLength: limit }));
      }),
      runs,
    );
  });

  it('never cuts a grapheme that fits', () => {
    const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
    fc.assert(
      fc.property(text, fc.integer({ min: 16, max: 40 }), (whole, limit) => {
        const graphemes = [...segmenter.segment(whole)];
        fc.pre(graphemes.every(({ segment }) => segment.length <= limit));
        const borders = new Set(graphemes.map(({ index }) => index).concat(whole.length));
        let at = 0;
        for (const sentence of splitSentences(whole, { maxLength: limit })) {
          at = whole.indexOf(sentence, at) + sentence.length;
          expect(borders.has(at), `${JSON.stringify(sentence)} ends in a grapheme`).toBe(true);
        }
      }),
      runs,
    );
  });
});

describe('promptness', () => {
  // One continuation for each way in which the next characters can decide.
  const continuations = [
    '',
    'a',
    'A',
    '5',
    'क',
    '.',
    '?',
    ')',
    '\u0301',
    '🙂',
    ' ',
    ' a',
    ' A',
    ' 5',
    ' .',
    ' 1. ',
    '. A',
  ];
  const tagged = ['b>a', 'b>A', 'b>5', '>a', '>A', '>5', '> a', '> A'];

  it('holds back no sentence that every continuation ends in the same way', () => {
    fc.assert(
      fc.property(text, (whole) => {
        fc.pre(!/[\ud800-\udbff]$/u.test(whole));
        const already = createSentenceSplitter().push(whole);
        const futures = [...continuations, ...tagged].map(
          (continuation) => splitSentences(whole + continuation)[already.length],
        );
        const [candidate] = futures;
        const certain = candidate !== undefined && futures.every((future) => future === candidate);
        expect(certain, `${JSON.stringify(candidate)} could have left`).toBe(false);
      }),
      { ...runs, numRuns: 500 },
    );
  });

  it('looks no further ahead than the first character of the next word', () => {
    const plain = text.filter((whole) => !/</u.test(whole) && !/\d\./u.test(whole) && whole.length < 500);
    fc.assert(
      fc.property(plain, (whole) => {
        const splitter = createSentenceSplitter();
        let spoken = 0;
        const reach = whole.split('').map((unit, index) => {
          const sentences = splitter.push(unit);
          spoken += withoutSpace(sentences.join('')).length;
          return sentences.length === 0 ? 0 : withoutSpace(whole.slice(0, index + 1)).length - spoken;
        });
        // Two units, because that character may be a surrogate pair.
        expect(Math.max(0, ...reach)).toBeLessThanOrEqual(2);
      }),
      runs,
    );
  });
});

describe('cost', () => {
  const texts: Record<string, (length: number) => string> = {
    letters: (length) => 'a'.repeat(length),
    words: (length) => 'word '.repeat(length / 5),
    sentences: (length) => 'Sure. '.repeat(length / 6),
    terminators: (length) => '?!'.repeat(length / 2),
    'white space': (length) => `at 5 p.m.${' '.repeat(length)}`,
    abbreviations: (length) => 'Dr. '.repeat(length / 4),
    'open tags': (length) => '<a '.repeat(length / 3),
    'long tags': (length) => `<${'a'.repeat(249)}`.repeat(length / 250),
    colons: (length) => ': 1. '.repeat(length / 5),
    marks: (length) => `e${'\u0301'.repeat(length)}`,
  };
  it.each(Object.keys(texts))('is linear in the length of the text: %s', (name) => {
    const make = texts[name] ?? String;
    for (const pieces of [(value: string): string[] => [value], (value: string): string[] => value.split('')]) {
      const cost = (length: number): number => {
        const input = pieces(make(length));
        return millis(() => finish(createSentenceSplitter(), input));
      };
      cost(1000);
      // Ten times the text; a quadratic splitter would need a hundred times as long.
      expect(cost(100_000)).toBeLessThan(40 * Math.max(cost(10_000), 0.25));
    }
  });
});
