import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { synthesize } from './synthesize.ts';
import type { Voice } from './voice.ts';

const EDGES = { leadSilenceMs: 20, tailSilenceMs: 40 };
const TEXT = 'Your order of Rs. 500 will arrive tomorrow between nine and eleven in the morning.';
const VOICE: Voice = {
  model: 'bulbul:v3',
  speaker: 'shubh',
  language: 'en-IN',
  pace: 1,
  pitch: 0,
  loudness: 1,
  temperature: 0.6,
  sampleRate: 24_000,
  dictId: undefined,
};
const GREEDY: Voice = { ...VOICE, temperature: 0 };

const hash = (pcm: Buffer): string => createHash('sha256').update(pcm).digest('hex').slice(0, 16);
const speak = (voice: Voice, text = TEXT, take = 1): Buffer => synthesize(text, voice, take, EDGES);

describe('synthesize', () => {
  it('gives the golden bytes', () => {
    expect(hash(speak(VOICE))).toMatchInlineSnapshot(`"726ccd2f1e6e2e6d"`);
    expect(hash(speak(VOICE, TEXT, 2))).toMatchInlineSnapshot(`"1f3109027498f521"`);
    expect(hash(speak({ ...VOICE, model: 'bulbul:v2', speaker: 'anushka', temperature: 0 }))).toMatchInlineSnapshot(
      `"65b531f778dffdd1"`,
    );
    expect(hash(speak(VOICE, 'नमस्ते, मैं आपकी क्या सहायता कर सकता हूँ?'))).toMatchInlineSnapshot(`"018c0afa3c1adcd6"`);
  });

  it('is the same for the same arguments', () => {
    expect(speak(VOICE).equals(speak({ ...VOICE }))).toBe(true);
  });

  const others: Partial<Voice>[] = [
    { speaker: 'ritu' },
    { model: 'bulbul:v3-beta' },
    { language: 'hi-IN' },
    { pace: 1.1 },
    { sampleRate: 22_050 },
    { temperature: 0.7 },
    { dictId: 'p_1' },
  ];
  it.each(others)('is different for %j', (other) => {
    expect(hash(speak({ ...GREEDY, ...other }))).not.toBe(hash(speak(GREEDY)));
  });

  it('lasts as long as its text takes to say', () => {
    for (const [text, characters] of [
      [TEXT, 82],
      ['😀'.repeat(40), 40],
    ] as const) {
      for (const pace of [0.5, 1, 2]) {
        const seconds = speak({ ...GREEDY, pace }, text).length / 48_000;
        expect(seconds).toBeCloseTo(characters / 15.7 / pace + 0.06, 3);
      }
    }
  });

  it('varies samples and length by take only where the model samples', () => {
    const takes = [1, 2, 3].map((take) => speak(VOICE, TEXT, take));
    expect(new Set(takes.map(hash)).size).toBe(3);
    expect(new Set(takes.map((pcm) => pcm.length)).size).toBe(3);
    const greedy = speak(GREEDY).length;
    for (const pcm of takes) expect(Math.abs(pcm.length / greedy - 1)).toBeLessThan(0.031);
    expect(hash(speak(GREEDY, TEXT, 2))).toBe(hash(speak(GREEDY)));
  });

  it('has silent edges, and between them is never silent, never clipped, and as loud as speech', () => {
    for (const voice of [VOICE, { ...VOICE, speaker: 'mani' }, { ...GREEDY, model: 'bulbul:v2', loudness: 3 }]) {
      const pcm = speak(voice);
      const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2);
      const spoken = samples.subarray(480, -960);
      expect(samples.subarray(0, 480).every((sample) => sample === 0)).toBe(true);
      expect(samples.subarray(-960).every((sample) => sample === 0)).toBe(true);
      const peak = spoken.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
      expect(peak).toBeGreaterThan(4000);
      expect(peak).toBeLessThan(24_000);
      for (let start = 0; start + 480 < spoken.length; start += 480) {
        const window = spoken.subarray(start, start + 480);
        const rms = Math.sqrt(window.reduce((sum, sample) => sum + sample * sample, 0) / 480);
        expect(rms).toBeGreaterThan(100);
      }
    }
  });
});
