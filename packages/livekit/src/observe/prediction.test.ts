import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initializeLogger } from '@livekit/agents';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { predict, reach } from './forecast-and-truth.fixture.ts';
import type { Share } from './forecast.ts';
import { generateTraffic } from './traffic.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

const { setTimeout: later } = globalThis;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'warmline-prediction-'));
  // LiveKit starts each stream with a timer of 0 ms: real time, which the virtual clock would not wait for.
  vi.stubGlobal('setTimeout', (run: () => void, ms: number) => (ms === 0 ? setImmediate(run) : later(run, ms)));
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await rm(directory, { recursive: true });
});

test('from a spoken sentence to the directory, no text comes to rest', async () => {
  const calls = generateTraffic(1, 10);
  const { all } = await predict(calls, directory, false);
  expect(all.sentences).toBeGreaterThan(50);
  const names = await readdir(directory);
  const atRest = (await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))).join('');
  const words = calls.flatMap(({ replies }) => replies.flatMap(({ text }) => text.match(/\p{L}{4,}/gu) ?? []));
  expect(new Set(words).size).toBeGreaterThan(20);
  expect(words.filter((word) => atRest.includes(word))).toEqual([]);
});

const POINTS = 2;
const sentencePoints = ({ hits, sentences }: Share) => (100 * hits) / sentences;
const characterPoints = ({ hitCharacters, characters }: Share) => (100 * hitCharacters) / characters;

describe.each([
  { speaking: 'by the sentence', timed: false },
  { speaking: 'in runs', timed: true },
])('$speaking', ({ timed }) => {
  test.each([1, 2, 3, 4, 5])('the prediction is within 2 points of what is then reached (seed %i)', async (seed) => {
    const calls = generateTraffic(seed, 90);
    const { all: predicted, notAdmitted } = await predict(calls, directory, timed);
    const reached = await reach(calls, timed);

    // The traffic is what it is said to be: there is something to get wrong.
    expect(reached.sentences).toBeGreaterThan(600);
    expect(reached.notAdmitted).toBeGreaterThan(50);
    expect(reached.interrupted).toBeGreaterThan(10);
    expect(sentencePoints(reached)).toBeGreaterThan(50);
    expect(sentencePoints(reached)).toBeLessThan(80);

    expect(Math.abs(sentencePoints(predicted) - sentencePoints(reached))).toBeLessThan(POINTS);
    expect(Math.abs(characterPoints(predicted) - characterPoints(reached))).toBeLessThan(POINTS);
    expect(Math.abs(predicted.sentences / reached.sentences - 1)).toBeLessThan(0.03);
    expect(Math.abs(notAdmitted / reached.notAdmitted - 1)).toBeLessThan(0.06);
  });
});
