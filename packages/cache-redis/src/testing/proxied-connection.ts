import type { NetConnectOpts } from 'node:net';
import { Socket } from 'node:net';
import { FaultPipe } from './fault-pipe.ts';
import type { FaultyDirection } from './faulty-direction.ts';
import type { Direction } from './network-faults.ts';

/** A client's connection and the one to the server that belongs to it. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket = new Socket({ allowHalfOpen: true });
  readonly #target: NetConnectOpts;
  readonly #pipes: Readonly<Record<Direction, FaultPipe>>;
  #isConnecting = false;

  /** @param client paused: nothing is read before it can be passed on. */
  constructor(client: Socket, target: NetConnectOpts, directions: Readonly<Record<Direction, FaultyDirection>>) {
    this.#client = client;
    this.#target = target;
    this.#pipes = {
      toServer: new FaultPipe(client, this.#server, directions.toServer),
      toClient: new FaultPipe(this.#server, client, directions.toClient),
    };
    this.#bind(client, this.#server);
    this.#bind(this.#server, client);
  }

  /** Opens the connection to the server, if that has not been done. */
  connect(): void {
    if (this.#isConnecting || this.#client.destroyed) return;
    this.#isConnecting = true;
    this.#server.connect(this.#target);
    this.#client.resume();
  }

  /** Lets changed faults have their effect on what is held. */
  pump(): void {
    this.#pipes.toServer.pump();
    this.#pipes.toClient.pump();
  }

  finish(direction: Direction): void {
    this.#pipes[direction].finish();
  }

  /** RST to both. */
  reset(): void {
    resetSocket(this.#client);
    resetSocket(this.#server);
  }

  #bind(socket: Socket, other: Socket): void {
    socket.setNoDelay(true);
    socket.unref();
    // An error is seen as the way in which the socket closes.
    socket.on('error', () => {});
    socket.on('close', (hadError: boolean) => {
      if (hadError) resetSocket(other);
      if (socket.destroyed && other.destroyed) for (const pipe of Object.values(this.#pipes)) pipe.close();
    });
  }
}

function resetSocket(socket: Socket): void {
  // Only TCP has an RST, and only a connected socket: a unix socket throws.
  if (socket.remotePort === undefined) socket.destroy();
  // An RST while a FIN is under way leaves a handle that the process spins on for ever when it ends (Node 24, libuv).
  else if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
