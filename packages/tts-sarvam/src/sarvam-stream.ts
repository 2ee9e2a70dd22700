import { tts } from '@livekit/agents';
import type { APIConnectOptions } from '@livekit/agents';
import { createSentenceSplitter } from '@warmline/sentences';
import { AudioSink } from './audio-sink.ts';
import { SpeechFailure } from './failure.ts';
import { MAX_SENTENCE_CHARACTERS } from './models.ts';
import { Narrator } from './narrator.ts';
import type { Setup } from './options.ts';
import type { SarvamVoice } from './voice.ts';

/**
 * One reply: tokens in, audio out, sentence by sentence. LiveKit's own retry loop is never used, because it calls `run`
 * again with the input consumed: what `run` throws is final, becomes the one `error` event of the TTS, and is not
 * followed by END_OF_STREAM, which says that all text was spoken.
 */
export class SarvamStream extends tts.SynthesizeStream {
  label = 'sarvam.SynthesizeStream';
  readonly #setup: Setup;
  readonly #voice: SarvamVoice;
  readonly #onDone: () => void;

  constructor(
    owner: tts.TTS,
    {
      setup,
      voice,
      connOptions,
      onDone,
    }: { setup: Setup; voice: SarvamVoice; connOptions: APIConnectOptions | undefined; onDone: () => void },
  ) {
    super(owner, connOptions);
    this.#setup = setup;
    this.#voice = voice;
    this.#onDone = onDone;
  }

  protected override async run(): Promise<void> {
    const signal = this.abortSignal;
    const sink = new AudioSink(this.#voice.sampleRate, (audio) => {
      if (signal.aborted) return;
      this.noteProviderRequestId(audio.requestId);
      this.queue.put(audio);
    });
    const { connOptions } = this;
    const onStart = (): void => this.markStarted();
    const narrator = new Narrator({ setup: this.#setup, voice: this.#voice, connOptions, signal, sink, onStart });
    try {
      await this.#speakInput(narrator, sink);
      if (!signal.aborted) this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
    } catch (error) {
      throw error instanceof SpeechFailure ? error.toApiError() : error;
    } finally {
      narrator.release();
    }
  }

  async #speakInput(narrator: Narrator, sink: AudioSink): Promise<void> {
    const splitter = createSentenceSplitter({ maxLength: MAX_SENTENCE_CHARACTERS });
    let sentences = 0;
    let broken: unknown;
    for await (const token of this.input) {
      const isText = typeof token === 'string';
      if (isText && token.trim() !== '') narrator.prepare();
      for (const sentence of isText ? splitter.push(token) : splitter.flush()) {
        sentences += 1;
        try {
          await narrator.speak(sentence);
        } catch (error) {
          // A sentence that broke off is not repeated, but the caller hears the next one; one that could not even begin
          // has used up all retries, and so would the next.
          if (!sink.audioOut) throw error;
          broken ??= error;
        }
        if (this.abortSignal.aborted) return;
      }
      if (!isText) sink.endSegment();
    }
    if (broken !== undefined) throw broken;
    if (sentences === 0 && !this.abortSignal.aborted) this.#setup.onEvent({ type: 'text-skipped', characters: 0 });
  }

  protected override onStreamDone(): void {
    this.#onDone();
  }
}
