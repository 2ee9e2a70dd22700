import { initializeLogger } from '@livekit/agents';
import { FakeClock } from '@warmline/cache-core/testing';
import { describe, expect, test, vi } from 'vitest';
import { FakeTts, samplesOf } from './fake-tts.fixture.ts';
import type { Warmed } from './index.ts';
import { cachedTts, createPhraseCache, wavOf } from './index.ts';
import { MemoryInventory } from './inventory.fixture.ts';
import { say } from './listen.fixture.ts';
import { watchRejections } from './rejections.fixture.ts';
import { agent, CountingTier, until } from './script.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });
watchRejections();

describe('what is ready', () => {
  test('a phrase that was cached before is pinned by warming, and survives a flood', async () => {
    const { wrapped, spoken } = agent({}, { cache: createPhraseCache({ maxBytes: 600_000 }) });
    await say(wrapped, 'Welcome to Acme.');
    expect(await wrapped.warmPhrases(['Welcome to Acme.'])).toEqual({ ready: 1, failed: 0 });
    for (let index = 0; index < 20; index++) await say(wrapped, `Filler number ${index} passes by here.`);
    await say(wrapped, 'Welcome to Acme.');
    expect(spoken().filter((text) => text === 'Welcome to Acme.')).toHaveLength(1);
  });

  test.each([{ words: false }, { words: true }])(
    'what a caller is being told meanwhile is not spoken twice, and is pinned when it has been stored: %j',
    async ({ words }) => {
      const warming = Promise.withResolvers<Warmed>();
      const { wrapped, cache, keyOf, spoken } = agent({
        words,
        behaviour: () => {
          warming.resolve(wrapped.warmPhrases(['Welcome to Acme.']));
          return { firstAudioMs: 50 };
        },
      });
      await say(wrapped, 'Welcome to Acme.');
      expect(await warming.promise).toEqual({ ready: 1, failed: 0 });
      expect(spoken()).toEqual(['Welcome to Acme.']);
      expect(cache.peek(keyOf('Welcome to Acme.'))?.pinned).toBe(true);
    },
  );

  test('a caller who takes for ever to listen does not keep warming from its end', async () => {
    const clock = new FakeClock();
    const { inner, wrapped } = agent({ words: true, behaviour: () => ({ chunkMs: 0 }) }, { clock, stallMs: 1_000 });
    const reader = wrapped.phraseAudio('Welcome to Acme.').getReader();
    await reader.read();
    await until(() => expect(inner.open).toBe(0));
    const warming = wrapped.warmPhrases(['Welcome to Acme.']);
    await until(async () => {
      await clock.advance(1_000);
      expect(inner.spoken).toHaveLength(2);
    });
    const ended = vi.fn<() => void>();
    void warming.then(ended);
    await until(async () => {
      await clock.advance(1_000);
      expect(ended).toHaveBeenCalled();
    });
    expect(await warming).toEqual({ ready: 0, failed: 1 });
    await reader.cancel();
  });

  test.each([
    ['spoken but not kept', { silent: true }],
    ['not spoken', { failAfter: 0 }],
    ['broken off', { cutAfter: 1 }],
  ])('a sentence that was %s is not ready, nor in the inventory', async (_, behaviour) => {
    const { wrapped, inventory } = agent({ behaviour: (text) => (text === 'Bad luck.' ? behaviour : {}) });
    expect(await wrapped.warmPhrases(['Good luck. Bad luck.'])).toEqual({ ready: 1, failed: 1 });
    expect(inventory.texts).toEqual(['Good luck.']);
  });

  test('a sentence without room in the cache is not ready', async () => {
    const { wrapped, inventory } = agent({}, { cache: createPhraseCache({ maxBytes: 50_000 }) });
    expect(await wrapped.warmPhrases(['Hello.', 'This one is longer than the whole cache.'])).toEqual({
      ready: 1,
      failed: 1,
    });
    expect(inventory.texts).toEqual(['Hello.']);
  });

  test('text without a letter or digit is no sentence', async () => {
    const { wrapped, spoken } = agent();
    expect(await wrapped.warmPhrases(['Hello. ...', '?!'])).toEqual({ ready: 1, failed: 0 });
    expect(spoken()).toEqual(['Hello.']);
  });

  test('it is pinned once: the next process that warms it voids nobody’s copy', async () => {
    const tier = new CountingTier();
    const first = agent({}, { cache: createPhraseCache({ tiers: [tier] }) });
    await say(first.wrapped, 'Welcome.');
    await first.wrapped.warmPhrases(['Welcome.', 'Goodbye.']);
    expect(tier.invalidations).toBe(1);
    await first.cache.close();
    const second = agent({}, { cache: createPhraseCache({ tiers: [tier] }), inventory: first.inventory });
    expect(await second.wrapped.warmPhrases(['Welcome.', 'Goodbye.'])).toEqual({ ready: 2, failed: 0 });
    expect([tier.invalidations, second.inner.streams.length]).toEqual([1, 0]);
  });

  test('with several providers: in the voice of the one that spoke, and of the first as soon as it can', async () => {
    let up = false;
    const [a, b] = [new FakeTts({ behaviour: () => (up ? {} : { failAfter: 0 }) }), new FakeTts()];
    b.speaker = 'bina';
    const clock = new FakeClock();
    const inventory = new MemoryInventory();
    const wrapped = cachedTts([a, b], { voice: [{ speaker: 'asha' }, { speaker: 'bina' }], inventory, clock });
    expect(await wrapped.warmPhrases(['Welcome.'])).toEqual({ ready: 1, failed: 0 });
    expect([...inventory.phrases.values()].map(({ voice }) => voice)).toEqual([{ speaker: 'bina' }]);
    up = true;
    await clock.advance(10_000);
    expect(await wrapped.warmPhrases(['Welcome.'])).toEqual({ ready: 1, failed: 0 });
    expect([a.spoken.length, b.spoken.length]).toEqual([2, 1]);
    expect([...inventory.phrases.values()].map(({ voice }) => voice)).toEqual([
      { speaker: 'bina' },
      { speaker: 'asha' },
    ]);
  });
});

