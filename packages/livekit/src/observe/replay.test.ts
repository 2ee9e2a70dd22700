import { MemorySharedTier } from '@warmline/cache-core';
import { FakeClock } from '@warmline/cache-core/testing';
import { createPhraseCache } from '@warmline/tts-cache';
import type { Observation } from '@warmline/tts-cache';
import { expect, test } from 'vitest';
import { observation } from './observation.fixture.ts';
import { HOST_TTL_MS, replay } from './replay.ts';

const HOUR_MS = 3_600_000;

/** The texts in the order in which they count, hits in capitals. */
const play = (...observations: Observation[]) =>
  replay(observations).map((each) => (each.hit ? each.observation.text?.toUpperCase() : each.observation.text));

test('what was stored before is a hit, for every call of the machine', () => {
  expect(
    play(
      observation('one', 0),
      observation('one', 1000),
      observation('one', 1000, { call: 'call-2' }),
      observation('two', 3000),
    ),
  ).toEqual(['one', 'ONE', 'ONE', 'two']);
});

test('observations may come in any order', () => {
  expect(play(observation('one', 5000), observation('one', 0, { call: 'call-2' }))).toEqual(['one', 'ONE']);
});

test('what is being recorded is heard along in the same call, and recorded once more by another', () => {
  const run = { unit: 'run' } as const;
  expect(play(observation('one', 0), observation('one', 999))).toEqual(['one', 'ONE']);
  expect(play(observation('one', 0), observation('one', 999, { call: 'call-2' }))).toEqual(['one', 'one']);
  // In a run it has no recording of its own.
  expect(play(observation('one', 0, run), observation('one', 999, run))).toEqual(['one', 'one']);
});

test('the first to be whole is there for the others', () => {
  const quick = observation('one', 10);
  const slow = (atMs: number) =>
    observation('one', atMs, { call: 'call-2', wouldBeStoredAtMs: observation('', 9000).startedAtMs });
  const third = observation('one', 1500, { call: 'call-3' });
  expect(play(slow(0), quick, third)).toEqual(['one', 'one', 'ONE']);
  expect(play(quick, slow(20), third)).toEqual(['one', 'one', 'ONE']);
});

test('what was never whole, not admitted or unspeakable is not stored', () => {
  const cut = { wouldBeStoredAtMs: undefined };
  const refused = { admitted: false };
  expect(play(observation('one', 0, cut), observation('one', 5000))).toEqual(['one', 'one']);
  expect(play(observation('one', 0), observation('one', 5000, refused))).toEqual(['one', 'one']);
  expect(play(observation('...', 0, { speakable: false }), observation('one', 0))).toEqual(['one']);
});

test('a phrase lives as long as its cache says, counted from when it was looked for; a hit does not prolong it', () => {
  const call = (atMs: number) => observation('one', atMs, { call: `at ${atMs}` });
  expect(
    play(call(0), call(12 * HOUR_MS), call(24 * HOUR_MS - 1), call(24 * HOUR_MS), call(24 * HOUR_MS + 1000)),
  ).toEqual(['one', 'ONE', 'ONE', 'one', 'ONE']);
});

test('the time to live is that of a phrase cache in a shared tier', async () => {
  const clock = new FakeClock();
  const machine = new MemorySharedTier({ clock });
  const samples = Int16Array.of(1, 2, 3);
  const speech = { sampleRate: 8000, channels: 1, samples, playFrom: 0, playTo: 3, words: undefined };
  const process = () => createPhraseCache({ tiers: [machine], clock });
  await process().getOrLoad('one', async () => speech);
  await clock.advance(HOST_TTL_MS - 1);
  expect(await process().get('one')).toBeDefined();
  await clock.advance(1);
  expect(await process().get('one')).toBeUndefined();
});

/** A sentence of one reply, all looked for after five seconds, cut short a second later when so much of it had been spoken. */
const cut = (text: string, spokenChars: number, more: Partial<Observation> = {}) => {
  const { startedAtMs } = observation('', 6000);
  const interruption = { atMs: startedAtMs, spokenChars };
  return observation(text, 5000, { call: 'call-2', reply: 7, wouldBeStoredAtMs: undefined, interruption, ...more });
};
const run = { unit: 'run' } as const;
const known = [observation('hit', 0), observation('too', 0)];
const again = (text: string) => observation(text, 7000, { call: 'call-3' });

test('of an interrupted reply counts how far the provider would have come, had it not to speak the hits', () => {
  // 5 characters spoken: without a cache that is as far as "too"; with one, "ab" is spoken and "cdefg" begun.
  const five = ['hit', 'too', 'ab', 'cdefg', 'hi'].map((text) => cut(text, 5));
  expect(play(...known, ...five)).toEqual(['hit', 'too', 'HIT', 'TOO', 'ab', 'cdefg']);
  // What was whole by then is stored, the rest is not.
  expect(play(...known, ...five, again('ab'), again('cdefg')).slice(-2)).toEqual(['AB', 'cdefg']);
  // Hung up before the first audio: the first sentence was asked for.
  expect(play(cut('a', 0), cut('b', 0))).toEqual(['a']);
  expect(play(...known, cut('hit', 0), cut('b', 0), cut('c', 0))).toEqual(['hit', 'too', 'HIT', 'b']);
  // Another reply of the same call is another story.
  expect(play(...known, cut('abcdef', 5), cut('b', 5, { reply: 8 }))).toEqual(['hit', 'too', 'abcdef', 'b']);
  expect(play(cut('card', 5, { admitted: false }), again('card'))).toEqual(['card', 'card']);
});

test('an interrupted run is lost as a whole, up to the next hit; one that had ended is stored', () => {
  const reply = (spokenChars: number) => ['ab', 'cd', 'hit', 'ef', 'gh'].map((text) => cut(text, spokenChars, run));
  expect(play(...known, ...reply(3))).toEqual(['hit', 'too', 'ab', 'cd']);
  expect(play(...known, ...reply(3), again('ab'))).toContain('ab');
  expect(play(...known, ...reply(3), again('ab'))).not.toContain('AB');
  expect(play(...known, ...reply(7))).toEqual(['hit', 'too', 'ab', 'cd', 'HIT', 'ef', 'gh']);
  expect(play(...known, ...reply(7), again('ab'), again('cd'), again('ef')).slice(-3)).toEqual(['AB', 'CD', 'ef']);
});
