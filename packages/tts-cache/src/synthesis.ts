import { tts } from '@livekit/agents';
import type { APIConnectOptions } from '@livekit/agents';

/** An inner TTS made ready for one text: a streaming one may open its connection before the text is known to be needed. */
export interface Synthesis {
  /** Sends the text. The iteration ends normally only when the provider said that the audio is whole; else it throws. */
  speak(text: string): AsyncIterable<tts.SynthesizedAudio>;
  /** Stops the provider; harmless at any time. */
  cancel(): void;
}

export function openSynthesis(inner: tts.TTS, connOptions: APIConnectOptions | undefined): Synthesis {
  return inner.capabilities.streaming ? openStream(inner, connOptions) : openChunks(inner, connOptions);
}

/** Text may be sent in pieces here: {@link openStream} is `begin` and `end` around one of them. */
export interface TextStream {
  push(text: string): void;
  end(): void;
  readonly audio: AsyncIterable<tts.SynthesizedAudio>;
  cancel(): void;
}

/**
 * A stream of the inner TTS. Its failure never reaches the iterator (livekit agents 1.9.0, tts.ts): a missing
 * `END_OF_STREAM` is the only sign that audio may be cut short.
 */
export function openTextStream(inner: tts.TTS, connOptions: APIConnectOptions | undefined): TextStream {
  const stream = inner.stream(connOptions === undefined ? undefined : { connOptions });
  return {
    push: (text) => stream.pushText(text),
    end: () => stream.endInput(),
    audio: untilEnd(stream),
    cancel: () => stream.close(),
  };
}

function openStream(inner: tts.TTS, connOptions: APIConnectOptions | undefined): Synthesis {
  const stream = openTextStream(inner, connOptions);
  return {
    speak(text) {
      stream.push(text);
      stream.end();
      return stream.audio;
    },
    cancel: () => stream.cancel(),
  };
}

async function* untilEnd(stream: tts.SynthesizeStream): AsyncGenerator<tts.SynthesizedAudio> {
  for (;;) {
    const next = await stream.next();
    if (next.done === true) throw new Error(`${stream.label} ended without END_OF_STREAM`);
    if (next.value === tts.SynthesizeStream.END_OF_STREAM) break;
    yield next.value;
  }
  // The provider may still put its connection away; closing now would look to it like an interruption.
  void drain(stream);
}

async function drain(stream: tts.SynthesizeStream): Promise<void> {
  while ((await stream.next()).done !== true);
  stream.close();
}

function openChunks(inner: tts.TTS, connOptions: APIConnectOptions | undefined): Synthesis {
  let stream: tts.ChunkedStream | undefined;
  let cancelled = false;
  return {
    async *speak(text) {
      if (cancelled) throw new Error('cancelled');
      stream = inner.synthesize(text, connOptions);
      const failure = watchFailure(inner, stream);
      yield* stream;
      const error = await failure;
      if (error !== undefined) throw error;
    },
    cancel() {
      cancelled = true;
      stream?.close();
    },
  };
}

/**
 * Resolves with the error a chunked stream ended with, or `undefined`.
 *
 * In agents 1.9.0 the constructor of `ChunkedStream` drops the promise of `mainTask`, so that a failure ends the iteration
 * like a success and surfaces as an unhandled rejection, which ends a Node process. The task starts a tick later: until
 * then it can be wrapped. Where there is no such method, an `error` event during the synthesis counts as its failure.
 */
function watchFailure(inner: tts.TTS, stream: tts.ChunkedStream): Promise<unknown> {
  const mainTask: unknown = Reflect.get(stream, 'mainTask');
  if (typeof mainTask === 'function') {
    return new Promise((resolve) => {
      const watched = async (): Promise<void> => {
        try {
          await Reflect.apply(mainTask, stream, []);
          resolve(undefined);
        } catch (error) {
          resolve(error ?? new Error('synthesis failed'));
        }
      };
      Reflect.set(stream, 'mainTask', watched);
    });
  }
  let seen: unknown;
  const onError = (event: { error: Error }): void => {
    seen ??= event.error;
  };
  inner.on('error', onError);
  return new Promise((resolve) => {
    const iterate = stream.next.bind(stream);
    stream.next = async () => {
      const next = await iterate();
      if (next.done === true) {
        inner.off('error', onError);
        resolve(seen);
      }
      return next;
    };
  });
}
