import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { initializeLogger } from '@livekit/agents';
import { afterAll, describe, expect, test } from 'vitest';
import { FakeTts, samplesOf } from './fake-tts.fixture.ts';
import type { FakeOptions } from './fake-tts.fixture.ts';
import type { PhraseEvent } from './index.ts';
import { cachedTts } from './index.ts';
import { join } from './join.fixture.ts';
import { watchRejections } from './rejections.fixture.ts';
import { startSession } from './session.fixture.ts';
import type { TestSession } from './session.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

const REPLY = 'Sure, I can help with that. Your balance is ninety rupees. Anything else?';
const SENTENCES = ['Sure, I can help with that.', 'Your balance is ninety rupees.', 'Anything else?'];

const cleanUp: (() => Promise<void>)[] = [];
// Closing a session takes LiveKit half a second: together, at the end.
afterAll(() => Promise.all(cleanUp.map((clean) => clean())));
watchRejections();

async function start(
  fake: FakeOptions = {},
  options: Parameters<typeof startSession>[1] = {},
): Promise<TestSession & { inner: FakeTts; wrapped: ReturnType<typeof cachedTts>; events: PhraseEvent[] }> {
  const inner = new FakeTts(fake);
  const events: PhraseEvent[] = [];
  const wrapped = cachedTts(inner, { voice: { speaker: 'asha' }, onEvent: (event) => events.push(event) });
  const started = await startSession(wrapped, options);
  cleanUp.push(async () => {
    await started.session.close();
    await wrapped.close();
  });
  return { ...started, inner, wrapped, events };
}

describe.each([
  { name: 'a streaming TTS', fake: {}, spoken: SENTENCES },
  { name: 'a TTS that does not stream', fake: { streaming: false }, spoken: SENTENCES },
  { name: 'a TTS with word timings', fake: { words: true }, spoken: [REPLY] },
])('an agent session through $name', ({ fake, spoken }) => {
  const audio = join(spoken.map((text) => samplesOf(text, 'asha')));

  test('the second reply comes from the cache, bit for bit, and characters are counted once', async () => {
    const { answer, inner, charactersCounted, errors } = await start(fake);
    expect(await answer(REPLY)).toEqual(audio);
    const counted = charactersCounted();
    expect(counted).toBe(spoken.reduce((sum, text) => sum + text.length, 0));
    expect(await answer(REPLY)).toEqual(audio);
    expect(inner.spoken.map(({ text }) => text)).toEqual(spoken);
    expect(charactersCounted()).toBe(counted);
    expect(errors).toEqual([]);
  });

  test.each([{ useTtsAlignedTranscript: true }, { useTtsAlignedTranscript: false }])(
    'the transcript is the text of the reply, spoken or replayed, with %j',
    async (options) => {
      const { answer, lastMessage } = await start(fake, options);
      await answer(REPLY);
      expect(lastMessage()).toBe(REPLY);
      await answer(REPLY);
      expect(lastMessage()).toBe(REPLY);
      await answer(`${SENTENCES[1]} And something new. ${SENTENCES[0]}`);
      expect(lastMessage()?.trim()).toBe(`${SENTENCES[1]} And something new. ${SENTENCES[0]}`);
    },
  );

  test('say() with the audio of a phrase asks the provider for nothing that is known', async () => {
    const { answer, say, wrapped, inner, lastMessage } = await start(fake);
    await answer(REPLY);
    expect(await say(REPLY, { audio: wrapped.phraseAudio(REPLY) })).toEqual(audio);
    expect(lastMessage()).toBe(REPLY);
    expect(inner.spoken.map(({ text }) => text)).toEqual(spoken);
    const news = 'This is new.';
    expect(await say(news, { audio: wrapped.phraseAudio(news) })).toEqual(samplesOf(news, 'asha'));
  });

  test('an interruption during a miss settles at once, stops the provider and stores nothing', async () => {
    const { session, output, inner, wrapped } = await start({ ...fake, behaviour: () => ({ chunkMs: 20 }) });
    const framed = new Promise<void>((resolve) => (output.onFrame = resolve));
    const speech = session.say(REPLY);
    await framed;
    const startedMs = performance.now();
    session.interrupt();
    await speech.waitForPlayout();
    expect(performance.now() - startedMs).toBeLessThan(300);
    await sleep(20);
    expect(speech.interrupted).toBe(true);
    expect([inner.open, wrapped.getPhraseCacheStats().phrases]).toEqual([0, 0]);
    const count = inner.spoken.length;
    await session.say(SENTENCES[0]!).waitForPlayout();
    expect(inner.spoken.length).toBe(count + 1);
  });

  test('an interruption during a hit settles at once and takes nothing from the cache', async () => {
    const { session, answer, output, inner } = await start(fake);
    await answer(REPLY);
    output.playoutMs = 5_000;
    const framed = new Promise<void>((resolve) => (output.onFrame = resolve));
    const speech = session.say(REPLY);
    await framed;
    const startedMs = performance.now();
    session.interrupt();
    await speech.waitForPlayout();
    expect(performance.now() - startedMs).toBeLessThan(300);
    expect(speech.interrupted).toBe(true);
    output.take();
    output.playoutMs = 5;
    expect(await answer(REPLY)).toEqual(audio);
    expect(inner.spoken.map(({ text }) => text)).toEqual(spoken);
  });
});

test('a failure of the provider is one error of the session, and the next reply is spoken', async () => {
  const { answer, errors, events } = await start({
    behaviour: (text, take) => (text === SENTENCES[1] && take === 1 ? { failAfter: 0 } : {}),
  });
  expect(await answer(REPLY)).toEqual(join([samplesOf(SENTENCES[0]!, 'asha'), samplesOf(SENTENCES[2]!, 'asha')]));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({ type: 'tts_error', recoverable: false });
  expect(events).toContainEqual(expect.objectContaining({ type: 'unspoken', reason: 'failed' }));
  expect(await answer(REPLY)).toEqual(
    join([samplesOf(SENTENCES[0]!, 'asha'), samplesOf(SENTENCES[1]!, 'asha', 2), samplesOf(SENTENCES[2]!, 'asha')]),
  );
  expect(errors).toHaveLength(1);
});

describe('after close() of the session and the wrapper the process ends by itself', () => {
  test.concurrent.each(['after two replies', 'hung'])('%s', async (state) => {
    const program = fileURLToPath(new URL('close.fixture.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@warmline/source', program, state], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (data) => (printed += String(data)));
    const stop = setTimeout(() => child.kill(), 15_000);
    const [code] = await once(child, 'close');
    clearTimeout(stop);
    expect(code).toBe(0);
    expect(JSON.parse(printed)).toEqual({ spoken: state === 'hung' ? 2 : 1, open: 0, errors: 0 });
  });
});
