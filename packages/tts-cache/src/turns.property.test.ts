import { setTimeout as sleep } from 'node:timers/promises';
import { initializeLogger } from '@livekit/agents';
import type { tts } from '@livekit/agents';
import { MemorySharedTier } from '@warmline/cache-core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeTts } from './fake-tts.fixture.ts';
import type { Behaviour } from './fake-tts.fixture.ts';
import { cachedTts, createPhraseCache } from './index.ts';
import { join } from './join.fixture.ts';
import { phraseKey } from './phrase-key.ts';
import { watchRejections } from './rejections.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

watchRejections();

const VOICE = { speaker: 'asha' };
const SENTENCES = ['Ask me.', 'But why?', 'Come in now.', 'Do it!', 'Even so.', 'Five 1234.'];
const SPACE = 7777;

/**
 * A voice that speaks each character alike wherever it stands, so that a sentence sounds the same alone and within a run.
 * A space is one note: where a run is cut, half of it goes to each side.
 */
function sound(text: string): Int16Array {
  return join([...text].map((char) => Int16Array.from({ length: 1600 }, (_, at) => note(char, at))));
}

function note(char: string, at: number): number {
  return char === ' ' ? SPACE : (((char.codePointAt(0) ?? 0) * 977 + at * 37) % 8000) - 4000;
}

/** Bytes to compare, without the spaces. */
function bytesOf(samples: Int16Array): Buffer {
  const voiced = samples.filter((sample) => sample !== SPACE);
  return Buffer.from(voiced.buffer, voiced.byteOffset, voiced.byteLength);
}

const SOUNDS = SENTENCES.map((text) => bytesOf(sound(text)));

function check(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`broken: ${promise}`);
}

interface TurnPlan {
  readonly sentences: readonly number[];
  /** Where the text is cut into tokens, as parts of its length. */
  readonly cuts: readonly number[];
  /** Whether tokens come one by one or all at once. */
  readonly slow: boolean;
  /** Interrupted after this many packets. */
  readonly interruptAfter: number | undefined;
}

const turnPlan: fc.Arbitrary<TurnPlan> = fc.record({
  sentences: fc.array(fc.nat(SENTENCES.length - 1), { minLength: 1, maxLength: 4 }),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
  slow: fc.boolean(),
  interruptAfter: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined, freq: 3 }),
});

/** What the provider does with one text: mostly well. */
const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.nat(4).map((failAfter) => ({ failAfter })) },
  { weight: 1, arbitrary: fc.nat(4).map((cutAfter) => ({ cutAfter })) },
  { weight: 1, arbitrary: fc.constant({ untimed: true }) },
);

