import type { Phrase } from './phrase.ts';
import type { Speaker } from './speaker.ts';
import { startRecording } from './speaker.ts';
import type { Speech } from './speech.ts';
import { openSynthesis } from './synthesis.ts';

/**
 * Has a phrase spoken once, whatever the cache holds. Nobody hears it, but it is billed.
 * @returns `undefined` when it is not complete; a `not-stored` event has told why.
 */
export async function speakTake(
  speaker: Speaker,
  { provider, sentence }: Phrase,
  signal: AbortSignal,
): Promise<Speech | undefined> {
  const { clock, emit } = speaker;
  const { inner, index } = provider;
  const startedMs = clock.now();
  // The inner TTS copies its options here, in the tick in which the caller has read the voice.
  const recording = startRecording(speaker, provider, sentence, openSynthesis(inner, undefined));
  const listener = recording.listen();
  const leave = (): void => listener.leave();
  signal.addEventListener('abort', leave, { once: true });
  let waitMs: number | undefined;
  let samples = 0;
  for await (const chunk of listener) {
    waitMs ??= clock.now() - startedMs;
    samples += chunk.samples.length;
  }
  signal.removeEventListener('abort', leave);
  const end = await recording.ended;
  if (waitMs !== undefined) {
    emit({
      type: 'speech',
      source: 'recorded',
      tier: undefined,
      provider: index,
      spokenChars: 0,
      billedChars: sentence.length,
      audioMs: (samples / inner.numChannels / inner.sampleRate) * 1000,
      waitMs,
      interrupted: signal.aborted,
    });
  }
  return end.state === 'complete' ? end.speech : undefined;
}
