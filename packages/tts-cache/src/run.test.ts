import { setTimeout as sleep } from 'node:timers/promises';
import { initializeLogger } from '@livekit/agents';
import { MemorySharedTier } from '@warmline/cache-core';
import { FakeClock } from '@warmline/cache-core/testing';
import { expect, test } from 'vitest';
import { FakeTts, samplesOf } from './fake-tts.fixture.ts';
import type { Behaviour } from './fake-tts.fixture.ts';
import type { CachedTtsOptions, PhraseEvent } from './index.ts';
import { cachedTts, createPhraseCache } from './index.ts';
import { join } from './join.fixture.ts';
import { listen, say } from './listen.fixture.ts';
import { watchRejections } from './rejections.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

watchRejections();

function wrap(
  behaviour: (text: string, take: number) => Behaviour = () => ({}),
  options: Partial<CachedTtsOptions> = {},
) {
  const inner = new FakeTts({ words: true, behaviour });
  const events: PhraseEvent[] = [];
  const wrapped = cachedTts(inner, {
    voice: () => ({ speaker: inner.speaker }),
    onEvent: (event) => events.push(event),
    ...options,
  });
  return {
    inner,
    wrapped,
    events,
    spoken: () => inner.spoken.map(({ text }) => text),
    speech: () => events.flatMap((event) => (event.type === 'speech' ? [event] : [])),
    notStored: () => events.flatMap((event) => (event.type === 'not-stored' ? [event.reason] : [])),
  };
}

test('consecutive misses are one stream of the provider, stored and replayed sentence by sentence', async () => {
  const { wrapped, spoken, speech, notStored } = wrap();
  const text = 'One thing. Two other things. Three.';
  const whole = samplesOf(text, 'asha');
  const first = await say(wrapped, 'One thing. Two ot', 'her things. Thr', 'ee.');
  expect(spoken()).toEqual([text]);
  expect(first.samples).toEqual(whole);
  expect([first.ends, first.endedLast]).toEqual([1, true]);
  expect((await say(wrapped, text)).samples).toEqual(whole);
  const pieces = [
    await say(wrapped, 'One thing.'),
    await say(wrapped, 'Two other things.'),
    await say(wrapped, 'Three.'),
  ];
  expect(join(pieces.map(({ samples }) => samples))).toEqual(whole);
  expect(spoken()).toEqual([text]);
  expect(notStored()).toEqual([]);
  expect(
    speech().map(({ source, tier, spokenChars, billedChars }) => ({ source, tier, spokenChars, billedChars })),
  ).toEqual([
    ...[10, 17, 6].map((chars) => ({ source: 'recorded', tier: undefined, spokenChars: chars, billedChars: chars })),
    ...[10, 17, 6, 10, 17, 6].map((chars) => ({
      source: 'stored',
      tier: 'process',
      spokenChars: chars,
      billedChars: 0,
    })),
  ]);
  const heardMs = speech()
    .slice(0, 3)
    .reduce((sum, { audioMs }) => sum + audioMs, 0);
  expect(heardMs).toBeCloseTo((whole.length / 24_000) * 1000, 6);
});

test('word timings are stored with each sentence and replayed where the sentence is heard', async () => {
  const { wrapped } = wrap();
  const first = await say(wrapped, 'One thing. Two more.');
  expect(first.timings.map(({ text, start }) => ({ text, start }))).toEqual([
    { text: 'One ', start: 0 },
    { text: 'thing. ', start: 4 / 15 },
    { text: 'Two ', start: 11 / 15 },
    { text: 'more.', start: 15 / 15 },
  ]);
  const again = await say(wrapped, 'One thing. Two more.');
  expect(again.transcript).toBe('One thing. Two more.');
  for (const [index, { start, end }] of again.timings.entries()) {
    expect(start).toBeCloseTo(first.timings[index]?.start ?? -1, 6);
    expect(end).toBeCloseTo(first.timings[index]?.end ?? -1, 6);
  }
  // The border is in the middle of the space: half a character belongs to each sentence.
  const swapped = await say(wrapped, 'Two more. One thing.');
  expect(swapped.transcript.trim()).toBe('Two more. One thing.');
  const expected = [0.5, 4.5, 9.5, 13.5].map((characters) => characters / 15);
  for (const [index, { start }] of swapped.timings.entries()) expect(start).toBeCloseTo(expected[index] ?? -1, 6);
});

