import type { Clock } from './clock.ts';
import { SpeechFailure } from './failure.ts';
import { FLUSH_MESSAGE, textMessage } from './protocol.ts';
import type { ServerMessage } from './protocol.ts';
import type { SarvamSocket } from './sarvam-socket.ts';
import type { SarvamVoice } from './voice.ts';

/** Measured on the live service: how fast a voice speaks, how fast its audio arrives, how soon it begins. */
const CHARACTERS_PER_SECOND = 15.7;
const REAL_TIME_FACTOR = 0.22;
const FIRST_AUDIO_MS = 130;

/**
 * One sentence on one socket: text, one flush, audio until `final`. The socket is this utterance's alone until `done`
 * settles: resolved, it is clean and may be used again; rejected with a {@link SpeechFailure}, it may not.
 */
export class Utterance {
  readonly done: Promise<void>;
  readonly #socket: SarvamSocket;
  readonly #voice: SarvamVoice;
  readonly #characters: number;
  readonly #settle: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #stopListening: (complete: boolean) => void;
  #cancelTimeout: () => void;
  #onAudio: ((bytes: Uint8Array, requestId: string) => void) | undefined;
  #requestId: string | undefined;
  #bytes = 0;
  #heard = false;

  constructor(
    socket: SarvamSocket,
    { text, voice, clock, timeoutMs }: { text: string; voice: SarvamVoice; clock: Clock; timeoutMs: number },
    onAudio: (bytes: Uint8Array, requestId: string) => void,
  ) {
    this.done = this.#settle.promise;
    this.#socket = socket;
    this.#voice = voice;
    this.#characters = text.length;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onAudio = onAudio;
    this.#cancelTimeout = clock.after(timeoutMs, () => this.#expire());
    this.#stopListening = socket.listen({
      onMessage: (message) => this.#hear(message),
      onEnd: (failure) => this.#close(failure),
    });
    socket.send(textMessage(text));
    socket.send(FLUSH_MESSAGE);
  }

  /** How long the rest of the audio should take to arrive, in ms. */
  get expectedRemainingMs(): number {
    const audioMs = (this.#characters / CHARACTERS_PER_SECOND / this.#voice.pace) * 1000;
    const heardMs = (this.#bytes / 2 / this.#voice.sampleRate) * 1000;
    return (this.#bytes === 0 ? FIRST_AUDIO_MS : 0) + Math.max(0, audioMs - heardMs) * REAL_TIME_FACTOR;
  }

  /** Nobody wants the audio any more; `done` still tells when the socket is clean. */
  discard(): void {
    this.#onAudio = undefined;
  }

  #hear(message: ServerMessage): void {
    if (message.kind === 'audio' && this.#isLeftOver(message.requestId)) return;
    this.#cancelTimeout();
    this.#cancelTimeout = this.#clock.after(this.#timeoutMs, () => this.#expire());
    switch (message.kind) {
      case 'audio':
        return this.#takeAudio(message.bytes, message.requestId);
      case 'final':
        return this.#finish(this.#bytes > 0 ? undefined : this.#noAudio());
      case 'error':
        return this.#finish(message.failure);
      default:
        return this.#finish(new SpeechFailure('protocol', 'Sarvam sent a message that cannot be read'));
    }
  }

  #takeAudio(bytes: Uint8Array, requestId: string): void {
    const own = this.#requestId;
    // Two ids, one of them of an utterance that has ended: whichever came first, foreign audio is among ours.
    if (own !== undefined && own !== requestId && (this.#socket.hasEnded(own) || this.#socket.hasEnded(requestId))) {
      this.#finish(new SpeechFailure('protocol', 'Sarvam sent audio of the utterance before'));
      return;
    }
    this.#requestId = requestId;
    this.#heard = true;
    this.#bytes += bytes.byteLength;
    this.#onAudio?.(bytes, requestId);
  }

  /** Audio that comes after its own `final`. Told by its id, on sockets known to give each utterance a new one. */
  #isLeftOver(requestId: string): boolean {
    return this.#socket.habits.renewsIds && this.#socket.hasEnded(requestId);
  }

  /** A second `final` of the utterance before looks like this: the socket is not in step. */
  #noAudio(): SpeechFailure {
    const message = 'Sarvam ended the utterance without audio';
    return new SpeechFailure(this.#socket.experienced ? 'dead-socket' : 'protocol', message);
  }

  /** A socket that has lived before and closes without one word was dead before it was asked. */
  #close(failure: SpeechFailure): void {
    const dead = failure.kind === 'closed' && this.#socket.experienced && !this.#heard;
    this.#finish(dead ? new SpeechFailure('dead-socket', failure.message) : failure);
  }

  #expire(): void {
    this.#finish(new SpeechFailure('timeout', `Sarvam sent nothing for ${this.#timeoutMs} ms`));
  }

  #finish(failure: SpeechFailure | undefined): void {
    this.#cancelTimeout();
    this.#stopListening(failure === undefined);
    if (failure !== undefined) {
      this.#settle.reject(failure);
      return;
    }
    if (this.#requestId !== undefined) this.#socket.noteEnd(this.#requestId);
    this.#settle.resolve();
  }
}
