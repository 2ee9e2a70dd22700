import { keepReady } from './keep-ready.ts';
import { findStored } from './phrase-finder.ts';
import { phraseOf } from './phrase.ts';
import type { Phrase } from './phrase.ts';
import type { Provider } from './provider.ts';
import { RateLimit } from './rate-limit.ts';
import type { Speaker } from './speaker.ts';
import type { Speech } from './speech.ts';

/** How a warming ended. */
export interface Warmed {
  /** Sentences that are in the cache now, pinned, those that were before included. */
  readonly ready: number;
  /** The others: no provider could speak them, or what was spoken could not be kept; events have told why. */
  readonly failed: number;
}

/** @see warm */
export interface Warming {
  /** Sentences that are made ready at the same time. */
  readonly concurrency: number;
  /** Sentences that may be sent to the provider in any minute. */
  readonly perMinute: number;
  /** Has a sentence spoken into the cache. @throws when the TTS was closed. */
  readonly speak: (sentence: string) => Promise<void>;
  /** Aborted when the TTS is closed. */
  readonly signal: AbortSignal;
}

/** Makes sentences ready that have been declared. */
export async function warm(speaker: Speaker, sentences: readonly string[], warming: Warming): Promise<Warmed> {
  const listed = new Set((await speaker.inventory.list()).map(({ key }) => key));
  const limit = new RateLimit(warming.perMinute, speaker.clock);
  const speak = async (sentence: string): Promise<void> => {
    await limit.pass(warming.signal);
    // It may have been forgotten while it waited.
    if (speaker.declared.has(sentence)) await warming.speak(sentence);
  };
  const waiting = [...sentences];
  let ready = 0;
  const work = async (): Promise<void> => {
    for (let sentence = waiting.shift(); sentence !== undefined; sentence = waiting.shift()) {
      if (await makeReady(speaker, sentence, speak, listed)) ready++;
    }
  };
  await Promise.all(Array.from({ length: Math.min(warming.concurrency, sentences.length) }, work));
  return { ready, failed: sentences.length - ready };
}

async function makeReady(
  speaker: Speaker,
  sentence: string,
  speak: (sentence: string) => Promise<void>,
  listed: ReadonlySet<string>,
): Promise<boolean> {
  // What only another provider has spoken is not yet ready in the agent's own voice.
  const before = await find(speaker, sentence, speaker.providers.slice(0, 1));
  if (before !== undefined) return keepReady(speaker, before.phrase, before.speech, listed.has(before.phrase.key));
  await speak(sentence);
  const after = await find(speaker, sentence, speaker.providers);
  return after !== undefined && keepReady(speaker, after.phrase, after.speech);
}

/** A sentence in the voice of the first of these providers that the cache has it in. */
async function find(
  speaker: Speaker,
  sentence: string,
  providers: readonly Provider[],
): Promise<{ phrase: Phrase; speech: Speech } | undefined> {
  for (const provider of providers) {
    const phrase = phraseOf(provider, sentence);
    const speech = await findStored(speaker.cache, phrase.key, speaker.clock, speaker.stallMs);
    if (speech !== undefined) return { phrase, speech };
  }
  return undefined;
}