test('a hit ends the run', async () => {
  const { wrapped, spoken } = wrap();
  const known = (await say(wrapped, 'Known phrase.')).samples;
  const heard = await say(wrapped, 'One new. Two new. Known phrase. Three new. Four new.');
  expect(spoken()).toEqual(['Known phrase.', 'One new. Two new.', 'Three new. Four new.']);
  expect(heard.samples).toEqual(
    join([samplesOf('One new. Two new.', 'asha'), known, samplesOf('Three new. Four new.', 'asha')]),
  );
});

test('a switch of the voice ends the run, and each sentence is kept under the voice that spoke it', async () => {
  const { inner, wrapped } = wrap();
  const stream = wrapped.stream();
  const heard = listen(stream);
  stream.pushText('First one. ');
  await sleep(2);
  inner.speaker = 'bina';
  stream.pushText('Second one. Third one.');
  stream.endInput();
  expect((await heard).samples).toEqual(
    join([samplesOf('First one.', 'asha'), samplesOf('Second one. Third one.', 'bina')]),
  );
  expect(inner.spoken).toEqual([
    { text: 'First one.', speaker: 'asha' },
    { text: 'Second one. Third one.', speaker: 'bina' },
  ]);
  await say(wrapped, 'Second one. Third one.');
  expect(inner.spoken).toHaveLength(2);
  await say(wrapped, 'First one.');
  expect(inner.spoken.at(-1)).toEqual({ text: 'First one.', speaker: 'bina' });
});

test('a sentence that is not admitted is spoken within the run and not stored', async () => {
  const { wrapped, spoken, notStored } = wrap();
  const text = 'Thank you. Your code is 482913. Anything else?';
  expect((await say(wrapped, text)).samples).toEqual(samplesOf(text, 'asha'));
  expect(spoken()).toEqual([text]);
  expect(notStored()).toEqual(['not-admitted']);
  await say(wrapped, text);
  expect(spoken().slice(1)).toEqual(['Your code is 482913.']);
});

test('a run without timings is heard but not kept, and the provider speaks by the sentence from then on', async () => {
  const { wrapped, spoken, notStored } = wrap(() => ({ untimed: true }));
  const text = 'One thing. Two things.';
  const heard = await say(wrapped, text);
  expect([heard.samples, heard.ends]).toEqual([samplesOf(text, 'asha'), 1]);
  expect(notStored()).toEqual(['not-cut', 'not-cut']);
  await say(wrapped, text);
  expect(spoken()).toEqual([text, 'One thing.', 'Two things.']);
  await say(wrapped, text);
  expect(spoken()).toHaveLength(3);
});

test('an interruption inside a run stops the provider, settles at once and keeps nothing', async () => {
  const { inner, wrapped, events, notStored } = wrap(() => ({ chunkMs: 10 }));
  const stream = wrapped.stream();
  const heard = listen(stream);
  stream.pushText('A sentence of some length that takes time. And one more to go. ');
  stream.flush();
  stream.endInput();
  await sleep(40);
  const startedMs = performance.now();
  stream.close();
  await heard;
  expect(performance.now() - startedMs).toBeLessThan(150);
  await sleep(5);
  expect([inner.open, inner.cancelled]).toEqual([0, 1]);
  expect(notStored()).toEqual(['abandoned', 'abandoned']);
  expect(events.flatMap((event) => (event.type === 'speech' ? [event.interrupted] : []))).toEqual([true, true]);
  expect(wrapped.getPhraseCacheStats().phrases).toBe(0);
  await say(wrapped, 'And one more to go.');
  await say(wrapped, 'And one more to go.');
  expect(inner.spoken).toHaveLength(2);
});

