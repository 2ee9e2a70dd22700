import { initializeLogger, tts } from '@livekit/agents';
import { canonicalKey } from '@warmline/cache-core';
import { expect, test, vi } from 'vitest';
import { FakeTts } from './fake-tts.fixture.ts';
import type { FakeOptions } from './fake-tts.fixture.ts';
import { observedTts } from './index.ts';
import type { Observation } from './index.ts';
import { listen, say } from './listen.fixture.ts';
import { startSession } from './session.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

const VOICE = { speaker: 'asha', language: 'en-IN' };
const TEXT = 'Welcome. Your number is 12345. ... How may I help?';

function observe(options: FakeOptions = {}, more: Partial<Parameters<typeof observedTts>[1]> = {}) {
  const inner = new FakeTts(options);
  const seen: Observation[] = [];
  const observed = observedTts(inner, { voice: VOICE, onObservation: (each) => seen.push(each), ...more });
  return { inner, observed, seen };
}

/** What a TTS tells its listeners, without the moments. */
function eventsOf(spokenBy: tts.TTS): unknown[] {
  const events: unknown[] = [];
  spokenBy.on('metrics_collected', (metrics) => {
    events.push({ ...metrics, timestamp: 0, ttfbMs: 0, durationMs: 0 });
  });
  spokenBy.on('error', ({ error, label, recoverable }) => events.push({ message: error.message, label, recoverable }));
  return events;
}

/** The items of a stream, and the error events and metrics with it. */
async function playOut(spokenBy: FakeTts, open: () => AsyncIterable<unknown>) {
  const events = eventsOf(spokenBy);
  const items: unknown[] = [];
  for await (const item of open()) items.push(item);
  await vi.waitFor(() => expect(spokenBy.open).toBe(0));
  return { items, events, spoken: spokenBy.spoken, streams: spokenBy.streams.length };
}

function stream(spokenBy: tts.TTS): tts.SynthesizeStream {
  const opened = spokenBy.stream();
  for (const token of TEXT.match(/.{1,5}/gsu) ?? []) opened.pushText(token);
  opened.endInput();
  return opened;
}

test.each<[string, FakeOptions]>([
  ['with word timings', { words: true }],
  ['without', {}],
  ['that fails before its first audio', { behaviour: () => ({ failAfter: 0 }) }],
  ['that fails midway', { behaviour: () => ({ failAfter: 2 }) }],
  ['that breaks off', { behaviour: () => ({ cutAfter: 2 }) }],
])('nothing changes for a TTS %s: audio, timings, end, metrics, errors, streams', async (_name, options) => {
  const plain = new FakeTts(options);
  const expected = await playOut(plain, () => stream(plain));
  const { inner, observed } = observe(options);
  const actual = await playOut(observed, () => stream(observed));
  expect(actual.items.length + actual.events.length).toBeGreaterThan(0);
  expect(clean(actual)).toEqual(clean(expected));
  expect(inner.streams).toHaveLength(1);
});

/** Moments that LiveKit writes on frames. */
function clean({ items, ...rest }: Awaited<ReturnType<typeof playOut>>) {
  const bare = items.map((item) => {
    if (typeof item === 'symbol') return item;
    const { frame, ...audio } = item as tts.SynthesizedAudio;
    return { ...audio, data: frame.data, userdata: Object.keys(frame.userdata) };
  });
  return { ...rest, items: bare };
}

test('nothing changes where a text is spoken as a whole', async () => {
  const plain = new FakeTts({ streaming: false });
  const expected = await playOut(plain, () => plain.synthesize(TEXT));
  const { observed, seen } = observe({ streaming: false });
  expect(clean(await playOut(observed, () => observed.synthesize(TEXT)))).toEqual(clean(expected));
  expect(seen.map(({ text }) => text)).toEqual(['Welcome.', 'Your number is 12345.', '... How may I help?']);
});

test.each([true, false])(
  'a text spoken as a whole that fails, fails as it did, whether its error is heard or not (%s)',
  async (heard) => {
    const failing: FakeOptions = { streaming: false, behaviour: () => ({ failAfter: 2 }) };
    /** In agents 1.9.0 such a failure ends as an unhandled rejection; unheard, it is that of the `error` event. */
    const failureOf = async (spokenBy: tts.TTS) => {
      const reasons: unknown[] = [];
      const note = (reason: unknown) => void reasons.push(reason instanceof Error && reason.name);
      if (heard) spokenBy.on('error', () => undefined);
      process.on('unhandledRejection', note);
      let items = 0;
      for await (const { frame } of spokenBy.synthesize('Welcome.')) items += frame.data.length > 0 ? 1 : 0;
      await new Promise(setImmediate);
      process.off('unhandledRejection', note);
      return { reasons, items };
    };
    const { observed, seen } = observe(failing);
    const expected = await failureOf(new FakeTts(failing));
    expect(expected).toEqual({ reasons: [heard ? 'APIError' : 'Error'], items: 2 });
    expect(await failureOf(observed)).toEqual(expected);
    expect(seen).toMatchObject([{ text: 'Welcome.', wouldBeStoredAtMs: undefined }]);
  },
);

