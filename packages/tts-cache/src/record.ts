import type { tts } from '@livekit/agents';
import type { Clock } from '@warmline/cache-core';
import type { Doubt } from './completeness.ts';
import { doubtSpeech } from './completeness.ts';
import { playableRange } from './edge-silence.ts';
import type { AudioChunk } from './recording.ts';
import { Recording } from './recording.ts';
import type { Speech, TimedText } from './speech.ts';
import type { Synthesis } from './synthesis.ts';

/** Key under which LiveKit's pipeline carries timings on a frame (agents 1.9.0, types.ts: USERDATA_TIMED_TRANSCRIPT). */
const TIMED_TRANSCRIPTS = 'lk.timed_transcripts';

/** Audio that was spoken but cannot be trusted to be the whole sentence; it is played, never stored. */
export class DoubtfulSpeechError extends Error {
  override readonly name = 'DoubtfulSpeechError';
  readonly doubt: Doubt | 'format-changed' | 'stalled' | 'abandoned';

  constructor(doubt: DoubtfulSpeechError['doubt']) {
    super(`speech not kept: ${doubt}`);
    this.doubt = doubt;
  }
}

/** @see record */
export interface RecordOptions {
  readonly synthesis: Synthesis;
  readonly sentence: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly clock: Clock;
  /** Longest silence between two messages of the provider, in milliseconds. */
  readonly stallMs: number;
}

/** Has a sentence spoken and records it. The recording ends in every case: complete, failed, stalled or abandoned. */
export function record(options: RecordOptions): Recording {
  const { synthesis, sentence, sampleRate, channels } = options;
  const fail = (error: unknown): void => {
    synthesis.cancel();
    recording.finish({ state: 'failed', error });
  };
  const recording = new Recording(() => fail(new DoubtfulSpeechError('abandoned')));
  const watchdog = startWatchdog(options, () => fail(new DoubtfulSpeechError('stalled')));
  const pump = async (): Promise<void> => {
    for await (const audio of synthesis.speak(sentence)) {
      watchdog.feed();
      const { frame } = audio;
      if (frame.sampleRate !== sampleRate || frame.channels !== channels)
        throw new DoubtfulSpeechError('format-changed');
      const chunk = toChunk(audio);
      if (chunk !== undefined) recording.append(chunk);
    }
    const speech = toSpeech(recording.chunks, sampleRate, channels);
    const doubt = doubtSpeech(sentence, speech.samples, sampleRate, channels);
    if (doubt !== undefined) throw new DoubtfulSpeechError(doubt);
    recording.finish({ state: 'complete', speech });
  };
  void pump().catch(fail).finally(watchdog.stop);
  return recording;
}

/** Joins chunks to what the tiers keep. */
export function toSpeech(chunks: readonly AudioChunk[], sampleRate: number, channels: number): Speech {
  const samples = new Int16Array(chunks.reduce((length, chunk) => length + chunk.samples.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    samples.set(chunk.samples, at);
    at += chunk.samples.length;
  }
  const words = chunks.flatMap((chunk) => chunk.words ?? []);
  return {
    sampleRate,
    channels,
    samples,
    ...playableRange(samples, sampleRate, channels),
    words: words.length === 0 ? undefined : words,
  };
}

/** A copy of the audio: the pipeline may reuse or annotate the provider's frame. */
export function toChunk(audio: tts.SynthesizedAudio): AudioChunk | undefined {
  const words = readWords(audio);
  if (audio.frame.data.length === 0 && words === undefined) return undefined;
  return { samples: audio.frame.data.slice(), words };
}

function readWords(audio: tts.SynthesizedAudio): readonly TimedText[] | undefined {
  const timed = audio.timedTranscripts ?? audio.frame.userdata[TIMED_TRANSCRIPTS];
  if (!Array.isArray(timed) || timed.length === 0) return undefined;
  return (timed as NonNullable<tts.SynthesizedAudio['timedTranscripts']>).map(({ text, startTime, endTime }) => ({
    text,
    startMs: (startTime ?? 0) * 1000,
    ...(endTime === undefined ? {} : { endMs: endTime * 1000 }),
  }));
}

function startWatchdog(options: RecordOptions, onStall: () => void): { feed: () => void; stop: () => void } {
  let cancel = options.clock.after(options.stallMs, onStall);
  return {
    feed: () => {
      cancel();
      cancel = options.clock.after(options.stallMs, onStall);
    },
    stop: () => cancel(),
  };
}