test('what follows a run, an interruption included, does not change what became of it', async () => {
  const { wrapped, events } = wrap();
  const known = 'This phrase is known and rather long, so that it can be interrupted.';
  await say(wrapped, known);
  const stream = wrapped.stream();
  stream.pushText(`Something new. ${known} More.`);
  stream.endInput();
  let samples = 0;
  for await (const item of stream) {
    if (typeof item !== 'symbol') samples += item.frame.data.length;
    if (samples > samplesOf('Something new.', 'asha').length) stream.close();
  }
  // Not of the run before it, but of "More.", which was already being spoken.
  expect(events.flatMap((event) => (event.type === 'not-stored' ? [event.chars] : []))).toEqual(['More.'.length]);
  await say(wrapped, 'Something new.');
  expect(wrapped.getPhraseCacheStats().misses).toBe(2);
});

test("a sentence inside somebody else's run is neither waited for nor spoken twice into the cache", async () => {
  const { inner, wrapped, spoken } = wrap((text) => (text === 'Slow one. Shared one.' ? { firstAudioMs: 600 } : {}));
  const first = say(wrapped, 'Slow one. Shared one.');
  await sleep(20);
  const second = await say(wrapped, 'Shared one.');
  expect(second.firstAudioMs).toBeLessThan(400);
  expect(second.samples).toEqual(samplesOf('Shared one.', 'asha'));
  const whole = samplesOf('Slow one. Shared one.', 'asha');
  expect((await first).samples).toEqual(whole);
  expect(spoken()).toEqual(['Slow one. Shared one.', 'Shared one.']);
  expect((await say(wrapped, 'Slow one. Shared one.')).samples).toEqual(whole);
  expect(inner.spoken).toHaveLength(2);
});

test('a sentence that comes after the run of its turn has failed is spoken, and blocks nobody later', async () => {
  const { inner, wrapped, events, notStored } = wrap((text) => (text.startsWith('First') ? { failAfter: 0 } : {}));
  const stream = wrapped.stream();
  const heard = listen(stream);
  stream.pushText('First one. ');
  stream.flush();
  // The provider ends its stream while the text is still being written.
  await sleep(5);
  inner.streams[0]?.endInput();
  await sleep(20);
  stream.pushText('Second one.');
  stream.endInput();
  expect((await heard).samples).toEqual(samplesOf('Second one.', 'asha'));
  expect(notStored()).toEqual(['failed']);
  expect(events).toContainEqual(expect.objectContaining({ type: 'unspoken', reason: 'failed', chars: 10 }));
  await say(wrapped, 'Second one.');
  expect(inner.spoken).toHaveLength(2);
});

test('a sentence whose run fails while the tiers are asked is kept under no voice but the one it was looked up in', async () => {
  const tier = new MemorySharedTier();
  const read = tier.read.bind(tier);
  let answer: (() => void) | undefined;
  const { inner, wrapped, notStored } = wrap((text) => (text.startsWith('First') ? { failAfter: 0 } : {}), {
    cache: createPhraseCache({ tiers: [tier], tierBudgetMs: 5_000 }),
  });
  const stream = wrapped.stream();
  const heard = listen(stream);
  stream.pushText('First one. ');
  stream.flush();
  await sleep(5);
  tier.read = async (entries) => {
    await new Promise<void>((resolve) => (answer = resolve));
    return read(entries);
  };
  stream.pushText('Second one.');
  stream.endInput();
  await sleep(5);
  inner.streams[0]?.endInput();
  await sleep(20);
  inner.speaker = 'bina';
  answer?.();
  expect((await heard).samples).toEqual(samplesOf('Second one.', 'bina'));
  expect(notStored()).toEqual(['failed', 'abandoned']);
  tier.read = read;
  inner.speaker = 'asha';
  expect((await say(wrapped, 'Second one.')).samples).toEqual(samplesOf('Second one.', 'asha'));
});