describe('the inventory', () => {
  test('has what was made ready, recorded or found, and nothing that was only spoken to a caller', async () => {
    const { wrapped, inventory, cache, keyOf } = agent();
    await say(wrapped, 'Welcome. Mister Smith, your balance is fine.');
    await wrapped.warmPhrases(['Welcome. Goodbye.']);
    await say(wrapped, 'Goodbye. See you, Mister Smith.');
    expect(inventory.texts).toEqual(['Goodbye.', 'Welcome.']);
    expect(inventory.phrases.get(keyOf('Welcome.'))).toEqual({
      key: keyOf('Welcome.'),
      text: 'Welcome.',
      provider: 'fake',
      model: 'fake-1',
      voice: { speaker: 'asha' },
      sampleRate: 24_000,
      channels: 1,
      audioMs: expect.closeTo(533.33, 1),
      bytes: cache.peek(keyOf('Welcome.'))?.samples.byteLength,
      recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/u),
    });
  });

  test('its keys open the phrases in another process’s cache over the same tiers', async () => {
    const tier = new CountingTier();
    const { wrapped, cache, inventory } = agent({}, { cache: createPhraseCache({ tiers: [tier] }) });
    await wrapped.warmPhrases(['Welcome to Acme.']);
    await cache.close();
    const tool = createPhraseCache({ tiers: [tier] });
    const [phrase] = await inventory.list();
    const speech = await tool.get(phrase!.key);
    expect(speech).toMatchObject({ samples: samplesOf('Welcome to Acme.', 'asha'), pinned: true });
    expect(wavOf(speech!).byteLength).toBe(44 + phrase!.bytes);
  });

  test('keeps the time at which a phrase was recorded when that is found again', async () => {
    const { wrapped, inventory, keyOf } = agent();
    await wrapped.warmPhrases(['Welcome.']);
    const key = keyOf('Welcome.');
    const old = { ...inventory.phrases.get(key)!, recordedAt: '2020-01-01T00:00:00.000Z' };
    inventory.phrases.set(key, old);
    await wrapped.warmPhrases(['Welcome.']);
    expect(inventory.phrases.get(key)).toEqual(old);
    inventory.phrases.clear();
    await wrapped.warmPhrases(['Welcome.']);
    expect(inventory.texts).toEqual(['Welcome.']);
  });

  test('that fails costs a warning each time, and warming nothing', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { wrapped, inventory, spoken } = agent();
    inventory.failure = new Error('disk full');
    expect(await wrapped.warmPhrases(['Welcome.'])).toEqual({ ready: 1, failed: 0 });
    expect(await wrapped.forget('Welcome.')).toEqual({ pending: false });
    expect(warn.mock.calls).toEqual([
      ['the phrase inventory could not be read: disk full', 'WarmlineInventoryWarning'],
      ['the phrase inventory could not be written: disk full', 'WarmlineInventoryWarning'],
      ['the phrase inventory could not be written: disk full', 'WarmlineInventoryWarning'],
    ]);
    warn.mockRestore();
    await say(wrapped, 'Welcome.');
    expect(spoken()).toHaveLength(2);
  });
});

