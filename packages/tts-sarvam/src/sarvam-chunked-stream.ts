import { DEFAULT_API_CONNECT_OPTIONS, tts } from '@livekit/agents';
import type { APIConnectOptions } from '@livekit/agents';
import { splitSentences } from '@warmline/sentences';
import { AudioSink } from './audio-sink.ts';
import { SpeechFailure } from './failure.ts';
import { MAX_SENTENCE_CHARACTERS } from './models.ts';
import { Narrator } from './narrator.ts';
import type { Setup } from './options.ts';
import type { SarvamVoice } from './voice.ts';

/**
 * A whole text at once, over the same sockets as a stream. LiveKit's base class turns whatever `run` throws into an
 * unhandled rejection, so a failure is reported here, as the one `error` event, and the audio ends.
 */
export class SarvamChunkedStream extends tts.ChunkedStream {
  label = 'sarvam.ChunkedStream';
  readonly #owner: tts.TTS;
  readonly #setup: Setup;
  readonly #voice: SarvamVoice;
  readonly #connOptions: APIConnectOptions;
  readonly #onDone: () => void;

  constructor(
    text: string,
    owner: tts.TTS,
    context: { setup: Setup; voice: SarvamVoice; connOptions: APIConnectOptions | undefined; onDone: () => void },
    abortSignal?: AbortSignal,
  ) {
    const connOptions = context.connOptions ?? DEFAULT_API_CONNECT_OPTIONS;
    super(text, owner, connOptions, abortSignal);
    this.#owner = owner;
    this.#setup = context.setup;
    this.#voice = context.voice;
    this.#connOptions = connOptions;
    this.#onDone = context.onDone;
    // LiveKit listens for the abort to come, not for one that came before.
    if (abortSignal?.aborted === true) this.close();
  }

  protected override async run(): Promise<void> {
    const signal = this.abortSignal;
    const sink = new AudioSink(this.#voice.sampleRate, (audio) => {
      if (!signal.aborted) this.queue.put(audio);
    });
    const connOptions = this.#connOptions;
    const narrator = new Narrator({
      setup: this.#setup,
      voice: this.#voice,
      connOptions,
      signal,
      sink,
      onStart: () => {},
    });
    try {
      const sentences = splitSentences(this.inputText, { maxLength: MAX_SENTENCE_CHARACTERS });
      if (sentences.length === 0) this.#setup.onEvent({ type: 'text-skipped', characters: 0 });
      for (const sentence of sentences) await narrator.speak(sentence);
      sink.endSegment();
    } catch (error) {
      this.#report(error instanceof SpeechFailure ? error.toApiError() : (error as Error));
    } finally {
      narrator.release();
      this.#onDone();
    }
  }

  /** An `error` event without a listener would throw. */
  #report(error: Error): void {
    if (this.#owner.listenerCount('error') === 0) return;
    const timestamp = performance.timeOrigin + performance.now();
    this.#owner.emit('error', { type: 'tts_error', timestamp, label: this.#owner.label, error, recoverable: false });
  }
}
