// A program that speaks, closes and must then end by itself; run by session.test.ts.
import { initializeLogger } from '@livekit/agents';
import { MemorySharedTier } from '@warmline/cache-core';
import { FakeTts } from './fake-tts.fixture.ts';
import { cachedTts, createPhraseCache } from './index.ts';
import { startSession } from './session.fixture.ts';

initializeLogger({ pretty: false, level: 'silent' });
const hung = process.argv[2] === 'hung';
const inner = new FakeTts({ words: !hung, behaviour: () => (hung ? { hangAfter: 1 } : {}) });
const wrapped = cachedTts(inner, {
  voice: { speaker: 'asha' },
  ...(!hung && { cache: createPhraseCache({ tiers: [new MemorySharedTier()] }) }),
});
const { session, output, answer, errors } = await startSession(wrapped);
if (hung) {
  const speaking = new Promise<void>((resolve) => (output.onFrame = resolve));
  session.say('This never ends. Not at all.');
  await speaking;
} else {
  await answer('Welcome. How may I help?');
  await answer('Welcome. How may I help?');
}
await session.close();
await wrapped.close();
process.stdout.write(JSON.stringify({ spoken: inner.spoken.length, open: inner.open, errors: errors.length }));
