import { describe, expect, it } from 'vitest';
import { splitText } from './split-text.ts';

describe('splitText', () => {
  it('cuts after white space and loses nothing', () => {
    const text = 'one two three four five six seven';
    const pieces = splitText(text, 10);
    expect(pieces).toEqual(['one two ', 'three ', 'four five ', 'six seven']);
    expect(pieces.join('')).toBe(text);
  });

  it('cuts words that are too long, but never a code point', () => {
    expect(splitText('😀😀😀😀😀', 2)).toEqual(['😀😀', '😀😀', '😀']);
    expect(splitText('', 2)).toEqual([]);
  });
});
