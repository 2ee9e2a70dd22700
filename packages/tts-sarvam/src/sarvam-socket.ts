import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from './clock.ts';
import { asFailure, closeFailure, SpeechFailure, statusFailure } from './failure.ts';
import { PING_MESSAGE, readServerMessage } from './protocol.ts';
import type { ServerMessage } from './protocol.ts';

/** Where a socket leads. The address names the model, so sockets of two models are never the same. */
export interface Endpoint {
  readonly url: string;
  readonly apiKey: string;
}

/** Who speaks on a socket. */
export interface SocketListener {
  onMessage(message: ServerMessage): void;
  onEnd(failure: SpeechFailure): void;
}

/** What was learned of the service; shared by all sockets of a pool. */
export interface Habits {
  /** Whether each utterance of a socket was seen to get a request id of its own. */
  renewsIds: boolean;
}

/** What a socket needs of its surroundings. */
export interface SocketContext {
  readonly clock: Clock;
  readonly habits: Habits;
  readonly onStray: (kind: string) => void;
}

/** The code of a socket that ended without a close frame from the other side. */
const NO_GOODBYE = 1006;

const PONG_TIMEOUT_MS = 5000;
const CLOSE_TIMEOUT_MS = 1000;

/** Late audio comes within a few utterances. */
const MAX_ENDED_IDS = 16;

/**
 * One WebSocket to Sarvam. At most one listener at a time: a message that comes while nobody listens belongs to an
 * utterance that is over, and the socket is ended, so that it can never be heard in the next one.
 */
export class SarvamSocket {
  readonly #ws: WebSocket;
  readonly #tcp: Socket | undefined;
  readonly #clock: Clock;
  readonly #onStray: (kind: string) => void;
  #listener: SocketListener | undefined;
  #end: SpeechFailure | undefined;
  #pingedAt: number | undefined;
  #experienced = false;
  #goodbye: 'none' | 'said' | 'answered' = 'none';
  #clean = true;

  /** Ids of the utterances that have ended here, newest last; audio with one of them comes too late. */
  readonly #endedRequestIds = new Set<string>();
  readonly habits: Habits;

