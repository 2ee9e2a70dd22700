import type { Unit } from './provider.ts';

/** Where the caller cut a reply short. */
export interface Interruption {
  /** Wall time in milliseconds. */
  readonly atMs: number;
  /** How much of the reply the provider had spoken by then, in UTF-16 units of its text; heard or not. */
  readonly spokenChars: number;
}

/**
 * What a phrase cache would have met in one sentence of a reply. It contains text and stays in the process: who writes it down
 * hashes `key` and leaves `text` out.
 */
export interface Observation {
  /** The logical key `cachedTts` would have looked up. It contains the text. */
  readonly key: string;
  /** The sentence as it is keyed: NFC, white space folded. */
  readonly text: string;
  /** The name given to the agent, if any. */
  readonly agent: string | undefined;
  /** `language` of the voice settings, if there. */
  readonly language: string | undefined;
  /** LiveKit's name for the provider of the inner TTS. */
  readonly provider: string;
  /** LiveKit's name for its model. */
  readonly model: string;
  /** Length of `text` in UTF-16 units. */
  readonly chars: number;
  /** Whether the admission policy would have it stored. */
  readonly admitted: boolean;
  /** False without a letter or digit: `cachedTts` would neither look for it nor send it. */
  readonly speakable: boolean;
  /** What the cache would have had spoken at a time: `cachedTts` chooses by whether the inner TTS gives word timings. */
  readonly unit: Unit;
  /** Wall time, in milliseconds, at which it would have been looked for. */
  readonly startedAtMs: number;
  /**
   * Wall time from which its audio would have been in the cache, had nothing of the reply been a hit; `undefined` when it was
   * cut short, failed or not admitted.
   */
  readonly wouldBeStoredAtMs: number | undefined;
  /** What the caller waited for the first audio of the reply once this sentence was known; only on the first of a reply. */
  readonly firstAudioMs: number | undefined;
  /** The same for all sentences of a reply that was interrupted, those included that were not reached; else `undefined`. */
  readonly interruption: Interruption | undefined;
  /** Random name of the wrapped TTS, so of the call process it lives in. */
  readonly call: string;
  /** Counts the replies of the call. */
  readonly reply: number;
}
