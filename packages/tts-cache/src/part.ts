import type { TimedText } from './speech.ts';

/** Audio on its way to the pipeline. */
export interface PartAudio {
  /** PCM16, channels interleaved; owned by the receiver. */
  readonly samples: Int16Array;
  /** What becomes audible with it, in milliseconds from the start of the part. */
  readonly words: readonly TimedText[] | undefined;
}

/** A stretch of a turn that is handed over without interruption: a sentence, or several spoken as one. */
export interface Part {
  /** Begins to look and, where needed, to speak. Called when the part before it is being heard; more than once does nothing. */
  start(): void;
  /** Its audio. Returns false when not all of it could be spoken. */
  play(): AsyncGenerator<PartAudio, boolean>;
  /** Ends everything at once: nobody wants to hear it any more. */
  leave(): void;
}
