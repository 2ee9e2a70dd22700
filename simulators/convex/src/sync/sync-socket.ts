import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { after } from '../clock.ts';
import type { LedgerBook } from '../ledger/ledger-book.ts';
import { parseClientMessage } from './client-message.ts';
import { DelayedLine } from './delayed-line.ts';
import { PING, fatalError } from './frames.ts';

/** What a socket hands its messages to. */
export type Receive = (message: ReturnType<typeof parseClientMessage>) => void;

const POLICY_VIOLATION = 1008;

/** A sync client's WebSocket: travel time in both directions, pings, the byte count, and the fault of falling silent. */
export class SyncSocket {
  readonly #socket: WebSocket;
  readonly #transport: Socket;
  readonly #pingIntervalMs: number;
  readonly #outgoing: DelayedLine<string>;
  readonly #book: LedgerBook;
  #cancelPing: () => void = () => undefined;
  #isSilent = false;

  constructor(
    socket: WebSocket,
    transport: Socket,
    options: { readonly delayMs: number; readonly pingIntervalMs: number },
    book: LedgerBook,
    receive: Receive,
  ) {
    this.#socket = socket;
    this.#transport = transport;
    this.#pingIntervalMs = options.pingIntervalMs;
    this.#book = book;
    this.#outgoing = new DelayedLine(options.delayMs, (frame) => this.#deliver(frame));
    const incoming = new DelayedLine<string>(options.delayMs, (text) => this.#receive(text, receive));
    socket.on('message', (data: Buffer) => {
      book.transferred('socket_in', data.length);
      incoming.push(data.toString('utf8'));
    });
    // An oversized or broken frame: the library has closed the socket already.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#cancelPing());
    this.#schedulePing();
  }

  send(frame: string): void {
    this.#outgoing.push(frame);
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason);
  }

  cut(): void {
    this.#socket.terminate();
  }

  /** From now on nothing goes out and what comes in is swallowed, while TCP stays open; for ever. */
  fallSilent(): void {
    this.#isSilent = true;
    this.#cancelPing();
    this.#transport.removeAllListeners('data');
    this.#transport.on('data', () => undefined);
  }

  #receive(text: string, receive: Receive): void {
    if (this.#isSilent) return;
    try {
      receive(parseClientMessage(text));
    } catch (error) {
      this.send(fatalError(error instanceof Error ? error.message : String(error)));
      this.close(POLICY_VIOLATION, 'Bad message');
    }
  }

  #deliver(frame: string): void {
    if (this.#isSilent) return;
    this.#book.transferred('socket_out', Buffer.byteLength(frame));
    this.#socket.send(frame, () => undefined);
    this.#schedulePing();
  }

  #schedulePing(): void {
    this.#cancelPing();
    this.#cancelPing = after(this.#pingIntervalMs, () => this.send(PING));
  }
}
