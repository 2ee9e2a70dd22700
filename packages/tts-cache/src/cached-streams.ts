import { tts, voice } from '@livekit/agents';
import type { APIConnectOptions } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { randomUUID } from 'node:crypto';
import type { PartAudio } from './part.ts';
import type { Turn } from './turn.ts';

/**
 * The stream LiveKit speaks a reply with. It never calls `markStarted`, so that it emits no metrics of its own beside those
 * of the inner TTS; it never throws for a provider's failure, because the base class would run it again with its input gone.
 */
export class CachedSynthesizeStream extends tts.SynthesizeStream {
  override label = 'warmline.CachedSynthesizeStream';
  readonly #wrapper: tts.TTS;
  readonly #turn: Turn;

  constructor(wrapper: tts.TTS, turn: Turn, connOptions: APIConnectOptions | undefined) {
    super(wrapper, connOptions);
    this.#wrapper = wrapper;
    this.#turn = turn;
    this.abortSignal.addEventListener('abort', () => turn.leave(), { once: true });
  }

  protected override async run(): Promise<void> {
    const turn = this.#turn;
    let fedAll = false;
    const feed = async (): Promise<void> => {
      for await (const item of this.input) {
        if (typeof item === 'string') turn.push(item);
        else turn.flush();
      }
      fedAll = true;
      turn.end();
    };
    const fed = feed().catch((error: unknown) => {
      fedAll = true;
      turn.leave();
      throw error;
    });
    const whole = await emitTurn(this.#wrapper, turn, (audio) => {
      if (!this.queue.closed && !this.abortSignal.aborted) this.queue.put(audio);
    });
    // A turn that was ended from outside does not wait for text that nobody will read.
    if (!whole && !fedAll) return;
    await fed;
    // Its absence is how a consumer knows that something is missing.
    if (whole && !this.queue.closed && !this.abortSignal.aborted) this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
  }

  protected override onStreamDone(): void {
    this.#turn.leave();
  }
}

/** A whole text at once, through the same cache. */
export class CachedChunkedStream extends tts.ChunkedStream {
  override label = 'warmline.CachedChunkedStream';
  readonly #wrapper: tts.TTS;
  readonly #turn: Turn;

  constructor(
    wrapper: tts.TTS,
    turn: Turn,
    text: string,
    connOptions: APIConnectOptions | undefined,
    abortSignal: AbortSignal | undefined,
  ) {
    super(text, withoutMetrics(wrapper), connOptions, abortSignal);
    this.#wrapper = wrapper;
    this.#turn = turn;
    this.abortSignal.addEventListener('abort', () => turn.leave(), { once: true });
    // The base class only listens for an abort to come.
    if (abortSignal?.aborted === true) this.close();
  }

  protected override async run(): Promise<void> {
    try {
      this.#turn.push(this.inputText);
      this.#turn.end();
      await emitTurn(this.#wrapper, this.#turn, (audio) => {
        if (!this.queue.closed) this.queue.put(audio);
      });
    } catch (error) {
      // Thrown on, it would become an unhandled rejection: the base class drops its task's promise (agents 1.9.0).
      const reason = error instanceof Error ? error : new Error(String(error));
      // Without a listener an `error` event would throw.
      if (this.#wrapper.listenerCount('error') === 0) return;
      this.#wrapper.emit('error', {
        type: 'tts_error',
        timestamp: Math.round(performance.timeOrigin + performance.now()),
        label: this.#wrapper.label,
        error: reason,
        recoverable: false,
      });
    }
  }
}

/**
 * The base class of chunked streams always emits metrics, with all characters, on the TTS it is given: beside those of the
 * inner TTS they would be counted twice, and hits at all.
 */
function withoutMetrics(wrapper: tts.TTS): tts.TTS {
  return new Proxy(wrapper, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown =>
        property === 'emit' && args[0] === 'metrics_collected' ? false : Reflect.apply(value, target, args);
    },
  });
}

/** Hands a turn's audio over as LiveKit's packets, and tells whether all of it could be spoken. */
async function emitTurn(wrapper: tts.TTS, turn: Turn, put: (audio: tts.SynthesizedAudio) => void): Promise<boolean> {
  const id = randomUUID();
  const audio = turn.play(wrapper.sampleRate, wrapper.numChannels);
  for (;;) {
    const next = await audio.next();
    if (next.done === true) return next.value;
    put(toSynthesized(wrapper, id, next.value));
  }
}

/** A new frame each time: the pipeline writes into its `userdata`. */
function toSynthesized(wrapper: tts.TTS, id: string, { samples, words }: PartAudio): tts.SynthesizedAudio {
  const { sampleRate, numChannels } = wrapper;
  return {
    requestId: id,
    segmentId: id,
    frame: new AudioFrame(samples, sampleRate, numChannels, samples.length / numChannels),
    final: false,
    ...(words === undefined
      ? {}
      : {
          timedTranscripts: words.map(({ text, startMs, endMs }) =>
            voice.createTimedString({
              text,
              startTime: startMs / 1000,
              ...(endMs === undefined ? {} : { endTime: endMs / 1000 }),
            }),
          ),
        }),
  };
}
