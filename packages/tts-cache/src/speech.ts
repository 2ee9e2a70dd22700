/** A word, or another stretch of text, with its place in the audio it was spoken in. */
export interface TimedText {
  readonly text: string;
  /** Milliseconds from the first sample of the sentence. */
  readonly startMs: number;
  /** Milliseconds; absent when the provider did not say. */
  readonly endMs?: number;
}

/** One spoken sentence, as the provider sent it. Shared between callers: read-only by contract. */
export interface Speech {
  /** Samples per second and channel. */
  readonly sampleRate: number;
  readonly channels: number;
  /** PCM16, channels interleaved; the provider's samples, bit for bit. */
  readonly samples: Int16Array;
  /** Replay starts with this sample of each channel; what is before it is silence beyond the limit. */
  readonly playFrom: number;
  /** Replay ends before this sample of each channel. */
  readonly playTo: number;
  /** The provider's own timings; `undefined` when it gave none. */
  readonly words: readonly TimedText[] | undefined;
}

/** Length of the part that is replayed, in milliseconds. */
export function replayMs(speech: Speech): number {
  return ((speech.playTo - speech.playFrom) / speech.sampleRate) * 1000;
}