const scenario = fc.record({
  fake: fc.constantFrom({ streaming: true }, { streaming: false }, { words: true }),
  shared: fc.boolean(),
  behaviours: fc.array(behaviour, { minLength: 1, maxLength: 12 }),
  rounds: fc.array(fc.array(turnPlan, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
});

const wholeOf = (sentences: readonly number[]): Buffer => Buffer.concat(sentences.map((index) => SOUNDS[index]!));

interface HeardTurn {
  readonly bytes: Buffer;
  readonly ends: number;
  readonly endedLast: boolean;
  readonly interrupted: boolean;
}

async function speak(wrapped: tts.TTS, { sentences, cuts, slow, interruptAfter }: TurnPlan): Promise<HeardTurn> {
  const text = sentences.map((index) => SENTENCES[index]).join(' ');
  const ends = [...cuts.map((cut) => Math.round(cut * text.length)), text.length].toSorted((a, b) => a - b);
  const stream = wrapped.stream();
  const hear = async (): Promise<HeardTurn> => {
    const parts: Int16Array[] = [];
    const marks: number[] = [];
    let items = 0;
    for await (const item of stream) {
      items++;
      if (typeof item === 'symbol') marks.push(items);
      else parts.push(item.frame.data);
      if (items === interruptAfter) stream.close();
    }
    return {
      bytes: bytesOf(join(parts)),
      ends: marks.length,
      endedLast: marks.at(-1) === items,
      interrupted: interruptAfter !== undefined && items >= interruptAfter,
    };
  };
  const heard = hear();
  for (const [index, end] of ends.entries()) {
    stream.pushText(text.slice(ends[index - 1] ?? 0, end));
    if (slow) await new Promise(setImmediate);
  }
  stream.endInput();
  if (interruptAfter === 0) stream.close();
  return heard;
}

/** Whether bytes are the sentences in order, each whole, or, where allowed, only its beginning. */
function isInOrder(bytes: Buffer, sentences: readonly number[], brokenAllowed: boolean): boolean {
  const [index, ...others] = sentences;
  if (index === undefined) return bytes.length === 0;
  const first = SOUNDS[index]!;
  const same = commonPrefix(bytes, first);
  if (same === first.length && isInOrder(bytes.subarray(same), others, brokenAllowed)) return true;
  if (!brokenAllowed) return false;
  // A sample or two of the next sentence may by chance be those of this one.
  return [0, 2, 4].some((back) => back <= same && isInOrder(bytes.subarray(same - back), others, true));
}

function commonPrefix(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  if (a.compare(b, 0, length, 0, length) === 0) return length;
  let at = 0;
  while (a[at] === b[at]) at++;
  return at - (at % 2);
}

async function run({
  fake,
  shared,
  behaviours,
  rounds,
}: typeof scenario extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  let calls = 0;
  let faults = 0;
  let healthy = false;
  const inner: FakeTts = new FakeTts({
    ...fake,
    sound,
    behaviour: () => {
      const chosen = (healthy ? {} : behaviours[calls++ % behaviours.length]) ?? {};
      if ('failAfter' in chosen || 'cutAfter' in chosen) faults++;
      return { firstAudioMs: 0, chunkMs: 0, ...chosen };
    },
  });
  const cache = createPhraseCache(shared ? { tiers: [new MemorySharedTier()] } : {});
  const wrapped = cachedTts(inner, { voice: VOICE, cache });
  wrapped.on('error', () => undefined);
  for (const turns of rounds) {
    const faultsBefore = faults;
    const heard = await Promise.all(turns.map((turn) => speak(wrapped, turn)));
    for (const [index, { bytes, ends, endedLast, interrupted }] of heard.entries()) {
      const { sentences } = turns[index]!;
      const failed = faults > faultsBefore;
      check(ends === 0 || (ends === 1 && endedLast), 'at most one end, and last');
      check(ends === 1 || interrupted || failed, 'an end, unless something failed or was interrupted');
      if (ends === 1 || failed) check(isInOrder(bytes, sentences, ends === 0), 'all sentences in order');
      else check(wholeOf(sentences).subarray(0, bytes.length).equals(bytes), 'all up to the interruption');
    }
  }
  while (inner.open > 0) await sleep(1);
  for (const [index, text] of SENTENCES.entries()) {
    const stored = cache.peek(phraseKey(inner, VOICE, text));
    check(stored === undefined || bytesOf(stored.samples).equals(SOUNDS[index]!), 'stored whole or not at all');
    check(stored === undefined || text !== 'Five 1234.', 'nothing stored that is not admitted');
  }
  healthy = true;
  const all = [...SENTENCES.keys()];
  const last = await speak(wrapped, { sentences: all, cuts: [], slow: false, interruptAfter: undefined });
  check(last.ends === 1 && isInOrder(last.bytes, all, false), 'all is spoken or replayed when all is well');
  check(cache.stats().loading === 0, 'no load is left behind');
  await wrapped.close();
  await cache.close();
}

test('whatever fails or is interrupted, each turn is heard in order and only whole sentences are kept', async () => {
  let runs = 0;
  const counted = fc.asyncProperty(scenario, async (each) => {
    await run(each);
    runs++;
  });
  await fc.assert(counted, { numRuns: 100, interruptAfterTimeLimit: 18_000 });
  expect(runs).toBe(100);
});

test('the check sees a missing, a swapped and a cut sentence', () => {
  const heard = (...indexes: number[]) => wholeOf(indexes);
  expect(isInOrder(heard(0, 1, 2), [0, 1, 2], false)).toBe(true);
  expect(isInOrder(heard(0, 2), [0, 1, 2], false)).toBe(false);
  expect(isInOrder(heard(0, 2), [0, 1, 2], true)).toBe(true);
  expect(isInOrder(heard(1, 0), [0, 1], true)).toBe(false);
  expect(isInOrder(heard(0, 1).subarray(0, -2), [0, 1], false)).toBe(false);
  expect(isInOrder(heard(0, 1).subarray(0, -2), [0, 1], true)).toBe(true);
});
