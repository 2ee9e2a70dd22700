/** Why a pool closed a connection. */
export type CloseReason = 'age' | 'close' | 'dead' | 'idle' | 'invalidated' | 'removed' | 'room' | 'uses' | 'wanted';

/** What a pool reports. `message` never holds keys or text. */
export type PoolEvent =
  | { readonly type: 'connection-opened'; readonly connectMs: number }
  | { readonly type: 'connection-closed'; readonly reason: CloseReason; readonly uses: number }
  | { readonly type: 'connect-failed'; readonly message: string }
  | { readonly type: 'close-failed'; readonly message: string }
  /** A connection was not opened, because all permits were taken for `waitMs`. */
  | { readonly type: 'no-permit'; readonly waitMs: number }
  /** The store of the permits is broken. Until it works again no connection is opened. */
  | { readonly type: 'permits-failed'; readonly message: string };

/** What the synthesizer reports beside LiveKit's own `error` and `metrics_collected`. No event holds keys or text. */
export type SarvamEvent =
  | PoolEvent
  /** Passed on to Sarvam unchecked, which may refuse it. */
  | { readonly type: 'unknown-model'; readonly model: string }
  | { readonly type: 'unknown-speaker'; readonly model: string; readonly speaker: string }
  | { readonly type: 'unknown-language'; readonly language: string }
  /** There was nothing to speak: no letter and no digit. */
  | { readonly type: 'text-skipped'; readonly characters: number }
  /** A pooled socket turned out to be dead; the sentence goes out on another one at once. */
  | { readonly type: 'socket-replaced'; readonly reason: string }
  /** A sentence without audio so far is tried again after `delayMs`. */
  | { readonly type: 'retry'; readonly attempt: number; readonly delayMs: number; readonly reason: string }
  /** A sentence goes by REST because no socket could be had. */
  | { readonly type: 'rest-fallback'; readonly reason: string }
  /** A sentence could not be spoken, or not to its end. The same failure is the TTS's `error` event. */
  | { readonly type: 'sentence-failed'; readonly audioOut: boolean; readonly reason: string }
  /** What became of the socket of an interrupted sentence. */
  | { readonly type: 'interrupted'; readonly socket: 'closed' | 'drained' }
  /** Sarvam sent something that belongs to no utterance, or of an unknown type. */
  | { readonly type: 'stray-message'; readonly kind: string };

/** What an event says of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * A listener that cannot harm its caller: what it throws becomes a process warning, because an event is raised in the
 * middle of bookkeeping that must be finished.
 */
export function guarded<E>(listener: ((event: E) => void) | undefined): (event: E) => void {
  if (listener === undefined) return () => {};
  return (event) => {
    try {
      listener(event);
    } catch (error) {
      process.emitWarning(`onEvent threw: ${String(error)}`, 'WarmlineWarning');
    }
  };
}