  private constructor(ws: WebSocket, tcp: Socket | undefined, { clock, onStray, habits }: SocketContext) {
    this.#ws = ws;
    this.#tcp = tcp;
    this.#clock = clock;
    this.#onStray = onStray;
    this.habits = habits;
    ws.on('message', (data) => this.#hear((data as Buffer).toString()));
    ws.on('pong', () => (this.#pingedAt = undefined));
    ws.once('close', (code, reason) => {
      if (this.#goodbye === 'said' && code !== NO_GOODBYE) this.#goodbye = 'answered';
      this.#ended(closeFailure(code, reason.toString()));
    });
  }

  /** Opens a socket. Rejects with a `SpeechFailure` when the socket is gone: refused with its status, unreachable, timed out, aborted. */
  static open(
    endpoint: Endpoint,
    { timeoutMs, signal, ...context }: SocketContext & { timeoutMs: number; signal: AbortSignal },
  ): Promise<SarvamSocket> {
    return new Promise((resolve, reject) => {
      const headers = { 'api-subscription-key': endpoint.apiKey };
      const ws = new WebSocket(endpoint.url, { headers, perMessageDeflate: false, handshakeTimeout: timeoutMs });
      let tcp: Socket | undefined;
      let failure: SpeechFailure | undefined;
      const fail = (because: SpeechFailure): void => {
        failure ??= because;
        ws.terminate();
      };
      const abort = (): void => fail(asFailure(signal.reason));
      signal.addEventListener('abort', abort, { once: true });
      // Stays attached: an error is always followed by `close`, which after the handshake tells the listener.
      ws.on('error', (error) => (failure ??= asFailure(error)));
      // Not before: until then it counts as a connection.
      ws.once('close', () => {
        signal.removeEventListener('abort', abort);
        reject(failure ?? new SpeechFailure('connect', 'the WebSocket handshake failed'));
      });
      ws.once('upgrade', (response) => (tcp = response.socket));
      ws.once('unexpected-response', (_request, response) => {
        const { statusCode, statusMessage = '', headers: answered } = response;
        fail(statusFailure(statusCode, `WebSocket handshake refused, ${statusMessage}`, answered['retry-after']));
      });
      ws.once('open', () => {
        signal.removeEventListener('abort', abort);
        resolve(new SarvamSocket(ws, tcp, context));
      });
    });
  }

  /** Whether it was idle or used before: what such a socket fails with may have happened long ago. */
  get experienced(): boolean {
    return this.#experienced;
  }

  /** Whether Sarvam agreed to our close: then it no longer counts the socket. */
  get goodbyeAnswered(): boolean {
    return this.#goodbye === 'answered';
  }

  /** Whether an utterance with this request id has ended here. */
  hasEnded(requestId: string): boolean {
    return this.#endedRequestIds.has(requestId);
  }

  /** Notes the id of an utterance that has ended; whether ids change from one to the next is a habit of the service. */
  noteEnd(requestId: string): void {
    if (this.#endedRequestIds.size > 0 && !this.#endedRequestIds.has(requestId)) this.habits.renewsIds = true;
    this.#endedRequestIds.add(requestId);
    const [oldest] = this.#endedRequestIds;
    if (this.#endedRequestIds.size > MAX_ENDED_IDS && oldest !== undefined) this.#endedRequestIds.delete(oldest);
  }

  /** Open, and not known to be deaf: a ping without pong for 5 s means that the other side is gone without a word. */
  isAlive(): boolean {
    const deaf = this.#pingedAt !== undefined && this.#clock.now() - this.#pingedAt > PONG_TIMEOUT_MS;
    return this.#ws.readyState === WebSocket.OPEN && !deaf;
  }

  send(message: string): void {
    this.#ws.send(message);
  }

  /**
   * From now on `listener` hears all, and `onEnd` at once if the socket has ended.
   * @returns ends that; say whether the utterance came to its end, for only then is the socket quiet
   */
  listen(listener: SocketListener): (complete: boolean) => void {
    this.#listener = listener;
    this.#clean = false;
    const end = this.#end;
    if (end !== undefined) queueMicrotask(() => this.#ended(end));
    return (complete) => {
      this.#listener = undefined;
      this.#experienced = true;
      this.#clean = complete;
    };
  }

  /** Calls back when the socket has ended, whoever ended it. */
  onClosed(callback: () => void): void {
    this.#ws.once('close', callback);
  }

  /** Resets the server's idle clock, which only its own ping is known to do, and asks for a sign of life. */
  ping(): void {
    this.#pingedAt ??= this.#clock.now();
    this.#ws.ping();
    this.#ws.send(PING_MESSAGE);
  }

  /** An idle socket does not keep the process alive. */
  setIdle(idle: boolean): void {
    if (idle) this.#tcp?.unref();
    else this.#tcp?.ref();
    this.#experienced = true;
  }

  /** Ends the socket: with a goodbye when it is quiet, at once in the middle of an utterance. Resolves when it is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ws.readyState === WebSocket.CLOSED) return resolve();
      this.#tcp?.ref();
      const cancel = this.#clock.after(CLOSE_TIMEOUT_MS, () => this.#ws.terminate());
      this.#ws.once('close', () => {
        cancel();
        resolve();
      });
      if (!this.#clean) return this.#ws.terminate();
      if (this.#ws.readyState === WebSocket.OPEN) this.#goodbye = 'said';
      this.#ws.close(1000);
    });
  }

  #hear(raw: string): void {
    const message = readServerMessage(raw);
    if (message.kind === 'unknown') return this.#onStray(message.type);
    if (this.#listener !== undefined) return this.#listener.onMessage(message);
    // A broken utterance's rest, on its way while the socket is being ended.
    if (!this.#clean) return;
    this.#clean = false;
    // An error may be the answer to the config, sent ahead of the text: the utterance to come must hear of it.
    if (message.kind === 'error') this.#end ??= message.failure;
    this.#onStray(message.kind);
    this.#ws.terminate();
  }

  #ended(failure: SpeechFailure): void {
    this.#end ??= failure;
    this.#listener?.onEnd(this.#end);
  }
}