test('it is the given TTS in all but identity', async () => {
  class Plugin extends FakeTts {
    readonly #settings = { speed: 1 };

    get speed(): number {
      return this.#settings.speed;
    }

    set speed(speed: number) {
      this.#settings.speed = speed;
    }

    updateOptions(speed: number): this {
      this.#settings.speed = speed;
      return this;
    }

    protected override markupProviderKey(): string {
      return 'cartesia';
    }
  }
  const inner = new Plugin();
  const observed = observedTts(inner, { voice: VOICE, onObservation: () => undefined });
  expect(observed).toBeInstanceOf(Plugin);
  expect(observed.constructor).toBe(Plugin);
  expect(observed.updateOptions(2)).toBe(observed);
  expect(inner.speed).toBe(2);
  observed.speed = 3;
  expect(inner.speed).toBe(3);
  expect(observed.speed).toBe(3);
  expect(observed.markup.providerKey).toBe('cartesia');
  observed._setExpressive(true);
  expect(inner.expressive).toBe(true);
  expect(Reflect.ownKeys(observed)).toEqual(Reflect.ownKeys(inner));
  await observed.close();
  expect(inner.closed).toBe(true);
});

test('in a session, transcript, audio, usage and errors are those without it', async () => {
  const run = async (spokenBy: tts.TTS) => {
    const { session, answer, say: sayText, lastMessage, charactersCounted, errors } = await startSession(spokenBy);
    const audio = [await answer('Welcome. How may I help?'), await sayText('One moment.')];
    const result = { audio, last: lastMessage(), characters: charactersCounted(), errors: errors.length };
    await session.close();
    return result;
  };
  const { observed, seen } = observe({ words: true });
  expect(await run(observed)).toEqual(await run(new FakeTts({ words: true })));
  expect(seen.map(({ text, reply }) => [text, reply])).toEqual([
    ['Welcome.', 0],
    ['How may I help?', 0],
    ['One moment.', expect.any(Number)],
  ]);
  // Of a run only where its end was seen.
  expect(seen.every(({ unit, wouldBeStoredAtMs }) => unit === 'run' && wouldBeStoredAtMs !== undefined)).toBe(true);
});

test('each sentence is told as cachedTts would key and admit it', async () => {
  const { observed, seen } = observe({}, { agent: 'desk' });
  await say(observed, 'Cafe\u0301  is', ' open. Call 12345', '. !! ');
  await say(observed, '...');
  const common = {
    agent: 'desk',
    language: 'en-IN',
    provider: 'fake',
    model: 'fake-1',
    unit: 'sentence',
    interruption: undefined,
  };
  expect(seen).toMatchObject([
    { ...common, text: 'Café is open.', chars: 13, admitted: true, speakable: true },
    { ...common, text: 'Call 12345.', chars: 11, admitted: false, speakable: true, wouldBeStoredAtMs: undefined },
    { ...common, text: '!!', speakable: false, wouldBeStoredAtMs: undefined },
    { ...common, text: '...', speakable: false, wouldBeStoredAtMs: undefined, firstAudioMs: undefined },
  ]);
  const [first] = seen;
  expect(first!.key).toBe(
    canonicalKey({
      provider: 'fake',
      model: 'fake-1',
      plugin: 'fake.TTS',
      rate: 24_000,
      channels: 1,
      voice: VOICE,
      sentence: 'Café is open.',
    }),
  );
  expect(Math.abs(first!.startedAtMs - Date.now())).toBeLessThan(60_000);
  expect(first!.wouldBeStoredAtMs).toBeGreaterThan(first!.startedAtMs);
  expect(first!.firstAudioMs).toBeGreaterThan(0);
  expect(seen[1]!.firstAudioMs).toBeUndefined();
});

test('replies are counted, and each wrapped TTS is a call of its own', async () => {
  const { observed, seen } = observe();
  await say(observed, 'One.');
  await say(observed, 'Two.');
  const other = observe();
  await say(other.observed, 'Three.');
  expect(seen[0]!.reply).toBeLessThan(seen[1]!.reply);
  expect(seen[0]!.call).toBe(seen[1]!.call);
  expect(other.seen[0]!.call).not.toBe(seen[0]!.call);
});

