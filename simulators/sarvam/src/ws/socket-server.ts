import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { sleep } from '../clock.ts';
import { errorCodeWord } from '../error-code-word.ts';
import type { FaultSpecs } from '../faults/fault-specs.ts';
import type { Simulation } from '../simulation.ts';
import { KEY_PROTOCOL, keyOf, parseHandshake } from './handshake.ts';
import { SpeechSocket } from './speech-socket.ts';

const LARGEST_MESSAGE_BYTES = 1024 * 1024;

/** Answers the upgrade requests of one account. A place is taken from the start of the handshake to the close. */
export class SocketServer {
  readonly #simulation: Simulation;
  readonly #server: WebSocketServer;
  readonly #transports: Set<Duplex> = new Set();
  readonly #sockets: Set<SpeechSocket> = new Set();
  readonly #closed = new AbortController();
  #places = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: LARGEST_MESSAGE_BYTES,
      handleProtocols: (offered) => [...offered].find((protocol) => protocol.startsWith(KEY_PROTOCOL)) ?? false,
    });
  }

  /** Closes every idle socket; returns how many. */
  closeIdle(spec: FaultSpecs['idle_close']): number {
    const idle = [...this.#sockets].filter((socket) => socket.idle);
    for (const socket of idle) socket.closeIdle(spec);
    return idle.length;
  }

  /** Cuts every socket, finished handshake or not. */
  close(): void {
    this.#closed.abort();
    for (const transport of this.#transports) transport.destroy();
    this.#server.close();
  }

  async upgrade(request: IncomingMessage, transport: Duplex, head: Buffer): Promise<void> {
    const { faults, timing } = this.#simulation;
    this.#transports.add(transport);
    transport.on('error', () => transport.destroy());
    transport.on('close', () => this.#transports.delete(transport));
    const refusal = this.#refusal(request);
    if (refusal === undefined) {
      this.#places += 1;
      transport.on('close', () => {
        this.#places -= 1;
      });
    }
    if (faults.draw('handshake_hang')) return;
    await sleep(timing.handshakeMs() + (faults.draw('handshake_delay')?.ms ?? 0), this.#closed.signal);
    if (transport.destroyed) return;
    if (refusal === undefined) this.#accept(request, transport, head);
    else refuse(transport, refusal.status, refusal.body);
  }

  /** Why a handshake is turned away, if it is. */
  #refusal(request: IncomingMessage): { status: number; body: string } | undefined {
    const { faults, ledger, options } = this.#simulation;
    if (parseHandshake(request) === undefined) return { status: 404, body: 'Not Found' };
    if (!options.apiKeys.includes(keyOf(request) ?? '')) {
      ledger.refuse('auth');
      return { status: 403, body: 'Forbidden' };
    }
    const fault = faults.draw('handshake_refuse');
    if (fault) {
      ledger.refuse('fault');
      return { status: fault.status, body: fault.status === 403 ? 'Forbidden' : errorCodeWord(fault.status) };
    }
    if (this.#places >= options.maxConnections) {
      ledger.refuse('limit');
      return { status: 429, body: errorCodeWord(429) };
    }
    return undefined;
  }

  #accept(request: IncomingMessage, transport: Duplex, head: Buffer): void {
    const handshake = parseHandshake(request);
    if (handshake === undefined) return;
    this.#server.handleUpgrade(request, transport, head, (socket) => {
      const speaker = new SpeechSocket(this.#simulation, socket, handshake);
      this.#sockets.add(speaker);
      socket.on('close', () => this.#sockets.delete(speaker));
    });
  }
}

function refuse(transport: Duplex, status: number, body: string): void {
  transport.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
