import { splitSentences } from '@warmline/sentences';
import { describe, expect, it } from 'vitest';
import type { Dialogue } from './dialogue.ts';
import { english } from './english.ts';
import { hindi } from './hindi.ts';
import { hinglish } from './hinglish.ts';
import { shippedWorkload } from './shipped-workload.ts';

const sentencesOf = ({ turns }: Dialogue): string[] => turns.flatMap((turn) => splitSentences(turn));

describe('the shipped workload', () => {
  it('has dialogues with a name each and the turns of a short call', () => {
    expect(shippedWorkload.length).toBeGreaterThanOrEqual(60);
    expect(new Set(shippedWorkload.map(({ dialog }) => dialog)).size).toBe(shippedWorkload.length);
    for (const { turns } of shippedWorkload) {
      expect(turns.length).toBeGreaterThanOrEqual(5);
      expect(turns.length).toBeLessThanOrEqual(9);
      const lengths = turns.map((turn) => splitSentences(turn).length);
      expect(Math.min(...lengths)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(3);
    }
  });

  it.each([
    ['English', english, 'en-IN', /^[^\p{Lo}]+$/u],
    ['Hindi', hindi, 'hi-IN', /\p{Script=Devanagari}/u],
    ['Hinglish', hinglish, 'hi-IN', /^[^\p{Lo}]+$/u],
  ] as const)('has at least 20 dialogues and 100 distinct sentences in %s', (_, dialogues, language, script) => {
    const distinct = new Set(dialogues.flatMap(sentencesOf));
    expect(dialogues.length).toBeGreaterThanOrEqual(20);
    expect(distinct.size).toBeGreaterThanOrEqual(100);
    expect(new Set(dialogues.map((dialogue) => dialogue.language))).toEqual(new Set([language]));
    for (const sentence of distinct) expect(sentence).toMatch(script);
  });

  it('repeats between 30 and 75 % of its sentences in another dialogue', () => {
    const dialoguesWith = new Map<string, number>();
    for (const dialogue of shippedWorkload) {
      for (const sentence of new Set(sentencesOf(dialogue))) {
        dialoguesWith.set(sentence, (dialoguesWith.get(sentence) ?? 0) + 1);
      }
    }
    const spoken = shippedWorkload.flatMap(sentencesOf);
    const repeated = spoken.filter((sentence) => (dialoguesWith.get(sentence) ?? 0) > 1);
    const share = repeated.length / spoken.length;
    expect(dialoguesWith.size).toBeGreaterThanOrEqual(300);
    expect(share).toBeGreaterThanOrEqual(0.3);
    expect(share).toBeLessThanOrEqual(0.75);
  });
});
