import { tts } from '@livekit/agents';
import type { APIConnectOptions } from '@livekit/agents';
import type { SarvamEvent } from './events.ts';
import { resolveSetup } from './options.ts';
import type { Setup, TTSOptions, VoiceOptions, VoiceUpdate } from './options.ts';
import { socketUrl } from './protocol.ts';
import { SarvamChunkedStream } from './sarvam-chunked-stream.ts';
import { SarvamStream } from './sarvam-stream.ts';
import { resolveVoice } from './voice.ts';
import type { SarvamVoice, VoiceFrame } from './voice.ts';

/**
 * Sarvam AI text-to-speech over a pool of warm WebSockets.
 *
 * A failure is one `error` event; the audio then ends, in a stream without END_OF_STREAM. A sentence is tried again, as
 * `connOptions` say, only while nothing of it was heard.
 */
export class TTS extends tts.TTS {
  label = 'sarvam.TTS';
  readonly #setup: Setup;
  readonly #frame: VoiceFrame;
  readonly #streams = new Set<{ close(): void }>();
  readonly #listened: boolean;
  #given: VoiceOptions;
  #voice: SarvamVoice;

  /** @throws TypeError naming the option, the value and what is allowed; also when there is no API key */
  constructor(options: TTSOptions = {}) {
    const setup = resolveSetup(options);
    const frame = { endpoint: setup.baseUrl, transport: setup.transport, sampleRate: options.sampleRate };
    const { voice, warnings } = resolveVoice(options, frame);
    super(voice.sampleRate, 1, { streaming: true, alignedTranscript: false });
    this.#setup = setup;
    // The rate is the pipeline's: another model does not change it.
    this.#frame = { ...frame, sampleRate: voice.sampleRate };
    this.#given = givenVoice(options, {});
    this.#voice = voice;
    this.#listened = options.onEvent !== undefined;
    this.#warn(warnings);
  }

  /** The wire name, e.g. `bulbul:v3`. */
  override get model(): string {
    return this.#voice.model;
  }

  override get provider(): string {
    return 'Sarvam';
  }

  /** Everything that shapes the sound of the next `stream()` or `synthesize()`; made to be a cache key. */
  get voice(): SarvamVoice {
    return this.#voice;
  }

  /**
   * Changes the voice of streams to come. What is not named stays; a new model brings its own defaults for what you
   * never gave. `null` takes back what you gave.
   * @throws TypeError as the constructor does, and nothing has changed
   */
  updateOptions(update: VoiceUpdate): void {
    const given = givenVoice(this.#given, update);
    const { voice, warnings } = resolveVoice(given, this.#frame);
    this.#given = given;
    this.#voice = voice;
    this.#warn(warnings);
  }

  override stream({ connOptions }: { connOptions?: APIConnectOptions } = {}): tts.SynthesizeStream {
    const onDone = (): boolean => this.#streams.delete(stream);
    const stream = new SarvamStream(this, { setup: this.#setup, voice: this.#voice, connOptions, onDone });
    this.#streams.add(stream);
    return stream;
  }

  override synthesize(text: string, connOptions?: APIConnectOptions, abortSignal?: AbortSignal): tts.ChunkedStream {
    const onDone = (): boolean => this.#streams.delete(stream);
    const context = { setup: this.#setup, voice: this.#voice, connOptions, onDone };
    const stream = new SarvamChunkedStream(text, this, context, abortSignal);
    this.#streams.add(stream);
    return stream;
  }

  /** Opens sockets for the present voice ahead of need, up to `count` idle ones. Never rejects: a failure is an event. */
  async prewarm(count = 1): Promise<void> {
    if (this.#setup.transport === 'rest') return;
    await this.#setup.pool.prewarm({ url: socketUrl(this.#voice), apiKey: this.#setup.apiKey }, count);
  }

  /** What Sarvam may refuse later must not pass in silence: without a listener it is a process warning. */
  #warn(warnings: readonly SarvamEvent[]): void {
    for (const warning of warnings) {
      this.#setup.onEvent(warning);
      if (!this.#listened) process.emitWarning(JSON.stringify(warning), 'WarmlineWarning');
    }
  }

  /** Ends the streams under way and closes the own pool; a pool that was given stays open. */
  override async close(): Promise<void> {
    for (const stream of this.#streams) stream.close();
    if (this.#setup.ownsPool) await this.#setup.pool.close();
  }
}

const VOICE_FIELDS = [
  'model',
  'speaker',
  'language',
  'pace',
  'pitch',
  'loudness',
  'temperature',
  'dictId',
  'enablePreprocessing',
  'minBufferSize',
  'maxChunkLength',
] as const satisfies readonly (keyof VoiceOptions)[];

/** What the user gave, after an update: `null` takes a field back, `undefined` says nothing. */
function givenVoice(given: VoiceOptions, update: VoiceUpdate): VoiceOptions {
  const fields = VOICE_FIELDS.map((field) => [field, update[field] === undefined ? given[field] : update[field]]);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined && value !== null));
}
