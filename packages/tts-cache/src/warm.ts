import type { tts } from '@livekit/agents';
import type { Turn } from './turn.ts';

/** How a warming ended. */
export interface Warmed {
  /** Sentences that are ready now, those that were before included. */
  readonly ready: number;
  /** Sentences that no provider could speak. */
  readonly failed: number;
}

/** Has each sentence spoken into the cache, `concurrency` at a time. */
export async function warm(
  sentences: readonly string[],
  concurrency: number,
  openTurn: () => Turn,
  format: Pick<tts.TTS, 'sampleRate' | 'numChannels'>,
): Promise<Warmed> {
  const waiting = [...sentences];
  let ready = 0;
  let failed = 0;
  const work = async (): Promise<void> => {
    for (let sentence = waiting.shift(); sentence !== undefined; sentence = waiting.shift()) {
      const turn = openTurn();
      turn.push(sentence);
      turn.end();
      if (await playOut(turn, format)) ready++;
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, sentences.length) }, work));
  return { ready, failed };
}

async function playOut(turn: Turn, format: Pick<tts.TTS, 'sampleRate' | 'numChannels'>): Promise<boolean> {
  const audio = turn.play(format.sampleRate, format.numChannels);
  for (;;) {
    const next = await audio.next();
    if (next.done === true) return next.value;
  }
}
