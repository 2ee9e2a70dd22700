import type { APIConnectOptions } from '@livekit/agents';
import { isSpeakable } from '@warmline/sentences';
import { sleep, untilAborted } from './abortable.ts';
import type { AudioSink } from './audio-sink.ts';
import { asFailure, SpeechFailure } from './failure.ts';
import type { Setup } from './options.ts';
import { configMessage, socketUrl } from './protocol.ts';
import { speakByRest } from './rest.ts';
import { SarvamSocket } from './sarvam-socket.ts';
import { Utterance } from './utterance.ts';
import type { SarvamVoice } from './voice.ts';

const FIRST_RETRY_MS = 100;
const TYPICAL_HANDSHAKE_MS = 170;
/** Longest a discarded utterance may keep its socket: by then the estimate was wrong. */
const DRAIN_LIMIT_MS = 1000;

/** Who a narrator speaks for. */
export interface Narration {
  readonly setup: Setup;
  readonly voice: SarvamVoice;
  readonly connOptions: APIConnectOptions;
  readonly signal: AbortSignal;
  readonly sink: AudioSink;
  /** Text is about to be sent. */
  readonly onStart: () => void;
}

/**
 * Speaks the sentences of one stream, one after the other, on one socket. A caller hears each sentence at most once:
 * it is tried again, on another socket, only while no frame of it is out.
 */
export class Narrator {
  readonly #narration: Narration;
  readonly #timeoutMs: number;
  readonly #over = new AbortController();
  /** The socket, being acquired or held; a failure stays until a sentence has taken note of it. Never rejects. */
  #lease: Promise<SarvamSocket | SpeechFailure> | undefined;

  constructor(narration: Narration) {
    this.#narration = narration;
    this.#timeoutMs = narration.setup.receiveTimeoutMs ?? narration.connOptions.timeoutMs;
  }

  /** Begins to acquire the socket, so that it is there when the sentence is. */
  prepare(): void {
    if (this.#narration.setup.transport === 'websocket') this.#lease ??= this.#acquire();
  }

  /**
   * Speaks one sentence. Resolves when all its audio is out, when there is nothing to speak, or when the signal aborts.
   * @throws SpeechFailure when it could not be spoken, or not to its end
   */
  async speak(sentence: string): Promise<void> {
    const { setup, signal, sink } = this.#narration;
    const text = sentence.toWellFormed();
    if (!isSpeakable(text)) return setup.onEvent({ type: 'text-skipped', characters: text.length });
    sink.beginSentence();
    for (let attempt = 0, replaced = 0; !signal.aborted;) {
      sink.beginAttempt();
      const failure = (await this.#attempt(text))?.without(text, setup.apiKey);
      if (failure === undefined || signal.aborted) return;
      const reason = failure.message;
      if (failure.kind === 'dead-socket' && replaced < setup.pool.maxConnections) {
        replaced += 1;
        setup.onEvent({ type: 'socket-replaced', reason });
        continue;
      }
      const delayMs = this.#retryDelayMs(failure, attempt);
      if (delayMs === undefined) {
        setup.onEvent({ type: 'sentence-failed', audioOut: sink.audioOut, reason });
        throw failure;
      }
      attempt += 1;
      setup.onEvent({ type: 'retry', attempt, delayMs, reason });
      await sleep(setup.clock, delayMs, signal);
    }
  }

  /** Gives the socket back, or up if it is not there yet. */
  release(): void {
    void this.#lease?.then((got) => {
      if (got instanceof SarvamSocket) this.#narration.setup.pool.put(got);
    });
    this.#lease = undefined;
    this.#over.abort();
  }

  /** How long to wait before the sentence is tried again; `undefined` if it must not be, or a caller cannot wait so long. */
  #retryDelayMs(failure: SpeechFailure, attempt: number): number | undefined {
    const { maxRetry, retryIntervalMs, timeoutMs } = this.#narration.connOptions;
    if (this.#narration.sink.audioOut || !failure.retryable || attempt >= maxRetry) return undefined;
    const askedMs = failure.retryAfterMs ?? 0;
    if (askedMs > timeoutMs) return undefined;
    return Math.max(askedMs, attempt === 0 ? FIRST_RETRY_MS : retryIntervalMs);
  }

