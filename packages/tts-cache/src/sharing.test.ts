import { setTimeout as sleep } from 'node:timers/promises';
import { initializeLogger } from '@livekit/agents';
import type { tts } from '@livekit/agents';
import { MemorySharedTier } from '@warmline/cache-core';
import { expect, test } from 'vitest';
import { FakeTts, samplesOf } from './fake-tts.fixture.ts';
import type { Behaviour } from './fake-tts.fixture.ts';
import type { PhraseEvent } from './index.ts';
import { cachedTts, createPhraseCache } from './index.ts';
import { join } from './join.fixture.ts';
import { listen, say } from './listen.fixture.ts';
import { watchRejections } from './rejections.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

watchRejections();

const FIRST = 'The first sentence takes quite a while to be spoken.';
const SECOND = 'The second one is wanted by two callers.';

function wrap(behaviour: (text: string, take: number) => Behaviour, tier?: MemorySharedTier) {
  const inner = new FakeTts({ behaviour });
  const events: PhraseEvent[] = [];
  const wrapped = cachedTts(inner, {
    voice: { speaker: 'asha' },
    cache: createPhraseCache(tier ? { tiers: [tier], tierBudgetMs: 1_000 } : {}),
    onEvent: (event) => events.push(event),
  });
  return { inner, wrapped, events };
}

function begin(wrapped: tts.TTS, text: string) {
  const stream = wrapped.stream();
  const heard = listen(stream);
  stream.pushText(text);
  stream.endInput();
  return { stream, heard };
}

test('a caller that leaves does not end a recording that another will hear later in its turn', async () => {
  const { inner, wrapped } = wrap(() => ({ chunkMs: 10 }));
  const patient = begin(wrapped, `${FIRST} ${SECOND}`);
  await sleep(20);
  const impatient = begin(wrapped, SECOND);
  await sleep(30);
  impatient.stream.close();
  await impatient.heard;
  const { samples, ends } = await patient.heard;
  expect(samples).toEqual(join([samplesOf(FIRST, 'asha'), samplesOf(SECOND, 'asha')]));
  expect([ends, inner.spoken.length, inner.cancelled]).toEqual([1, 2, 0]);
});

test('a caller that comes in the tick in which the last listener leaves is spoken to', async () => {
  const { inner, wrapped } = wrap(() => ({ chunkMs: 10 }));
  const first = begin(wrapped, FIRST);
  await sleep(40);
  first.stream.close();
  const parts: Int16Array[] = [];
  for await (const frame of wrapped.phraseAudio(FIRST)) parts.push(frame.data);
  expect(join(parts)).toEqual(samplesOf(FIRST, 'asha', 2));
  await first.heard;
  expect([inner.spoken.length, inner.cancelled, inner.open]).toEqual([2, 1, 0]);
  await say(wrapped, FIRST);
  await say(wrapped, FIRST);
  expect(inner.spoken).toHaveLength(3);
});

test('a caller that leaves while the tiers are asked leaves the recording to who waits with it', async () => {
  const tier = new MemorySharedTier();
  const read = tier.read.bind(tier);
  tier.read = async (entries) => {
    await sleep(30);
    return read(entries);
  };
  const { inner, wrapped, events } = wrap(() => ({}), tier);
  const first = begin(wrapped, FIRST);
  await sleep(10);
  const second = begin(wrapped, FIRST);
  await sleep(5);
  first.stream.close();
  expect((await second.heard).samples).toEqual(samplesOf(FIRST, 'asha'));
  await say(wrapped, FIRST);
  expect(inner.spoken).toHaveLength(1);
  expect(events.filter(({ type }) => type === 'not-stored')).toEqual([]);
});

test('a rejection is shared: one call of the provider, and each caller is told', async () => {
  const { inner, wrapped, events } = wrap(() => ({ firstAudioMs: 20, failAfter: 0 }));
  const heard = await Promise.all([say(wrapped, FIRST), say(wrapped, FIRST), say(wrapped, FIRST)]);
  expect(heard.map(({ ends }) => ends)).toEqual([0, 0, 0]);
  expect(inner.spoken).toHaveLength(1);
  expect(events.filter(({ type }) => type === 'unspoken')).toHaveLength(3);
});

test('a sentence that comes twice in one reply is spoken once', async () => {
  const { inner, wrapped } = wrap(() => ({}));
  const { samples } = await say(wrapped, 'Yes. Yes. Yes.');
  expect(samples).toEqual(join(Array.from({ length: 3 }, () => samplesOf('Yes.', 'asha'))));
  expect(inner.spoken).toHaveLength(1);
});

test('audio that nobody takes any more is left: a text whose voice fails in the middle keeps nothing going', async () => {
  const inner = new FakeTts({ behaviour: () => ({ chunkMs: 10 }) });
  let voice: Record<string, string> = { speaker: 'asha' };
  const wrapped = cachedTts(inner, { voice: () => voice });
  const frames = wrapped.phraseAudio('First sentence. Second sentence, which is longer. Third sentence.');
  voice = {};
  const hear = async () => {
    for await (const _ of frames);
  };
  await expect(hear()).rejects.toThrow(/at least one setting/);
  await sleep(5);
  expect(inner.open).toBe(0);
});
