import { tts, voice } from '@livekit/agents';
import type { APIConnectOptions } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { splitSentences } from '@warmline/sentences';
import type { VirtualClock } from './virtual-clock.fixture.ts';

const RATE = 8000;
const MS_PER_CHAR = 1000 / 16;
const FIRST_AUDIO_MS = 250;
const CHUNK_MS = 400;
/** How much faster than it is heard a provider speaks. */
const SPEED = 3;

/** A provider on a virtual clock: it speaks each sentence as soon as it has it, several times faster than it is heard. */
export class PacedTts extends tts.TTS {
  override label = 'paced.TTS';
  readonly clock: VirtualClock;

  /** @param timed whether it gives word timings, so that `cachedTts` speaks runs. */
  constructor(clock: VirtualClock, timed = false) {
    super(RATE, 1, { streaming: true, alignedTranscript: timed });
    this.clock = clock;
  }

  override stream(options?: { connOptions?: APIConnectOptions }): tts.SynthesizeStream {
    return new PacedStream(this, options?.connOptions);
  }

  override synthesize(): tts.ChunkedStream {
    throw new Error('it only streams');
  }
}

class PacedStream extends tts.SynthesizeStream {
  override label = 'paced.Stream';
  readonly #clock: VirtualClock;
  readonly #timed: boolean;
  #spokenMs = 0;

  constructor(paced: PacedTts, connOptions?: APIConnectOptions) {
    super(paced, connOptions);
    this.#clock = paced.clock;
    this.#timed = paced.capabilities.alignedTranscript === true;
  }

  protected override async run(): Promise<void> {
    let text = '';
    let begun = false;
    const speakWhole = async (final: boolean): Promise<void> => {
      const sentences = splitSentences(text);
      const ready = final ? sentences : sentences.slice(0, -1);
      text = final ? '' : (sentences.at(-1) ?? '');
      for (const sentence of ready) {
        if (!begun) await this.#clock.sleep(FIRST_AUDIO_MS, this.abortSignal);
        begun = true;
        await this.#speak(sentence);
      }
    };
    for await (const item of this.input) {
      if (typeof item === 'string') text += item;
      await speakWhole(false);
    }
    await speakWhole(true);
    if (!this.queue.closed && !this.abortSignal.aborted) this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
  }

  async #speak(sentence: string): Promise<void> {
    let timedTranscripts = this.#timed ? wordsOf(sentence, this.#spokenMs) : undefined;
    this.#spokenMs += sentence.length * MS_PER_CHAR;
    for (let leftMs = sentence.length * MS_PER_CHAR; leftMs > 0; leftMs -= CHUNK_MS) {
      const ms = Math.min(leftMs, CHUNK_MS);
      await this.#clock.sleep(ms / SPEED, this.abortSignal);
      if (this.queue.closed || this.abortSignal.aborted) return;
      const data = new Int16Array(Math.round((ms * RATE) / 1000)).fill(1000);
      const frame = new AudioFrame(data, RATE, 1, data.length);
      this.queue.put({
        requestId: 'r',
        segmentId: 's',
        frame,
        final: false,
        ...(timedTranscripts && { timedTranscripts }),
      });
      timedTranscripts = undefined;
    }
  }
}

function wordsOf(sentence: string, fromMs: number): voice.TimedString[] {
  return [...sentence.matchAll(/\S+\s*/gu)].map((match) =>
    voice.createTimedString({
      text: match[0],
      startTime: (fromMs + match.index * MS_PER_CHAR) / 1000,
      endTime: (fromMs + (match.index + match[0].trimEnd().length) * MS_PER_CHAR) / 1000,
    }),
  );
}
