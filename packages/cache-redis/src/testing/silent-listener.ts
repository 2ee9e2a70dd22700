import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** By then, loopback has connected. */
const CONNECTS_WITHIN_MS = 60;
const MOST_FILLERS = 16;

// A thread that listens and then never gives its event loop a turn: nobody accepts.
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:net').createServer();
server.on('error', (error) => { throw error; });
server.listen({ port: workerData.port, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage('listening');
  Atomics.wait(workerData.gate, 0, 0);
  server.close();
});
`;

/**
 * A port whose kernel queue of connections is full. Linux then drops each SYN: a client stays in connecting, as with a host
 * that is gone, and gets through by its own repetition (after 1 s, 3 s, …) when somebody else listens later.
 */
export class SilentListener {
  readonly #worker: Worker;
  readonly #gate: Int32Array;
  readonly #fillers: Socket[] = [];

  private constructor(port: number) {
    this.#gate = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    this.#worker = new Worker(program, { eval: true, workerData: { port, gate: this.#gate } });
  }

  /** Resolves when connecting is proved to hang. @throws Error if it does not, as on systems that refuse instead. */
  static async open(port: number): Promise<SilentListener> {
    const listener = new SilentListener(port);
    await once(listener.#worker, 'message');
    listener.#worker.unref();
    for (let count = 0; count < MOST_FILLERS; count++) {
      if (!(await listener.#connects(port))) return listener;
    }
    await listener.close();
    throw new Error('this system does not drop connections when the queue of a listener is full');
  }

  async close(): Promise<void> {
    for (const filler of this.#fillers) filler.destroy();
    const exited = once(this.#worker, 'exit');
    this.#worker.ref();
    Atomics.store(this.#gate, 0, 1);
    Atomics.notify(this.#gate, 0);
    await exited;
  }

  async #connects(port: number): Promise<boolean> {
    const filler = connect({ port, host: '127.0.0.1' }).unref();
    filler.on('error', () => {});
    const isConnected = await Promise.race([
      once(filler, 'connect').then(() => true),
      sleep(CONNECTS_WITHIN_MS, false),
    ]);
    if (isConnected) this.#fillers.push(filler);
    else filler.destroy();
    return isConnected;
  }
}