describe('perMinute', () => {
  test('bounds what is sent to the provider in any minute; what is ready already does not count', async () => {
    const clock = new FakeClock();
    const { inner, wrapped } = agent({ behaviour: () => ({ chunkMs: 0 }) }, { clock });
    await wrapped.warmPhrases(['Zero.']);
    const warming = wrapped.warmPhrases(['Zero.', 'One.', 'Two.', 'Three.', 'Four.', 'Five.'], { perMinute: 2 });
    const sent = async (count: number, waiting: number) => {
      await until(() => expect([inner.spoken.length, inner.open, clock.pending]).toEqual([count, 0, waiting]));
    };
    await sent(3, 2);
    await clock.advance(59_999);
    await sent(3, 2);
    await clock.advance(1);
    await sent(5, 1);
    await clock.advance(59_999);
    await sent(5, 1);
    await clock.advance(1);
    await sent(6, 0);
    expect(await warming).toEqual({ ready: 6, failed: 0 });
  });

  test('who waits is let go when it is closed', async () => {
    const clock = new FakeClock();
    const { inner, wrapped } = agent({ behaviour: () => ({ chunkMs: 0 }) }, { clock });
    const refused = wrapped.warmPhrases(['One.', 'Two.'], { perMinute: 1 }).catch(String);
    await until(() => expect([inner.spoken.length, inner.open, clock.pending]).toEqual([1, 0, 1]));
    await wrapped.close();
    expect(await refused).toMatch(/closed/);
    expect([inner.spoken.length, clock.pending]).toEqual([1, 0]);
  });

  test('a sentence that is forgotten while it waits is not spoken', async () => {
    const clock = new FakeClock();
    const { inner, wrapped, spoken } = agent({ behaviour: () => ({ chunkMs: 0 }) }, { clock });
    const warming = wrapped.warmPhrases(['One.', 'Two.'], { perMinute: 1 });
    await until(() => expect([inner.spoken.length, inner.open, clock.pending]).toEqual([1, 0, 1]));
    await wrapped.forget('Two.');
    await clock.advance(60_000);
    expect(await warming).toEqual({ ready: 1, failed: 1 });
    expect(spoken()).toEqual(['One.']);
  });

  test.each([
    [{ perMinute: 0 }, 'perMinute must be a whole number above 0, got 0'],
    [{ perMinute: 1.5 }, 'perMinute must be a whole number above 0, got 1.5'],
    [{ concurrency: Number.NaN }, 'concurrency must be a whole number above 0, got NaN'],
  ])('%j is refused before anything is declared', async (options, message) => {
    const { wrapped, spoken } = agent();
    await expect(wrapped.warmPhrases(['Your code is 482913.'], options)).rejects.toThrow(new TypeError(message));
    await say(wrapped, 'Your code is 482913.');
    await say(wrapped, 'Your code is 482913.');
    expect(spoken()).toHaveLength(2);
  });
});
