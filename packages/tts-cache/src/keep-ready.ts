import { isoNow } from './clock.ts';
import type { InventoryPhrase } from './inventory.ts';
import type { Phrase } from './phrase.ts';
import type { Speaker } from './speaker.ts';
import { replayMs } from './speech.ts';
import type { Speech } from './speech.ts';

/**
 * Pins a recording, unless it is pinned already, and writes it down. What is forgotten meanwhile stays forgotten:
 *
 *   1. the recording is found or made   2. `forget` takes the sentence out of `declared`, then voids the entry
 *   3. storing or writing it down now would bring it back
 *
 * @param listed whether it is written down already: then it stays as it is, with the time at which it was recorded.
 * @returns whether the cache has it now: it may have been forgotten, or have found no room.
 */
export async function keepReady(speaker: Speaker, phrase: Phrase, speech: Speech, listed = false): Promise<boolean> {
  const { cache, declared, inventory } = speaker;
  const { key, sentence } = phrase;
  if (!declared.has(sentence)) return false;
  // A `set` voids everybody's copy, and loads under way: once in the life of a recording, not once a process that warms it.
  if (speech.pinned !== true) {
    await cache.set(key, { ...speech, pinned: true }, { pin: true });
    if ((await cache.get(key)) === undefined || !declared.has(sentence)) return false;
  }
  if (!listed) await inventory.put(entryOf(phrase, speech));
  return true;
}

function entryOf({ key, sentence, voice, provider: { inner } }: Phrase, speech: Speech): InventoryPhrase {
  return {
    key,
    text: sentence,
    provider: inner.provider,
    model: inner.model,
    voice,
    sampleRate: speech.sampleRate,
    channels: speech.channels,
    audioMs: replayMs(speech),
    bytes: speech.samples.byteLength,
    recordedAt: isoNow(),
  };
}
