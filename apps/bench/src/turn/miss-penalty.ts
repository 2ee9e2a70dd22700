import { createPhraseCache } from '@warmline/tts-cache';
import type * as sarvam from '@warmline/tts-sarvam';
import type { Ledger, SimulatorProcess } from '../call/simulator-process.ts';
import type { Progress } from '../progress.ts';
import type { Dialogue } from '../workload/dialogue.ts';
import { speakDialogue } from '../call/call.ts';
import { cachedVoice, plainVoice } from './phases.ts';

/** First audio of the same sentences without a cache and with an empty one, in milliseconds. */
export interface MissPenalty {
  readonly plainMs: readonly number[];
  readonly coldMs: readonly number[];
  /** The same without the time the provider took, by its own ledger: its jitter is ten times what is to be measured. */
  readonly plainOwnMs: readonly number[];
  readonly coldOwnMs: readonly number[];
}

/** A sentence to be spoken both ways. */
export interface PairSentence {
  readonly text: string;
  readonly language: Dialogue['language'];
}

/** Three at a time: with a socket for each, nobody waits for a connection, and only the cache can make a difference. */
const PAIRS_AT_ONCE = 3;

/**
 * What an empty cache costs a caller. Each sentence is spoken both ways, one after the other, and who goes first
 * alternates, so that the machine's moods hit both alike.
 */
export async function measureMissPenalty(
  simulator: SimulatorProcess,
  pool: sarvam.SarvamPool,
  sentences: readonly PairSentence[],
  progress: Progress,
): Promise<MissPenalty> {
  const { url } = simulator;
  const samples: Sample[] = [];
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
    for (const { firstAudioMs, expected } of await call.turns) {
      const [text] = expected;
      if (firstAudioMs === undefined || text === undefined) throw new Error(`not heard: ${sentence.text}`);
      samples.push({ index, cold, text, language: sentence.language, firstAudioMs });
    }
    closing.push(call.closed.then(() => cache.close()));
  };
  const line = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index] = next;
      await speakOnce(index, isFirst(index, true));
      await speakOnce(index, !isFirst(index, true));
      progress.update(
        `turn · cold cache against no cache · ${sentences.length - waiting.length} of ${sentences.length} sentences`,
      );
    }
  };
  await Promise.all(Array.from({ length: PAIRS_AT_ONCE }, line));
  await Promise.all(closing);
  const ledger = await simulator.ledger();
  const of = (cold: boolean): Sample[] => samples.filter((sample) => sample.cold === cold);
  const own = (sample: Sample): number => sample.firstAudioMs - providerMs(ledger, sample);
  return {
    plainMs: of(false).map((sample) => sample.firstAudioMs),
    coldMs: of(true).map((sample) => sample.firstAudioMs),
    plainOwnMs: of(false).map(own),
    coldOwnMs: of(true).map(own),
  };
}

interface Sample extends PairSentence {
  readonly index: number;
  readonly cold: boolean;
  readonly firstAudioMs: number;
}

/** Who goes first alternates from pair to pair. */
function isFirst(index: number, cold: boolean): boolean {
  return (index % 2 === 0) === cold;
}

/** How long the provider took to the first audio of a sample: of the first or second time it was asked for the sentence. */
function providerMs(ledger: Ledger, { index, cold, text, language }: Sample): number {
  const asked = ledger.utterances.filter((utterance) => utterance.text === text && utterance.language === language);
  const utterance = asked[isFirst(index, cold) ? 0 : 1];
  const firstAudioAtMs = utterance?.first_audio_at_ms ?? undefined;
  if (utterance === undefined || firstAudioAtMs === undefined) throw new Error(`not in the ledger: ${text}`);
  return firstAudioAtMs - utterance.started_at_ms;
}
