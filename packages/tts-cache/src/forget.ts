import type { Invalidated } from '@warmline/cache-core';
import { phraseKey } from './phrase-key.ts';
import type { Speaker } from './speaker.ts';

/** Takes sentences out of the inventory and out of all tiers, in every voice that they may have been spoken in here. */
export async function forget(speaker: Speaker, sentences: readonly string[]): Promise<Invalidated> {
  const { cache, declared, inventory, providers } = speaker;
  // First: what is being made ready asks here before it is stored.
  for (const sentence of sentences) declared.delete(sentence);
  const keys = providers.flatMap(({ inner, voices }) =>
    voices.flatMap((voice) => sentences.map((sentence) => phraseKey(inner, voice, sentence))),
  );
  const [invalidated] = await Promise.all([cache.delete(...keys), ...keys.map((key) => inventory.drop(key))]);
  return invalidated;
}
