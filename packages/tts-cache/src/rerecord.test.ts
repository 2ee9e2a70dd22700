import { initializeLogger } from '@livekit/agents';
import { describe, expect, test, vi } from 'vitest';
import { FakeTts, RATE, samplesOf } from './fake-tts.fixture.ts';
import type { Behaviour } from './fake-tts.fixture.ts';
import { cachedTts, createPhraseCache } from './index.ts';
import { MemoryInventory } from './inventory.fixture.ts';
import { say } from './listen.fixture.ts';
import { watchRejections } from './rejections.fixture.ts';
import { agent, until } from './script.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });
watchRejections();

const TEXT = 'Welcome to Acme.';

/** A provider whose n-th take of any text takes so many milliseconds. */
function varied(durationsMs: readonly number[], behaviour: (take: number) => Behaviour = () => ({})) {
  const sound = (text: string, speaker: string, take: number): Int16Array => {
    const whole = samplesOf(text, speaker, take);
    const samples = new Int16Array(((durationsMs[take - 1] ?? 0) * RATE) / 1000);
    return samples.map((_, index) => whole[index % whole.length] ?? 0);
  };
  return { sound, behaviour: (_: string, take: number) => ({ chunkMs: 0, ...behaviour(take) }) };
}

describe('the take of median length is kept', () => {
  test.each([
    { durations: [900, 2000, 1200], takes: undefined, kept: 1200 },
    { durations: [2000, 900, 1200, 1000], takes: 4, kept: 1000 },
    { durations: [1500, 900], takes: 2, kept: 900 },
    { durations: [1100], takes: 1, kept: 1100 },
  ])('of $durations: $kept', async ({ durations, takes, kept }) => {
    const { wrapped, cache, inventory, keyOf, inner } = agent(varied(durations));
    const result = await wrapped.rerecord(TEXT, takes === undefined ? {} : { takes });
    expect(result).toEqual({ sentences: [{ chars: TEXT.length, takesMs: durations, keptMs: kept }] });
    expect(inner.spoken).toHaveLength(durations.length);
    const speech = cache.peek(keyOf(TEXT));
    expect(speech?.samples.length).toBe((kept * RATE) / 1000);
    expect(speech?.pinned).toBe(true);
    expect(inventory.phrases.get(keyOf(TEXT))?.audioMs).toBe(kept);
  });
});

test('it takes the place of what was cached, bypassing it; each sentence of the text for itself', async () => {
  const { wrapped, inventory, spoken, keyOf } = agent(varied([500, 900, 2000, 1200]), {
    cache: createPhraseCache({ maxBytes: 600_000 }),
  });
  await wrapped.warmPhrases(['Welcome.']);
  inventory.phrases.set(keyOf('Welcome.'), { ...inventory.phrases.get(keyOf('Welcome.'))!, recordedAt: 'long ago' });
  expect(await wrapped.rerecord('Welcome. Goodbye. ...')).toEqual({
    sentences: [
      { chars: 8, takesMs: [900, 2000, 1200], keptMs: 1200 },
      { chars: 8, takesMs: [500, 900, 2000], keptMs: 900 },
    ],
  });
  expect(inventory.phrases.get(keyOf('Welcome.'))).toMatchObject({ audioMs: 1200 });
  expect(inventory.phrases.get(keyOf('Welcome.'))?.recordedAt).not.toBe('long ago');
  const count = spoken().length;
  for (let index = 0; index < 20; index++) await say(wrapped, `Filler number ${index} passes by.`);
  expect((await say(wrapped, 'Welcome. Goodbye.')).samples.length).toBe((2100 * RATE) / 1000);
  expect(spoken().length).toBe(count + 20);
});

describe('only complete takes count', () => {
  test.each([
    ['fails', { failAfter: 1 }],
    ['fails at once', { failAfter: 0 }],
    ['is cut short', { cutAfter: 1 }],
    ['is silent', { silent: true }],
  ])('take 2 %s', async (_, bad) => {
    const { wrapped, events } = agent(varied([900, 2000, 1200], (take) => (take === 2 ? bad : {})));
    const errors: boolean[] = [];
    wrapped.on('error', ({ recoverable }) => errors.push(recoverable));
    const { sentences } = await wrapped.rerecord(TEXT);
    expect(sentences).toEqual([{ chars: TEXT.length, takesMs: [900, 1200], keptMs: 900 }]);
    expect(events.filter(({ type }) => type === 'not-stored')).toHaveLength(1);
    // Nobody's speech has ended: a session must not count it.
    expect(errors.every((recoverable) => recoverable)).toBe(true);
  });

  test('take 2 is too long to be the sentence', async () => {
    const { wrapped } = agent(varied([900, 40_000, 1200]));
    expect((await wrapped.rerecord(TEXT)).sentences).toEqual([
      { chars: TEXT.length, takesMs: [900, 1200], keptMs: 900 },
    ]);
  });

  test('a provider that falls silent is given up', async () => {
    const { wrapped } = agent(
      varied([900, 2000, 1200], (take) => (take === 2 ? { hangAfter: 1 } : {})),
      {
        stallMs: 500,
      },
    );
    expect((await wrapped.rerecord(TEXT)).sentences[0]?.takesMs).toEqual([900, 1200]);
  });

  test('when none is, the recording from before stays, and the result says so', async () => {
    const { wrapped, cache, inventory, keyOf } = agent(varied([700], (take) => (take > 1 ? { failAfter: 1 } : {})));
    await wrapped.warmPhrases([TEXT]);
    const before = [cache.peek(keyOf(TEXT)), inventory.phrases.get(keyOf(TEXT))];
    expect(before).not.toContain(undefined);
    expect(await wrapped.rerecord(TEXT)).toEqual({
      sentences: [{ chars: TEXT.length, takesMs: [], keptMs: undefined }],
    });
    expect([cache.peek(keyOf(TEXT)), inventory.phrases.get(keyOf(TEXT))]).toEqual(before);
  });
});