test('what is interrupted would not have been stored, and what was not reached is told as such', async () => {
  const { inner, observed, seen } = observe({ behaviour: () => ({ hangAfter: 1 }) });
  const opened = stream(observed);
  await opened.next();
  expect(seen).toEqual([]);
  opened.close();
  // 171 ms of audio, at 15 characters a second.
  const cut = { wouldBeStoredAtMs: undefined, interruption: { atMs: expect.any(Number), spokenChars: 2 } };
  expect(seen).toMatchObject([
    { text: 'Welcome.', ...cut },
    { text: 'Your number is 12345.', ...cut },
    { text: '... How may I help?', ...cut },
  ]);
  expect(seen[0]!.interruption!.atMs).toBeGreaterThanOrEqual(seen[0]!.startedAtMs);
  await vi.waitFor(() => expect([inner.open, inner.cancelled]).toEqual([0, 1]));
  opened.pushText('Too late. Really.');
  opened.close();
  expect(seen).toHaveLength(3);
});

test('who hangs up before the first audio has asked for the first sentence', async () => {
  const { observed, seen } = observe({ behaviour: () => ({ hangAfter: 0 }) });
  stream(observed).close();
  expect(seen).toHaveLength(3);
  expect(seen[0]).toMatchObject({
    wouldBeStoredAtMs: undefined,
    firstAudioMs: undefined,
    interruption: { spokenChars: 0 },
  });
});

test('closing after the end, as LiveKit does, interrupts nothing', async () => {
  const { observed, seen } = observe();
  const opened = stream(observed);
  for await (const item of opened) if (item === tts.SynthesizeStream.END_OF_STREAM) break;
  opened.close();
  expect(seen).toHaveLength(3);
  expect(seen[2]!.wouldBeStoredAtMs).toBeGreaterThan(0);
});

test.each<[string, FakeOptions, number]>([
  ['before its first audio', { behaviour: () => ({ failAfter: 0 }) }, 0],
  ['within the first sentence', { behaviour: () => ({ failAfter: 2 }) }, 1],
  ['without an END_OF_STREAM', { behaviour: () => ({ cutAfter: 2 }) }, 1],
])('a provider that fails %s would have stored nothing', async (_name, options, told) => {
  const { observed, seen } = observe(options);
  observed.on('error', () => undefined);
  await listen(stream(observed));
  expect(seen).toHaveLength(told);
  expect(seen.every(({ wouldBeStoredAtMs }) => wouldBeStoredAtMs === undefined)).toBe(true);
});

test('an abort of a text spoken as a whole is an interruption', async () => {
  const { observed, seen } = observe({ streaming: false, behaviour: () => ({ hangAfter: 1 }) });
  const abort = new AbortController();
  const reasons: unknown[] = [];
  const note = (reason: unknown) => void reasons.push(reason);
  process.on('unhandledRejection', note);
  const opened = observed.synthesize('Welcome. How may I help?', undefined, abort.signal);
  await opened.next();
  abort.abort();
  while ((await opened.next()).done !== true);
  await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  expect(seen).toMatchObject([
    { text: 'Welcome.', wouldBeStoredAtMs: undefined, interruption: { spokenChars: 2 } },
    { text: 'How may I help?', wouldBeStoredAtMs: undefined, interruption: { spokenChars: 2 } },
  ]);
});

test('what observing throws is told once and reaches no call', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
  const broken = new Error('broken');
  const { observed } = observe(
    {},
    {
      onObservation: () => {
        throw broken;
      },
    },
  );
  const { ends } = await say(observed, TEXT);
  await say(observed, TEXT);
  expect(ends).toBe(1);
  expect(warn.mock.calls).toEqual([[broken, { type: 'WarmlineObservationWarning' }]]);
  warn.mockRestore();
});

test('the voice is read as each sentence becomes known, and must be one from the start', async () => {
  let speaker = 'asha';
  const { observed, seen } = observe({}, { voice: () => ({ speaker }) });
  const opened = observed.stream();
  opened.pushText('One. Two');
  speaker = 'bina';
  opened.pushText(' three.');
  opened.endInput();
  await listen(opened);
  expect(seen.map(({ key }) => /asha|bina/u.exec(key)?.[0])).toEqual(['asha', 'bina']);
  expect(seen[0]!.language).toBeUndefined();
  expect(() => observe({}, { voice: {} })).toThrow(TypeError);
});

test('an admission policy of your own is asked', async () => {
  const { observed, seen } = observe({}, { admit: (sentence) => sentence.includes('number') });
  await say(observed, TEXT);
  expect(seen.map(({ admitted }) => admitted)).toEqual([false, true, false]);
});
