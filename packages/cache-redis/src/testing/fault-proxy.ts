import { once } from 'node:events';
import type { NetConnectOpts, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { seededRandom } from '@warmline/cache-core/testing';
import { CommandLedger } from './command-ledger.ts';
import { FaultyDirection } from './faulty-direction.ts';
import { freePort } from './free-port.ts';
import type { Direction, NetworkFaults } from './network-faults.ts';
import { NO_FAULTS } from './network-faults.ts';
import { ProxiedConnection } from './proxied-connection.ts';
import { SilentListener } from './silent-listener.ts';

const PORT_ATTEMPTS = 5;

export type ProxyTarget = { readonly port: number; readonly host?: string } | { readonly path: string };

export interface FaultProxyOptions {
  /** Of the jitter. @default 1 */
  readonly seed?: number;
}

/**
 * A TCP proxy on loopback that does to connections what networks do, counts what passes and which commands clients send.
 * Whoever connects to a server that is gone is accepted and then reset; `refuse` refuses. It does not keep the process alive.
 */
export class FaultProxy implements AsyncDisposable {
  /** What clients have sent, counted as it comes in: held commands, too. */
  readonly commands: CommandLedger = new CommandLedger();
  readonly #target: NetConnectOpts;
  readonly #directions: Readonly<Record<Direction, FaultyDirection>>;
  readonly #connections = new Set<ProxiedConnection>();
  #server: Server | undefined;
  #silent: SilentListener | undefined;
  #port = 0;
  #accepted = 0;
  #holdsNew = false;

  private constructor(target: ProxyTarget, { seed = 1 }: FaultProxyOptions) {
    this.#target = 'path' in target ? target : { host: '127.0.0.1', ...target };
    const random = seededRandom(seed);
    this.#directions = { toServer: new FaultyDirection(random), toClient: new FaultyDirection(random) };
  }

  static async start(target: ProxyTarget, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, options);
    for (let attempt = 1; proxy.#server === undefined; attempt++) {
      proxy.#port = await freePort();
      try {
        await proxy.#listen();
      } catch (error) {
        if (attempt === PORT_ATTEMPTS) throw error;
      }
    }
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Of clients, open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Of clients, since the start: how often they have connected. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Passed on so far. */
  get bytes(): Readonly<Record<Direction, number>> {
    return { toServer: this.#directions.toServer.bytes, toClient: this.#directions.toClient.bytes };
  }

  /** Changes what is given and leaves the rest. Data that is under way keeps the latency with which it has come. */
  set({ toServer = {}, toClient = {}, blackholeConnect = this.#holdsNew, ...both }: NetworkFaults): void {
    for (const [direction, one] of [
      ['toServer', toServer],
      ['toClient', toClient],
    ] as const) {
      const faulty = this.#directions[direction];
      faulty.faults = { ...faulty.faults, ...both, ...one };
    }
    this.#holdsNew = blackholeConnect;
    for (const connection of this.#connections) {
      if (!blackholeConnect) connection.connect();
      connection.pump();
    }
  }

  /** Ends every fault of `set`, `refuse` and `dropConnects`. */
  async heal(): Promise<void> {
    this.set({ ...NO_FAULTS, blackholeConnect: false });
    await this.dropConnects(false);
    await this.refuse(false);
  }

  /** RST to both sides of every connection. */
  reset(): void {
    for (const connection of this.#connections) connection.reset();
  }

  /** FIN to one side of every connection, after what has been passed on; the other direction goes on. */
  halfClose(side: 'server' | 'client'): void {
    for (const connection of this.#connections) connection.finish(side === 'server' ? 'toServer' : 'toClient');
  }

  /** Flips all bits of one byte of what comes next in this direction; `offset` counts over pieces of the same connection. */
  corruptNext(direction: Direction, offset = 0): void {
    this.#directions[direction].corruptNext(offset);
  }

  /** New connections get ECONNREFUSED; those that are open stay. */
  async refuse(isRefused: boolean): Promise<void> {
    if (isRefused) this.#unlisten();
    else if (this.#server === undefined && this.#silent === undefined) await this.#listen();
  }

  /**
   * New connections are not even opened: their SYN is dropped, as by a host that is gone. When lifted, a client that still tries
   * gets through at its next repetition, after up to a second or more.
   *
   * @throws Error where the kernel does not do so (Linux does).
   */
  async dropConnects(isDropped: boolean): Promise<void> {
    if (isDropped && this.#silent === undefined) {
      this.#unlisten();
      try {
        this.#silent = await SilentListener.open(this.#port);
      } catch (error) {
        await this.#listen();
        throw error;
      }
    } else if (!isDropped && this.#silent !== undefined) {
      await this.#silent.close();
      this.#silent = undefined;
      await this.#listen();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    this.reset();
    await this.#silent?.close();
  }

  async #listen(): Promise<void> {
    // A server of its own each time: the old one counts as closed only when its last connection is.
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.#accept(client));
    server.listen({ port: this.#port, host: '127.0.0.1' });
    await once(server, 'listening');
    this.#server = server.unref();
  }

  #unlisten(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  #accept(client: Socket): void {
    this.#accepted++;
    const ledger = this.commands.connection();
    client.on('data', ledger.read);
    const connection = new ProxiedConnection(client, this.#target, this.#directions);
    this.#connections.add(connection);
    client.on('close', () => {
      ledger.close();
      this.#connections.delete(connection);
    });
    if (!this.#holdsNew) connection.connect();
  }
}
