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
  /** Whether it was stored to stay; it travels with the audio, so that no process pins what another has pinned. */
  readonly pinned?: true;
}

/** Length of the part that is replayed, in milliseconds. */
export function replayMs(speech: Speech): number {
  return ((speech.playTo - speech.playFrom) / speech.sampleRate) * 1000;
}

/** The samples that are replayed: a view, not a copy. */
export function replayed({ samples, channels, playFrom, playTo }: Speech): Int16Array {
  return samples.subarray(playFrom * channels, playTo * channels);
}
