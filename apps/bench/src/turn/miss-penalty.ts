import { createPhraseCache } from '@warmline/tts-cache';
import type * as sarvam from '@warmline/tts-sarvam';
import type { Progress } from '../progress.ts';
import type { Dialogue } from '../workload/dialogue.ts';
import { speakDialogue } from './call.ts';
import { cachedVoice, plainVoice } from './phases.ts';

/** First audio of the same sentences without a cache and with an empty one, in milliseconds. */
export interface MissPenalty {
  readonly plainMs: readonly number[];
  readonly coldMs: readonly number[];
}

/** Two at a time: with a socket for each, nobody waits for a connection, and only the cache can make a difference. */
const PAIRS_AT_ONCE = 2;

/**
 * What an empty cache costs a caller. Each sentence is spoken both ways, one after the other, and who goes first
 * alternates, so that the machine's moods hit both alike.
 */
export async function measureMissPenalty(
  url: string,
  pool: sarvam.SarvamPool,
  sentences: readonly { readonly text: string; readonly language: Dialogue['language'] }[],
  progress: Progress,
): Promise<MissPenalty> {
  const plainMs: number[] = [];
  const coldMs: number[] = [];
  const closing: Promise<void>[] = [];
  const waiting = [...sentences.entries()];
  const speakOnce = async (index: number, cold: boolean): Promise<void> => {
    const sentence = sentences[index];
    if (sentence === undefined) return;
    const dialogue: Dialogue = {
      dialog: `penalty-${index}`,
      agent: 'penalty',
      language: sentence.language,
      turns: [sentence.text],
    };
    const cache = createPhraseCache();
    const voice = (cold ? cachedVoice(url, pool, cache) : plainVoice(url, pool))(dialogue);
    const call = await speakDialogue(dialogue, voice);
    for (const { firstAudioMs } of await call.turns) {
      if (firstAudioMs !== undefined) (cold ? coldMs : plainMs).push(firstAudioMs);
    }
    closing.push(call.closed.then(() => cache.close()));
  };
  const line = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index] = next;
      const coldFirst = index % 2 === 0;
      await speakOnce(index, coldFirst);
      await speakOnce(index, !coldFirst);
      progress.update(
        `turn · cold cache against no cache · ${sentences.length - waiting.length} of ${sentences.length} sentences`,
      );
    }
  };
  await Promise.all(Array.from({ length: PAIRS_AT_ONCE }, line));
  await Promise.all(closing);
  return { plainMs, coldMs };
}