test('a provider that falls silent within a run is given up as stalled', async () => {
  const clock = new FakeClock();
  const { wrapped, notStored } = wrap(() => ({ hangAfter: 1 }), { clock, stallMs: 500 });
  const heard = say(wrapped, 'This is not going to end well. Never.');
  await sleep(30);
  await clock.advance(499);
  expect(notStored()).toEqual([]);
  await clock.advance(1);
  expect((await heard).ends).toBe(0);
  expect(notStored()).toEqual(['stalled', 'stalled']);
});

test('a listener that takes its time is not a stalled provider', async () => {
  const clock = new FakeClock();
  const { wrapped, notStored } = wrap(() => ({}), { clock, stallMs: 500 });
  await say(wrapped, 'Before that.');
  expect(clock.pending).toBe(0);
  const text = 'This is listened to slowly. Packet by packet.';
  const parts: Int16Array[] = [];
  for await (const frame of wrapped.phraseAudio(text)) {
    await sleep(1);
    await clock.advance(600);
    parts.push(frame.data);
  }
  expect(join(parts)).toEqual(samplesOf(text, 'asha'));
  expect(notStored()).toEqual([]);
});

test('a voice that cannot be read is a clear error and no unhandled rejection, however late the text ends', async () => {
  let voice: Record<string, string> = { speaker: 'asha' };
  const { wrapped } = wrap(() => ({}), { voice: () => voice } as Partial<CachedTtsOptions>);
  const errors: string[] = [];
  wrapped.on('error', ({ error }) => errors.push(error.message));
  const stream = wrapped.stream();
  const heard = listen(stream);
  stream.pushText('First one. ');
  stream.flush();
  await sleep(2);
  voice = {};
  stream.pushText('Second one. ');
  stream.flush();
  await sleep(20);
  stream.endInput();
  expect((await heard).ends).toBe(0);
  expect(errors).toEqual([expect.stringMatching(/at least one setting/)]);
});

test('a reply that began in runs keeps its order when the provider is taken off runs meanwhile', async () => {
  const tier = new MemorySharedTier();
  const read = tier.read.bind(tier);
  tier.read = async (entries) => {
    await sleep(25);
    return read(entries);
  };
  const { wrapped } = wrap((text) => (text.startsWith('Bad') ? { untimed: true } : {}), {
    cache: createPhraseCache({ tiers: [tier], tierBudgetMs: 5 }),
  });
  const bad = say(wrapped, 'Bad one. Bad two.');
  const stream = wrapped.stream();
  const heard = listen(stream);
  stream.pushText('One thing. ');
  stream.flush();
  await bad;
  stream.pushText('Two things. Three things. ');
  stream.flush();
  stream.endInput();
  expect((await heard).samples).toEqual(samplesOf('One thing. Two things. Three things.', 'asha'));
});

test('in runs too a hit names the tier that had it, and the stream opened meanwhile bills nothing', async () => {
  const tier = new MemorySharedTier();
  const other = wrap(() => ({}), { cache: createPhraseCache({ tiers: [tier] }) });
  await say(other.wrapped, 'Shared phrase.');
  const { inner, wrapped, speech } = wrap(() => ({}), { cache: createPhraseCache({ tiers: [tier] }) });
  const heard = await say(wrapped, 'Shared phrase.');
  expect(heard.samples).toEqual(samplesOf('Shared phrase.', 'asha'));
  expect(speech().map(({ source, tier: name, billedChars }) => ({ source, name, billedChars }))).toEqual([
    { source: 'stored', name: 'host', billedChars: 0 },
  ]);
  await sleep(1);
  expect([inner.spoken.length, inner.streams.filter((stream) => !stream.abortSignal.aborted).length]).toEqual([0, 0]);
});
