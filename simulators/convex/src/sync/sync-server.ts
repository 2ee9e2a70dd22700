import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { FaultSpecs } from '../faults/fault-specs.ts';
import type { Simulation } from '../simulation.ts';
import { Broadcaster } from './broadcaster.ts';
import { Session } from './session.ts';
import { SyncSocket } from './sync-socket.ts';

const LARGEST_MESSAGE_BYTES = 20 * 1024 * 1024;
const SYNC_PATH = /^\/api\/[^/]+\/sync$/u;

/** Accepts sync clients at `/api/<version>/sync`. */
export class SyncServer {
  readonly #simulation: Simulation;
  readonly #broadcaster: Broadcaster;
  readonly #server: WebSocketServer = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE_BYTES });
  readonly #sockets: Set<SyncSocket> = new Set();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#broadcaster = new Broadcaster(simulation.backend);
  }

  upgrade(request: IncomingMessage, transport: Duplex, head: Buffer): void {
    const { pathname } = URL.parse(request.url ?? '/', 'http://localhost') ?? { pathname: '/' };
    if (!SYNC_PATH.test(pathname)) return void transport.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    if (this.#simulation.faults.draw('refuse') !== undefined) return void transport.destroy();
    this.#server.handleUpgrade(request, transport, head, (socket) => this.#accept(socket, transport as Socket));
  }

  /** Closes sockets that are open, at most `count`; returns how many. */
  closeSockets({ code = 1011, reason = '', count = Infinity }: FaultSpecs['close'] & { count?: number }): number {
    const closing = [...this.#sockets].slice(0, count);
    for (const socket of closing) socket.close(code, reason);
    return closing.length;
  }

  /** Applies faults that strike sockets which are open already. */
  applyFaults(): void {
    const { faults } = this.#simulation;
    for (const socket of this.#sockets) {
      if (faults.draw('silent') !== undefined) socket.fallSilent();
    }
    if (faults.isActive('refuse')) this.cutAll();
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.cut();
  }

  #accept(socket: WebSocket, transport: Socket): void {
    const { options, backend, ledger, faults } = this.#simulation;
    const session = new Session(backend, options.deployKey, {
      send: (frame) => connection.send(frame),
      transitionDue: () => this.#broadcaster.wake(),
      updated: (path) => ledger.count(path, 'updates'),
    });
    const connection = new SyncSocket(socket, transport, options, ledger, (message) => session.receive(message));
    this.#sockets.add(connection);
    this.#broadcaster.add(session);
    ledger.opened();
    socket.on('close', () => {
      this.#sockets.delete(connection);
      this.#broadcaster.delete(session);
      ledger.closed();
    });
    if (faults.draw('silent') !== undefined) connection.fallSilent();
  }
}
