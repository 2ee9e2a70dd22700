import { setTimeout as sleep } from 'node:timers/promises';
import { APIError, tts, voice } from '@livekit/agents';
import type { APIConnectOptions } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';

export const RATE = 24_000;
/** Samples a character of the fake voice: 15 characters a second. */
const SAMPLES_A_CHARACTER = RATE / 15;

/** What a fake provider does with its n-th text, counted from 1. */
export interface Behaviour {
  /** @default 5 */
  readonly firstAudioMs?: number;
  /** Milliseconds between two chunks. @default 1 */
  readonly chunkMs?: number;
  /** Throws after this many chunks. */
  readonly failAfter?: number;
  /** Ends without END_OF_STREAM after this many chunks, as LiveKit's own Sarvam plugin does not, but a cut stream must. */
  readonly cutAfter?: number;
  /** Never ends after this many chunks. */
  readonly hangAfter?: number;
  readonly silent?: boolean;
  /** Leaves out the word timings. */
  readonly untimed?: boolean;
  /** Silence before the first word. */
  readonly leadMs?: number;
}

export interface FakeOptions {
  readonly streaming?: boolean;
  /** Gives word timings with the audio. */
  readonly words?: boolean;
  readonly behaviour?: (text: string, take: number) => Behaviour;
  readonly sampleRate?: number;
  /** How a text sounds, 1600 samples a character. @default samplesOf */
  readonly sound?: (text: string, speaker: string, take: number) => Int16Array;
}

/** A provider in this process on LiveKit's real base classes; its audio is determined by voice, text and take. */
export class FakeTts extends tts.TTS {
  override label = 'fake.TTS';
  readonly spoken: { readonly text: string; readonly speaker: string }[] = [];
  /** All streams that were ever opened. */
  readonly streams: tts.SynthesizeStream[] = [];
  readonly options: FakeOptions;
  speaker = 'asha';
  open = 0;
  cancelled = 0;
  closed = false;

  constructor(options: FakeOptions = {}) {
    super(options.sampleRate ?? RATE, 1, {
      streaming: options.streaming ?? true,
      alignedTranscript: options.words ?? false,
    });
    this.options = options;
  }

  override get model(): string {
    return 'fake-1';
  }

  override get provider(): string {
    return 'fake';
  }

  get chars(): number {
    return this.spoken.reduce((sum, { text }) => sum + text.length, 0);
  }

  override stream(options?: { connOptions?: APIConnectOptions }): tts.SynthesizeStream {
    const stream = new FakeStream(this, this.speaker, options?.connOptions);
    this.streams.push(stream);
    return stream;
  }

  override synthesize(text: string, connOptions?: APIConnectOptions, abortSignal?: AbortSignal): tts.ChunkedStream {
    return new FakeChunked(this, this.speaker, text, connOptions, abortSignal);
  }

  override async close(): Promise<void> {
    this.closed = true;
  }
}

/** The samples that a voice speaks a text with. */
export function samplesOf(text: string, speaker: string, take = 1): Int16Array {
  const samples = new Int16Array(Math.round(text.length * SAMPLES_A_CHARACTER));
  const seed = [...`${speaker}/${text}/${take}`].reduce(
    (hash, char) => (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0,
    7,
  );
  for (let index = 0; index < samples.length; index++) samples[index] = ((index * 37 + seed) % 8000) - 4000;
  return samples;
}

async function* audioOf(
  inner: FakeTts,
  text: string,
  speaker: string,
  signal: AbortSignal,
): AsyncGenerator<tts.SynthesizedAudio> {
  inner.spoken.push({ text, speaker });
  const take = inner.spoken.filter((other) => other.text === text && other.speaker === speaker).length;
  const {
    firstAudioMs = 5,
    chunkMs = 1,
    failAfter,
    cutAfter,
    hangAfter,
    silent,
    untimed,
    leadMs = 0,
  } = inner.options.behaviour?.(text, take) ?? {};
  inner.open++;
  try {
    await pause(firstAudioMs, signal);
    const sound = inner.options.sound ?? samplesOf;
    const voiced = silent === true ? new Int16Array(text.length * SAMPLES_A_CHARACTER) : sound(text, speaker, take);
    const lead = (leadMs * RATE) / 1000;
    const samples = new Int16Array(lead + voiced.length);
    samples.set(voiced, lead);
    const step = 4096;
    for (let at = 0, chunk = 0; ; at += step, chunk++) {
      if (chunk === failAfter) throw new APIError('provider failed', { retryable: false });
      if (chunk === cutAfter) throw new CutShort();
      if (chunk === hangAfter) await sleep(3_600_000, undefined, { signal });
      if (at >= samples.length) return;
      const data = samples.slice(at, at + step);
      const timedTranscripts =
        inner.options.words === true && untimed !== true && at === 0 ? wordsOf(text, leadMs / 1000) : undefined;
      yield {
        requestId: 'r',
        segmentId: 's',
        frame: new AudioFrame(data, RATE, 1, data.length),
        final: false,
        ...(timedTranscripts && { timedTranscripts }),
      };
      await pause(chunkMs, signal);
    }
  } catch (error) {
    if (signal.aborted) inner.cancelled++;
    throw error;
  } finally {
    inner.open--;
  }
}

class CutShort extends Error {}

/** With 0 as short as can be, for tests with many turns. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) return sleep(ms, undefined, { signal });
  await new Promise(setImmediate);
  signal.throwIfAborted();
}

function wordsOf(text: string, leadSeconds: number): ReturnType<typeof voice.createTimedString>[] {
  const perChar = SAMPLES_A_CHARACTER / RATE;
  return [...text.matchAll(/\S+\s*/gu)].map((match) =>
    voice.createTimedString({
      text: match[0],
      startTime: leadSeconds + match.index * perChar,
      endTime: leadSeconds + (match.index + match[0].trimEnd().length) * perChar,
    }),
  );
}

class FakeStream extends tts.SynthesizeStream {
  override label = 'fake.Stream';
  readonly #inner: FakeTts;
  readonly #speaker: string;

  constructor(inner: FakeTts, speaker: string, connOptions?: APIConnectOptions) {
    super(inner, connOptions);
    this.#inner = inner;
    this.#speaker = speaker;
  }

  protected override async run(): Promise<void> {
    let text = '';
    for await (const item of this.input) if (typeof item === 'string') text += item;
    if (this.abortSignal.aborted || text === '') return;
    this.markStarted();
    try {
      for await (const audio of audioOf(this.#inner, text, this.#speaker, this.abortSignal)) {
        if (!this.queue.closed) this.queue.put(audio);
      }
    } catch (error) {
      if (error instanceof CutShort || this.abortSignal.aborted) return;
      throw error;
    }
    if (!this.queue.closed) this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
  }
}

class FakeChunked extends tts.ChunkedStream {
  override label = 'fake.Chunked';
  readonly #inner: FakeTts;
  readonly #speaker: string;

  constructor(
    inner: FakeTts,
    speaker: string,
    text: string,
    connOptions?: APIConnectOptions,
    abortSignal?: AbortSignal,
  ) {
    super(text, inner, connOptions, abortSignal);
    this.#inner = inner;
    this.#speaker = speaker;
  }

  protected override async run(): Promise<void> {
    for await (const audio of audioOf(this.#inner, this.inputText, this.#speaker, this.abortSignal)) {
      if (!this.queue.closed) this.queue.put(audio);
    }
  }
}
