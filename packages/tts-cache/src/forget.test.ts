import { initializeLogger } from '@livekit/agents';
import { expect, test } from 'vitest';
import { FakeTts, samplesOf } from './fake-tts.fixture.ts';
import { cachedTts, createPhraseCache } from './index.ts';
import { MemoryInventory } from './inventory.fixture.ts';
import { say } from './listen.fixture.ts';
import { phraseKey } from './phrase-key.ts';
import { watchRejections } from './rejections.fixture.ts';
import { agent, CountingTier } from './script.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });
watchRejections();

test('its sentences leave all tiers and the inventory, and are spoken anew; others stay', async () => {
  const tier = new CountingTier();
  const { wrapped, cache, inventory, keyOf, spoken } = agent({}, { cache: createPhraseCache({ tiers: [tier] }) });
  await wrapped.warmPhrases(['Welcome. How may I help?', 'Goodbye.']);
  expect(await wrapped.forget('Welcome.  How may I help?')).toEqual({ pending: false });
  expect(inventory.texts).toEqual(['Goodbye.']);
  const elsewhere = createPhraseCache({ tiers: [tier] });
  for (const sentence of ['Welcome.', 'How may I help?']) {
    expect([await cache.get(keyOf(sentence)), await elsewhere.get(keyOf(sentence))]).toEqual([undefined, undefined]);
  }
  const heard = await say(wrapped, 'Welcome. Goodbye.');
  expect(heard.samples.slice(0, samplesOf('Welcome.', 'asha').length)).toEqual(samplesOf('Welcome.', 'asha', 2));
  expect(spoken().toSorted()).toEqual(['Goodbye.', 'How may I help?', 'Welcome.', 'Welcome.']);
});

test('what was forgotten is not pinned, nor stored against the policy, when it is spoken again', async () => {
  const { wrapped, cache, keyOf, spoken } = agent();
  await wrapped.warmPhrases(['Your code is 1234.', 'Welcome.']);
  await wrapped.forget('Your code is 1234. Welcome.');
  await say(wrapped, 'Your code is 1234. Welcome.');
  await say(wrapped, 'Your code is 1234. Welcome.');
  expect(spoken().filter((text) => text === 'Your code is 1234.')).toHaveLength(3);
  expect(cache.peek(keyOf('Welcome.'))?.pinned).toBeUndefined();
});

test('in every voice that it has had, and of every provider', async () => {
  const { inner, wrapped, inventory, spoken } = agent();
  for (const speaker of ['asha', 'bina', 'asha', 'chandra']) {
    inner.speaker = speaker;
    await wrapped.warmPhrases(['Welcome.']);
  }
  expect(inventory.phrases.size).toBe(3);
  await wrapped.forget('Welcome.');
  expect(inventory.phrases.size).toBe(0);
  for (const speaker of ['asha', 'bina', 'chandra']) {
    inner.speaker = speaker;
    await say(wrapped, 'Welcome.');
  }
  expect(spoken()).toHaveLength(6);

  const [a, b] = [new FakeTts(), new FakeTts()];
  const [cache, kept] = [createPhraseCache(), new MemoryInventory()];
  const pair = cachedTts([a, b], { voice: [{ speaker: 'asha' }, { speaker: 'bina' }], cache, inventory: kept });
  await pair.warmPhrases(['Welcome.']);
  const backup = phraseKey(b, { speaker: 'bina' }, 'Welcome.');
  await cache.set(backup, (await cache.get(phraseKey(a, { speaker: 'asha' }, 'Welcome.')))!);
  await pair.forget('Welcome.');
  expect([kept.phrases.size, cache.peek(backup)]).toEqual([0, undefined]);
});

const BUSY = 'This is being recorded right now.';

/** An agent whose first recording is forgotten while it is being made. */
function forgetful(forgotten: PromiseWithResolvers<unknown>) {
  const one = agent({
    behaviour: (_, take) => {
      if (take === 1) forgotten.resolve(one.wrapped.forget(BUSY));
      return { firstAudioMs: 20 };
    },
  });
  return one;
}

test('while it is being told to a caller: heard to its end, not stored', async () => {
  const forgotten = Promise.withResolvers<unknown>();
  const { wrapped, cache, keyOf } = forgetful(forgotten);
  expect((await say(wrapped, BUSY)).samples).toEqual(samplesOf(BUSY, 'asha'));
  await forgotten.promise;
  expect(cache.peek(keyOf(BUSY))).toBeUndefined();
  expect((await say(wrapped, BUSY)).samples).toEqual(samplesOf(BUSY, 'asha', 2));
});

test('while it is being warmed: not ready, not stored, not in the inventory', async () => {
  const forgotten = Promise.withResolvers<unknown>();
  const { wrapped, cache, inventory, keyOf } = forgetful(forgotten);
  expect(await wrapped.warmPhrases([BUSY])).toEqual({ ready: 0, failed: 1 });
  await forgotten.promise;
  expect([cache.peek(keyOf(BUSY)), inventory.phrases.size]).toEqual([undefined, 0]);
});

test.each([
  { moment: 'was found', read: 1 },
  { moment: 'has been pinned', read: 2 },
])('in the moment in which it $moment: neither stored again nor written down', async ({ read }) => {
  const { wrapped, cache, inventory, keyOf } = agent();
  await say(wrapped, 'Welcome.');
  const get = cache.get.bind(cache);
  const forgotten = Promise.withResolvers<unknown>();
  let reads = 0;
  cache.get = async (key) => {
    const speech = await get(key);
    if (++reads === read) forgotten.resolve(wrapped.forget('Welcome.'));
    return speech;
  };
  expect(await wrapped.warmPhrases(['Welcome.'])).toEqual({ ready: 0, failed: 1 });
  await forgotten.promise;
  expect([await get(keyOf('Welcome.')), inventory.phrases.size]).toEqual([undefined, 0]);
});

test('nothing to forget is done at once', async () => {
  expect(await agent().wrapped.forget(' ... ')).toEqual({ pending: false });
});

test('a tier that cannot be told is pending', async () => {
  const tier = new CountingTier();
  const { wrapped, cache } = agent({}, { cache: createPhraseCache({ tiers: [tier] }) });
  await wrapped.warmPhrases(['Welcome.']);
  tier.invalidate = () => Promise.reject(new Error('out of order'));
  expect(await wrapped.forget('Welcome.')).toEqual({ pending: true });
  await cache.close();
});
