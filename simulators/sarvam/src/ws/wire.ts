import type { WebSocket } from 'ws';

/** The sending side of one socket. After `close` or `cut` nothing more leaves, and its signal is aborted. */
export class Wire {
  /** A fault holds the speech back: the socket counts as idle meanwhile. */
  stalled = false;
  readonly #socket: WebSocket;
  readonly #ended = new AbortController();

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Neither side has begun to close. */
  get open(): boolean {
    return !this.signal.aborted && this.#socket.readyState === this.#socket.OPEN;
  }

  send(frame: string): void {
    if (this.open) this.#socket.send(frame);
  }

  close(code: number, reason = ''): void {
    this.#ended.abort();
    this.#socket.close(code, reason);
  }

  /** Ends the TCP connection without a close frame. */
  cut(): void {
    this.#ended.abort();
    this.#socket.terminate();
  }
}
