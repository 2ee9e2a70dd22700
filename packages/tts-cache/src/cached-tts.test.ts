import { setTimeout as sleep } from 'node:timers/promises';
import { initializeLogger, tokenize, tts } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import { FakeTts, samplesOf } from './fake-tts.fixture.ts';
import type { CachedTtsOptions, PhraseEvent } from './index.ts';
import { cachedTts, createPhraseCache } from './index.ts';
import { join } from './join.fixture.ts';
import { listen, say } from './listen.fixture.ts';
import { watchRejections } from './rejections.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });

const VOICE = { speaker: 'asha', language: 'en' };
watchRejections();

function wrap(inner: FakeTts, options: Partial<CachedTtsOptions> = {}) {
  const events: PhraseEvent[] = [];
  const wrapped = cachedTts(inner, {
    voice: () => ({ speaker: inner.speaker }),
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { wrapped, events, spoken: () => inner.spoken.map(({ text }) => text) };
}

const speech = (events: PhraseEvent[]) => events.filter((event) => event.type === 'speech');

describe.each([{ streaming: true }, { streaming: false }])(
  'around a TTS with streaming $streaming',
  ({ streaming }) => {
    test('speaks a sentence once and replays its bytes', async () => {
      const inner = new FakeTts({ streaming });
      const { wrapped, events, spoken } = wrap(inner);
      const first = await say(wrapped, 'Hello the', 're. How are', ' you?');
      const again = await say(wrapped, 'Hello there. How are you?');
      expect(spoken()).toEqual(['Hello there.', 'How are you?']);
      const expected = join([samplesOf('Hello there.', 'asha'), samplesOf('How are you?', 'asha')]);
      expect(first.samples).toEqual(expected);
      expect(again.samples).toEqual(expected);
      expect([first.ends, first.endedLast, again.ends, again.endedLast]).toEqual([1, true, 1, true]);
      expect(speech(events).map(({ source, billedChars, tier }) => ({ source, billedChars, tier }))).toEqual([
        { source: 'recorded', billedChars: 12, tier: undefined },
        { source: 'recorded', billedChars: 12, tier: undefined },
        { source: 'stored', billedChars: 0, tier: 'process' },
        { source: 'stored', billedChars: 0, tier: 'process' },
      ]);
    });

    test('splices hits and misses in order', async () => {
      const inner = new FakeTts({ streaming });
      const { wrapped, spoken } = wrap(inner);
      await say(wrapped, 'One thing. Three things.');
      const heard = await say(wrapped, 'One thing. Two things. Three things. Four things.');
      expect(spoken()).toEqual(['One thing.', 'Three things.', 'Two things.', 'Four things.']);
      const sentences = ['One thing.', 'Two things.', 'Three things.', 'Four things.'];
      expect(heard.samples).toEqual(join(sentences.map((text) => samplesOf(text, 'asha'))));
      expect(heard.transcript).toBe('One thing. Two things. Three things. Four things.');
    });

    test('a provider that fails in the middle leaves nothing behind, and the next sentence is spoken', async () => {
      const inner = new FakeTts({
        streaming,
        behaviour: (text, take) => (text === 'This breaks.' && take === 1 ? { failAfter: 1 } : {}),
      });
      const errors: { readonly recoverable: boolean }[] = [];
      const { wrapped, events, spoken } = wrap(inner);
      wrapped.on('error', (error) => errors.push(error));
      const heard = await say(wrapped, 'All good. This breaks. Good again.');
      const whole = samplesOf('This breaks.', 'asha').slice(0, 4096);
      expect(heard.samples).toEqual(join([samplesOf('All good.', 'asha'), whole, samplesOf('Good again.', 'asha')]));
      expect(heard.ends).toBe(0);
      expect(errors.map(({ recoverable }) => recoverable)).toEqual([false]);
      expect(events).toContainEqual({ type: 'not-stored', reason: 'failed', provider: 0, chars: 12 });
      const again = await say(wrapped, 'All good. This breaks. Good again.');
      expect(again.samples.length).toBe(samplesOf('All good.This breaks.Good again.', 'asha').length);
      expect(spoken().slice(3)).toEqual(['This breaks.']);
    });

    test('a provider that fails before any audio is reported, and nothing hangs', async () => {
      const inner = new FakeTts({ streaming, behaviour: () => ({ failAfter: 0 }) });
      const { wrapped, events } = wrap(inner);
      const heard = await say(wrapped, 'Nobody speaks.');
      expect([heard.samples.length, heard.ends]).toEqual([0, 0]);
      expect(events).toContainEqual(expect.objectContaining({ type: 'unspoken', reason: 'failed' }));
    });

    test('a provider that falls silent is given up', async () => {
      const inner = new FakeTts({ streaming, behaviour: (_, take) => (take === 1 ? { hangAfter: 1 } : {}) });
      const { wrapped, events } = wrap(inner, { stallMs: 40 });
      const heard = await say(wrapped, 'First sentence. Second sentence.');
      expect(heard.ends).toBe(0);
      expect(events.filter(({ type }) => type === 'not-stored')).toHaveLength(2);
      expect(events).toContainEqual({ type: 'not-stored', reason: 'stalled', provider: 0, chars: 15 });
    });

    test('an interruption settles at once, stops the provider and stores nothing', async () => {
      const inner = new FakeTts({ streaming, behaviour: () => ({ chunkMs: 20 }) });
      const { wrapped, events } = wrap(inner);
      const stream = wrapped.stream();
      const heard = listen(stream);
      stream.pushText('A sentence of some length that takes its time. And another. ');
      await sleep(60);
      const startedMs = performance.now();
      stream.close();
      await heard;
      // The rest of the two sentences would take half a second.
      expect(performance.now() - startedMs).toBeLessThan(250);
      await sleep(20);
      expect(inner.open).toBe(0);
      expect(events).toContainEqual(expect.objectContaining({ type: 'not-stored', reason: 'abandoned' }));
      // The second sentence was spoken ahead: not heard, but billed.
      expect(inner.spoken).toHaveLength(2);
      expect(wrapped.getPhraseCacheStats().billedChars).toBe(inner.chars);
      expect(wrapped.getPhraseCacheStats().phrases).toBe(0);
      const count = inner.spoken.length;
      await say(wrapped, 'A sentence of some length that takes its time.');
      expect(inner.spoken.length).toBe(count + 1);
    });

    test('a second caller hears the recording in progress from its start, and it goes on while anyone listens', async () => {
      const inner = new FakeTts({ streaming, behaviour: () => ({ firstAudioMs: 10, chunkMs: 15 }) });
      const { wrapped, events } = wrap(inner);
      const text = 'This sentence is heard by two callers at once.';
      const one = wrapped.stream();
      const first = listen(one);
      one.pushText(text);
      one.endInput();
      await sleep(60);
      const second = say(wrapped, text);
      await sleep(20);
      one.close();
      await first;
      expect((await second).samples).toEqual(samplesOf(text, 'asha'));
      expect(inner.spoken).toHaveLength(1);
      expect(
        speech(events).map(({ source, billedChars, interrupted }) => ({ source, billedChars, interrupted })),
      ).toEqual([
        { source: 'recorded', billedChars: text.length, interrupted: true },
        { source: 'shared', billedChars: 0, interrupted: false },
      ]);
      await say(wrapped, text);
      expect(inner.spoken).toHaveLength(1);
    });

    test('silence and impossible lengths are played but not kept', async () => {
      const inner = new FakeTts({ streaming, behaviour: () => ({ silent: true }) });
      const { wrapped, events } = wrap(inner);
      const heard = await say(wrapped, 'You cannot hear this.');
      expect(heard.samples.length).toBeGreaterThan(0);
      expect(events).toContainEqual({ type: 'not-stored', reason: 'silent', provider: 0, chars: 21 });
      expect(wrapped.getPhraseCacheStats().phrases).toBe(0);
    });
  },
);

test('a stream that ends without END_OF_STREAM is not stored', async () => {
  const inner = new FakeTts({ behaviour: (_, take) => (take === 1 ? { cutAfter: 3 } : {}) });
  const { wrapped, spoken } = wrap(inner);
  const heard = await say(wrapped, 'This sentence is cut short by its provider.');
  expect(heard.ends).toBe(0);
  await say(wrapped, 'This sentence is cut short by its provider.');
  expect(spoken()).toHaveLength(2);
});

test('characters are counted once, by the inner TTS alone', async () => {
  const inner = new FakeTts();
  const { wrapped } = wrap(inner);
  const counted: number[] = [];
  wrapped.on('metrics_collected', ({ charactersCount }) => counted.push(charactersCount));
  await say(wrapped, 'Count me once. And me.');
  await say(wrapped, 'Count me once. And me.');
  await wrapped.synthesize('Count me once.').collect();
  expect(counted.toSorted((a, b) => a - b)).toEqual([7, 14]);
});

test('synthesize() speaks a whole text through the same cache', async () => {
  const inner = new FakeTts();
  const { wrapped, spoken } = wrap(inner);
  await say(wrapped, 'Good morning.');
  const frame = await wrapped.synthesize('Good morning. Good night.').collect();
  expect(frame.data).toEqual(join([samplesOf('Good morning.', 'asha'), samplesOf('Good night.', 'asha')]));
  expect(spoken()).toEqual(['Good morning.', 'Good night.']);
});

test('replayed frames own their memory and are new each time', async () => {
  const inner = new FakeTts();
  const { wrapped } = wrap(inner);
  await say(wrapped, 'Own your memory.');
  const replay = async () => {
    const stream = wrapped.stream();
    stream.pushText('Own your memory.');
    stream.endInput();
    const frames = [];
    for await (const item of stream) if (typeof item !== 'symbol') frames.push(item.frame);
    return frames;
  };
  const [one, two] = [await replay(), await replay()];
  expect(one.length).toBeGreaterThan(5);
  for (const frame of one) expect(frame.data.buffer.byteLength).toBe(frame.data.byteLength);
  one[0]!.data.fill(0);
  one[0]!.userdata['touched'] = true;
  expect(two[0]!.userdata).toEqual({});
  expect(join((await replay()).map(({ data }) => data))).toEqual(samplesOf('Own your memory.', 'asha'));
});

describe('voices', () => {
  test('two voices never share, and a switch between two sentences of one reply is right', async () => {
    const inner = new FakeTts();
    const { wrapped, spoken } = wrap(inner);
    const speak = async () => {
      inner.speaker = 'asha';
      const stream = wrapped.stream();
      const heard = listen(stream);
      stream.pushText('The first sentence. ');
      await sleep(2);
      inner.speaker = 'bina';
      stream.pushText('The first sentence. The second sentence.');
      stream.endInput();
      return heard;
    };
    const expected = join([
      samplesOf('The first sentence.', 'asha'),
      samplesOf('The first sentence.', 'bina'),
      samplesOf('The second sentence.', 'bina'),
    ]);
    expect((await speak()).samples).toEqual(expected);
    expect((await speak()).samples).toEqual(expected);
    expect(spoken()).toHaveLength(3);
  });

  test('the model is part of the key', async () => {
    const inner = new FakeTts();
    const { wrapped, spoken } = wrap(inner);
    await say(wrapped, 'Same text.');
    Object.defineProperty(inner, 'model', { get: () => 'fake-2' });
    await say(wrapped, 'Same text.');
    expect(spoken()).toHaveLength(2);
  });

  test.each([
    [{}, /at least one setting/],
    [{ speaker: undefined }, /at least one setting/],
    [{ speaker: { name: 'x' } }, /voice\.speaker must be a string, number, boolean or null, got object/],
    [undefined, /voice must be an object/],
  ])('refuses the voice %j', (voice, message) => {
    expect(() => cachedTts(new FakeTts(), { voice: voice as never })).toThrow(message);
  });
});

describe('several providers', () => {
  const pair = (behaviour: ConstructorParameters<typeof FakeTts>[0] = {}) => {
    const [a, b] = [new FakeTts(behaviour), new FakeTts()];
    b.speaker = 'bina';
    const events: PhraseEvent[] = [];
    const wrapped = cachedTts([a, b], {
      voice: [{ speaker: 'asha' }, { speaker: 'bina' }],
      onEvent: (event) => events.push(event),
      recoveryMs: 60,
    });
    return { a, b, wrapped, events };
  };

  test('the second speaks while the first is down, under its own key; hits of the first are played', async () => {
    let up = true;
    const { a, b, wrapped, events } = pair({ behaviour: () => (up ? {} : { failAfter: 0 }) });
    const errors: boolean[] = [];
    wrapped.on('error', ({ recoverable }) => errors.push(recoverable));
    await say(wrapped, 'Known phrase.');
    up = false;
    const heard = await say(wrapped, 'New phrase. Known phrase. New phrase.');
    expect(heard.samples).toEqual(
      join([samplesOf('New phrase.', 'bina'), samplesOf('Known phrase.', 'asha'), samplesOf('New phrase.', 'bina')]),
    );
    expect(heard.ends).toBe(1);
    expect(errors).toEqual([true]);
    expect(events).toContainEqual({ type: 'provider-down', provider: 0, forMs: 60 });
    up = true;
    await sleep(70);
    expect((await say(wrapped, 'New phrase.')).samples).toEqual(samplesOf('New phrase.', 'asha', 2));
    expect([a.spoken.length, b.spoken.length]).toEqual([3, 1]);
  });

  test('formats must be equal, and each needs a voice', () => {
    expect(() => cachedTts([new FakeTts(), new FakeTts({ sampleRate: 8000 })], { voice: [VOICE, VOICE] })).toThrow(
      /same format/,
    );
    expect(() => cachedTts([new FakeTts(), new FakeTts()], { voice: [VOICE] })).toThrow(/one voice per TTS/);
    expect(() => cachedTts([], { voice: [] })).toThrow(/at least one TTS/);
  });

  test('nothing to wrap is a clear error', () => {
    expect(() => cachedTts(undefined as never, { voice: VOICE })).toThrow(
      /wraps a TTS or a list of them, got undefined/,
    );
  });

  test('a StreamAdapter is refused with advice', () => {
    const inner = new tts.StreamAdapter(new FakeTts({ streaming: false }), new tokenize.basic.SentenceTokenizer());
    expect(() => cachedTts(inner, { voice: VOICE })).toThrow(/give it the TTS inside/);
  });

  test('a FallbackAdapter is refused with advice', () => {
    const inner = new tts.FallbackAdapter({ ttsInstances: [new FakeTts(), new FakeTts()] });
    expect(() => cachedTts(inner, { voice: VOICE })).toThrow(/cachedTts\(\[a, b\]/);
  });
});

describe('bad input', () => {
  test.each(['', '   ', '...', '?!', '— …', '\n\n'])('%j is skipped', async (text) => {
    const inner = new FakeTts();
    const { wrapped, events } = wrap(inner);
    const heard = await say(wrapped, text);
    expect([heard.samples.length, heard.ends, inner.spoken.length]).toEqual([0, 1, 0]);
    expect(events.length).toBeGreaterThan(0);
    expect(events.every((event) => event.type === 'unspoken' && event.reason === 'nothing-to-speak')).toBe(true);
  });

  test('3000 characters without a full stop are spoken in pieces', async () => {
    const inner = new FakeTts({ behaviour: () => ({ chunkMs: 0 }) });
    const { wrapped } = wrap(inner);
    const text = Array.from({ length: 500 }, (_, index) => `word${index % 10}`).join(' ');
    const heard = await say(wrapped, text);
    expect(inner.spoken.length).toBeGreaterThan(3);
    expect(inner.spoken.map((spoken) => spoken.text).join(' ')).toBe(text);
    expect(heard.ends).toBe(1);
  });

  test('lone surrogates and odd white space reach the provider as well-formed text', async () => {
    const inner = new FakeTts();
    const { wrapped, spoken } = wrap(inner);
    await say(wrapped, 'Broken \ud83d text\u00a0 here.', ' Fine.');
    expect(spoken()).toEqual(['Broken \ufffd text here.', 'Fine.']);
  });

  test('a voice function that fails is a clear error, not silence', async () => {
    const inner = new FakeTts();
    let voice: Record<string, string> = { speaker: 'asha' };
    const wrapped = cachedTts(inner, { voice: () => voice });
    const errors: string[] = [];
    wrapped.on('error', ({ error }) => errors.push(error.message));
    voice = {};
    const heard = await say(wrapped, 'Which voice?');
    expect(heard.ends).toBe(0);
    expect(errors[0]).toMatch(/at least one setting/);
  });
});

describe('admission', () => {
  test.each([
    ['Your code is 482913.', 2],
    ['Mail us at care@example.com today.', 2],
    [`${'A very long sentence '.repeat(10)}ends.`, 2],
    ['Show time is 7:20.', 1],
  ])('%s is spoken %i times in two turns', async (text, times) => {
    const inner = new FakeTts();
    const { wrapped, events } = wrap(inner);
    await say(wrapped, text);
    const again = await say(wrapped, text);
    expect(inner.spoken).toHaveLength(times);
    expect(again.ends).toBe(1);
    expect(events.filter((event) => event.type === 'not-stored' && event.reason === 'not-admitted')).toHaveLength(
      times === 2 ? 2 : 0,
    );
  });

  test('personal text is not shared between callers', async () => {
    const inner = new FakeTts();
    const { wrapped } = wrap(inner);
    await Promise.all([say(wrapped, 'Your code is 482913.'), say(wrapped, 'Your code is 482913.')]);
    expect(inner.spoken).toHaveLength(2);
  });
});

describe('the inventory', () => {
  test('warmPhrases speaks each sentence once, a few at a time, and pins it', async () => {
    const inner = new FakeTts({ behaviour: () => ({ firstAudioMs: 10 }) });
    const { wrapped } = wrap(inner, { cache: createPhraseCache({ maxBytes: 600_000 }) });
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, inner.open)), 1);
    const warmed = await wrapped.warmPhrases(
      ['Welcome. How may I help?', 'One moment.', 'Welcome.', 'Your PIN is 1234.'],
      { concurrency: 3 },
    );
    clearInterval(watch);
    expect(warmed).toEqual({ ready: 4, failed: 0 });
    expect(most).toBe(3);
    for (let index = 0; index < 20; index++) await say(wrapped, `Filler number ${index} passes by here.`);
    const count = inner.spoken.length;
    await say(wrapped, 'Welcome. How may I help? One moment. Your PIN is 1234.');
    expect(inner.spoken.length).toBe(count);
    const before = wrapped.getPhraseCacheStats();
    expect(await wrapped.warmPhrases(['Welcome.'])).toEqual({ ready: 1, failed: 0 });
    // Nobody heard it: what is warm already is no hit.
    expect(wrapped.getPhraseCacheStats()).toEqual(before);
    expect(inner.spoken.length).toBe(count);
  });

  test('a provider that is down while warming is counted, and ends no session', async () => {
    const inner = new FakeTts({ behaviour: () => ({ failAfter: 0 }) });
    const { wrapped } = wrap(inner);
    const errors: boolean[] = [];
    wrapped.on('error', ({ recoverable }) => errors.push(recoverable));
    expect(await wrapped.warmPhrases(['One.', 'Two.'])).toEqual({ ready: 0, failed: 2 });
    expect(errors).toEqual([true, true]);
  });

  test('phraseAudio is the audio of a text, once', async () => {
    const inner = new FakeTts();
    const { wrapped } = wrap(inner);
    await wrapped.warmPhrases(['Welcome.']);
    const parts: Int16Array[] = [];
    for await (const frame of wrapped.phraseAudio('Welcome. New text.')) parts.push(frame.data);
    expect(join(parts)).toEqual(join([samplesOf('Welcome.', 'asha'), samplesOf('New text.', 'asha')]));
  });

  test('concurrency is validated', async () => {
    await expect(wrap(new FakeTts()).wrapped.warmPhrases(['x'], { concurrency: 0 })).rejects.toThrow(
      /whole number above 0, got 0/,
    );
  });
});

