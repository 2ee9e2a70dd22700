/** Why a spoken sentence was not stored. */
export type NotStored =
  /** The admission policy keeps such text out (length, digits, e-mail). */
  | 'not-admitted'
  /** Everybody who listened has gone before the end. */
  | 'abandoned'
  /** The provider failed or broke off. */
  | 'failed'
  /** The provider fell silent for too long. */
  | 'stalled'
  /** The audio cannot be the whole sentence. */
  | 'no-audio'
  | 'silent'
  | 'too-short'
  | 'too-long'
  | 'format-changed'
  /** Spoken together with its neighbours, and the provider's timings did not tell where it begins and ends. */
  | 'not-cut';

/** What a wrapped TTS tells about itself. Never contains text, keys or audio. Durations are milliseconds. */
export type PhraseEvent =
  | {
      /** A sentence has been handed to the pipeline, whole or up to an interruption. */
      readonly type: 'speech';
      /** `stored`: from the cache · `shared`: another caller's recording · `recorded`: from the provider. */
      readonly source: 'stored' | 'shared' | 'recorded';
      /** The tier that had it; `undefined` unless `stored`. */
      readonly tier: string | undefined;
      /** Which provider's voice, 0 being the first. */
      readonly provider: number;
      /** UTF-16 units of the sentence. */
      readonly spokenChars: number;
      /** Of these, sent to the provider on behalf of this caller. */
      readonly billedChars: number;
      readonly audioMs: number;
      /** From the moment the sentence was known and its predecessors were handed over to its first audio. */
      readonly waitMs: number;
      readonly interrupted: boolean;
    }
  | { readonly type: 'not-stored'; readonly reason: NotStored; readonly provider: number; readonly chars: number }
  /** A sentence could not be spoken by any provider; the next one is tried all the same. */
  | { readonly type: 'unspoken'; readonly reason: 'failed'; readonly chars: number; readonly error: unknown }
  /** Text without a letter or digit: there is nothing to say. */
  | { readonly type: 'unspoken'; readonly reason: 'nothing-to-speak'; readonly chars: number }
  /** A provider failed; with a list of providers the next one speaks for `forMs`. */
  | { readonly type: 'provider-down'; readonly provider: number; readonly forMs: number };