  async #attempt(text: string): Promise<SpeechFailure | undefined> {
    const { setup, signal } = this.#narration;
    try {
      if (setup.transport === 'rest') return await this.#byRest(text);
      const socket = await untilAborted(this.#socketInTime(), signal);
      if (socket === undefined) return undefined;
      if (socket instanceof SarvamSocket) return await this.#bySocket(socket, text);
      if (!socket.retryable) return socket;
      setup.onEvent({ type: 'rest-fallback', reason: socket.message });
      return await this.#byRest(text);
    } catch (error) {
      if (error instanceof SpeechFailure) return error;
      throw error;
    }
  }

  async #acquire(): Promise<SarvamSocket | SpeechFailure> {
    const { setup, voice } = this.#narration;
    try {
      const endpoint = { url: socketUrl(voice), apiKey: setup.apiKey };
      const socket = await setup.pool.get(endpoint, { signal: this.#over.signal });
      socket.send(configMessage(voice));
      return socket;
    } catch (error) {
      return asFailure(error);
    }
  }

  /** The socket, or why there is none yet; then the sentence must not wait for it, but the next one may have it. */
  async #socketInTime(): Promise<SarvamSocket | SpeechFailure> {
    const { clock, socketWaitMs } = this.#narration.setup;
    this.prepare();
    const lease = this.#lease ?? this.#acquire();
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const cancel = clock.after(socketWaitMs, () => resolve(undefined), true);
    const got = await Promise.race([lease, late]);
    cancel();
    if (got instanceof SpeechFailure) this.#lease = undefined;
    return got ?? new SpeechFailure('connect', `no socket within ${socketWaitMs} ms`);
  }

  async #bySocket(socket: SarvamSocket, text: string): Promise<undefined> {
    const { setup, voice, signal, sink, onStart } = this.#narration;
    onStart();
    const order = { text, voice, clock: setup.clock, timeoutMs: this.#timeoutMs };
    const utterance = new Utterance(socket, order, (bytes, requestId) => sink.push(bytes, requestId));
    try {
      await untilAborted(utterance.done, signal);
    } catch (error) {
      this.#lease = undefined;
      setup.pool.remove(socket);
      throw error;
    }
    if (signal.aborted) this.#abandon(socket, utterance);
  }

  async #byRest(text: string): Promise<undefined> {
    const { setup, voice, signal, sink, onStart } = this.#narration;
    onStart();
    const { apiKey, clock } = setup;
    const speech = await untilAborted(
      speakByRest(voice, text, { apiKey, clock, timeoutMs: this.#timeoutMs, signal }),
      signal,
    );
    if (speech !== undefined) sink.push(speech.pcm, speech.requestId);
  }

  /**
   * The caller interrupts. Sarvam has no "cancel": either the rest of the audio is heard out and thrown away, after
   * which the socket is clean, or the socket is closed. Whichever gives a usable socket sooner.
   */
  #abandon(socket: SarvamSocket, utterance: Utterance): void {
    const { pool, clock, onEvent } = this.#narration.setup;
    this.#lease = undefined;
    utterance.discard();
    const close = (): void => {
      pool.remove(socket);
      onEvent({ type: 'interrupted', socket: 'closed' });
    };
    if (utterance.expectedRemainingMs > (pool.stats().connectMs ?? TYPICAL_HANDSHAKE_MS)) return close();
    const cancel = clock.after(DRAIN_LIMIT_MS, () => pool.remove(socket));
    const drained = (): void => {
      pool.put(socket);
      onEvent({ type: 'interrupted', socket: 'drained' });
    };
    void utterance.done.then(drained, close).finally(cancel);
  }
}