test('stats add up, with money at the price given', async () => {
  const inner = new FakeTts();
  const { wrapped } = wrap(inner, { price: { currency: 'INR', perThousandChars: 3 } });
  await say(wrapped, 'Twelve chars.');
  for (let index = 0; index < 9; index++) await say(wrapped, 'Twelve chars.');
  expect(wrapped.getPhraseCacheStats()).toMatchObject({
    hits: 9,
    hitsByTier: { process: 9 },
    misses: 1,
    shared: 0,
    hitRate: 0.9,
    spokenChars: 130,
    billedChars: 13,
    savedChars: 117,
    saved: [{ amount: expect.closeTo(0.351, 6), currency: 'INR', asOf: undefined }],
    phrases: 1,
  });
  expect(wrapped.getPhraseCacheStats().savedMs).toBeGreaterThan(20);
});

test('close() ends speech and closes the inner TTS; a cache that was given stays open', async () => {
  const inner = new FakeTts({ behaviour: () => ({ chunkMs: 50 }) });
  const cache = createPhraseCache();
  const { wrapped } = wrap(inner, { cache });
  const heard = say(wrapped, 'This is being spoken right now.');
  await sleep(30);
  await wrapped.close();
  expect((await heard).samples.length).toBeLessThan(samplesOf('This is being spoken right now.', 'asha').length);
  expect([inner.closed, inner.open]).toEqual([true, 0]);
  await cache.set('still', {
    sampleRate: 8000,
    channels: 1,
    samples: new Int16Array(2),
    playFrom: 0,
    playTo: 2,
    words: undefined,
  });
  expect(cache.peek('still')).toBeDefined();
  expect(() => wrapped.stream()).toThrow(/closed/);
});

test('a reply of many failing sentences is one unrecoverable error', async () => {
  const { wrapped } = wrap(new FakeTts({ behaviour: () => ({ failAfter: 0 }) }));
  const errors: boolean[] = [];
  wrapped.on('error', ({ recoverable }) => errors.push(recoverable));
  await say(wrapped, 'One fails. Two fails. Three fails. Four fails.');
  await say(wrapped, 'Another reply.');
  expect(errors).toEqual([false, true, true, true, false]);
});

test('close() ends a stream whose text has not ended, and an aborted synthesize() says nothing', async () => {
  const inner = new FakeTts();
  const { wrapped } = wrap(inner);
  const aborted = wrapped.synthesize('Never said.', undefined, AbortSignal.abort());
  expect((await aborted.next()).done).toBe(true);
  expect(inner.spoken).toEqual([]);
  const stream = wrapped.stream();
  const heard = listen(stream);
  stream.pushText('Some text. And');
  await sleep(10);
  await wrapped.close();
  expect((await heard).ends).toBe(0);
});
