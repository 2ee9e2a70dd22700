import type { Phrase } from './phrase.ts';
import { phraseOf } from './phrase.ts';
import { keepReady } from './keep-ready.ts';
import type { Speaker } from './speaker.ts';
import { replayMs } from './speech.ts';
import type { Speech } from './speech.ts';
import { speakTake } from './take.ts';

/** @see CachedTts.rerecord */
export interface RerecordOptions {
  /** How often each sentence is spoken; each take is billed. A whole number above 0. @default 3 */
  readonly takes?: number;
}

/** How a sentence came out. */
export interface RerecordedSentence {
  /** UTF-16 units of the sentence. */
  readonly chars: number;
  /** Durations of the takes that were complete, in milliseconds, in the order in which they were spoken. */
  readonly takesMs: readonly number[];
  /** Duration of the take that is in the cache now; `undefined` when none is, and the recording from before, if any, stays. */
  readonly keptMs: number | undefined;
}

/** How a rerecording ended. */
export interface Rerecorded {
  /** In the order of the text; one that comes twice is spoken as if it came once. */
  readonly sentences: readonly RerecordedSentence[];
}

/**
 * Has sentences spoken afresh by the first provider, and keeps the take of median length of each: the same text is now and
 * then spoken hastily or drawn out, and the one in the middle is neither.
 */
export async function rerecord(
  speaker: Speaker,
  sentences: readonly string[],
  takes: number,
  signal: AbortSignal,
): Promise<Rerecorded> {
  const [provider] = speaker.providers;
  const done: RerecordedSentence[] = [];
  if (provider === undefined) return { sentences: done };
  for (const sentence of sentences) {
    const phrase = phraseOf(provider, sentence);
    const complete = await speakTakes(speaker, phrase, takes, signal);
    const median = medianOf(complete);
    const kept = median !== undefined && (await keepReady(speaker, phrase, median));
    done.push({
      chars: sentence.length,
      takesMs: complete.map(replayMs),
      keptMs: kept ? replayMs(median) : undefined,
    });
  }
  return { sentences: done };
}

/** One after the other: each occupies a connection of the provider's account, and calls need theirs. */
async function speakTakes(speaker: Speaker, phrase: Phrase, takes: number, signal: AbortSignal): Promise<Speech[]> {
  const complete: Speech[] = [];
  for (let take = 0; take < takes; take++) {
    signal.throwIfAborted();
    // Settings have changed: what would be spoken now belongs to another key.
    if (phraseOf(phrase.provider, phrase.sentence).key !== phrase.key) break;
    const speech = await speakTake(speaker, phrase, signal);
    if (speech !== undefined) complete.push(speech);
  }
  signal.throwIfAborted();
  return complete;
}

/** Of an even number the shorter of the two in the middle. */
function medianOf(takes: readonly Speech[]): Speech | undefined {
  return takes.toSorted((a, b) => replayMs(a) - replayMs(b))[Math.floor((takes.length - 1) / 2)];
}