test('with several providers the first speaks', async () => {
  const [a, b] = [new FakeTts(), new FakeTts()];
  const inventory = new MemoryInventory();
  const wrapped = cachedTts([a, b], { voice: [{ speaker: 'asha' }, { speaker: 'bina' }], inventory });
  await wrapped.rerecord(TEXT, { takes: 2 });
  expect([a.spoken.length, b.spoken.length]).toEqual([2, 0]);
  expect([...inventory.phrases.values()].map(({ voice }) => voice)).toEqual([{ speaker: 'asha' }]);
});

test('takes in a voice that has changed meanwhile do not count, and are not paid for', async () => {
  const settings = { speaker: 'asha' };
  const { inner, wrapped, cache, inventory, keyOf } = agent(
    {
      behaviour: (_, take) => {
        if (take === 2) settings.speaker = 'bina';
        return { chunkMs: 0 };
      },
    },
    // One object that changes, as an inner TTS's own options do.
    { voice: () => settings },
  );
  const { sentences } = await wrapped.rerecord(TEXT, { takes: 4 });
  expect(sentences[0]?.takesMs).toHaveLength(2);
  expect(inner.spoken).toHaveLength(2);
  expect(inventory.phrases.get(keyOf(TEXT, 'asha'))?.voice).toEqual({ speaker: 'asha' });
  expect(cache.peek(keyOf(TEXT, 'asha'))).toBeDefined();
  expect(cache.peek(keyOf(TEXT, 'bina'))).toBeUndefined();
});

test('what is forgotten while it is spoken stays forgotten', async () => {
  let forgotten: Promise<unknown> | undefined;
  const { wrapped, cache, inventory, keyOf } = agent({
    behaviour: (_, take) => {
      if (take === 2) forgotten = wrapped.forget(TEXT);
      return { chunkMs: 0 };
    },
  });
  const { sentences } = await wrapped.rerecord(TEXT);
  expect([sentences[0]?.takesMs.length, sentences[0]?.keptMs]).toEqual([3, undefined]);
  await forgotten;
  expect([cache.peek(keyOf(TEXT)), inventory.phrases.size]).toEqual([undefined, 0]);
});

test('close() ends it, and nothing is stored of it', async () => {
  const { inner, wrapped, cache, inventory, keyOf } = agent({
    behaviour: (_, take) => (take === 2 ? { hangAfter: 1 } : {}),
  });
  const refused = wrapped.rerecord(TEXT, { takes: 2 }).catch(String);
  await until(() => expect([inner.spoken.length, inner.open]).toEqual([2, 1]));
  await wrapped.close();
  expect(await refused).toMatch(/closed/);
  await until(() => expect(inner.open).toBe(0));
  expect([cache.peek(keyOf(TEXT)), inventory.phrases.size]).toEqual([undefined, 0]);
  await expect(wrapped.rerecord(TEXT)).rejects.toThrow(/closed/);
  expect(inner.spoken).toHaveLength(2);
});

test('a take that is too large for the cache is not kept', async () => {
  const { wrapped, inventory } = agent(varied([1500]), { cache: createPhraseCache({ maxBytes: 50_000 }) });
  expect((await wrapped.rerecord(TEXT, { takes: 1 })).sentences).toEqual([
    { chars: TEXT.length, takesMs: [1500], keptMs: undefined },
  ]);
  expect(inventory.phrases.size).toBe(0);
});

test('an inventory that fails costs a warning', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const { wrapped, inventory } = agent();
  inventory.failure = new Error('disk full');
  expect((await wrapped.rerecord(TEXT, { takes: 1 })).sentences[0]?.keptMs).toBeDefined();
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
});

test('every character that was sent is billed, and none counts as spoken to a caller', async () => {
  const { inner, wrapped } = agent(varied([900, 2000, 1200], (take) => (take === 2 ? { failAfter: 1 } : {})));
  await wrapped.rerecord(TEXT);
  expect(wrapped.getPhraseCacheStats()).toMatchObject({ billedChars: inner.chars, spokenChars: 0, phrases: 1 });
});

test.each([0, 2.5, Number.NaN, '3' as never])('takes: %s is refused', async (takes) => {
  const { wrapped, spoken } = agent();
  const message = `takes must be a whole number above 0, got ${takes}`;
  await expect(wrapped.rerecord(TEXT, { takes })).rejects.toThrow(new TypeError(message));
  expect(spoken()).toEqual([]);
});
