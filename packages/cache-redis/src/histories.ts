import type { Redis } from 'ioredis';
import type { RedisClient } from './client.ts';
import { isCluster } from './client.ts';
import type { History } from './history.ts';
import { historyOf } from './history.ts';

/** How long a server's history is believed unasked; that it has none, because it is a replica now, less long. */
const BELIEVED_MS = 1_000;
const DOUBTED_MS = 100;
const THE_SERVER = '';

interface Known {
  readonly history: History | undefined;
  readonly askedMs: number;
}

/** The histories of the servers that one client is connected to. */
export class Histories {
  readonly #client: RedisClient;
  /** By node; a single server is the one node there is. */
  readonly #known = new Map<string, Known>();

  constructor(client: RedisClient) {
    this.#client = client;
    // Behind its name another server may be, next time.
    if (isCluster(client)) client.on('-node', (node: Redis) => this.#known.delete(nameOf(node)));
  }

  /** Of a cluster, a node that does not answer has no history, and what is on it is not read; the others are of use. */
  async askAll(): Promise<void> {
    const client = this.#client;
    if (isCluster(client))
      await Promise.allSettled(client.nodes('master').map((node) => this.#ask(nameOf(node), node)));
    else await this.#ask(THE_SERVER, client);
  }

  /**
   * The history of the server that a slot is on. Ask before a read and after it: only what both times name is of that history.
   * Not known, or not a master's: `undefined`. It is asked anew when that was a second ago, on the same connection and therefore
   * answered before whatever is sent next.
   */
  of(slot: number): History | undefined {
    const client = this.#client;
    const name = isCluster(client) ? client.slots[slot]?.[0] : THE_SERVER;
    if (name === undefined) return undefined;
    const known = this.#known.get(name);
    const believedMs = known?.history === undefined ? DOUBTED_MS : BELIEVED_MS;
    if (known === undefined || performance.now() - known.askedMs > believedMs) void this.#askAgain(name, known);
    return known?.history;
  }

  async #askAgain(name: string, known: Known | undefined): Promise<void> {
    const client = this.#client;
    const node = isCluster(client) ? client.nodes('master').find((one) => nameOf(one) === name) : client;
    const askedMs = performance.now();
    this.#known.set(name, { history: known?.history, askedMs });
    try {
      if (node !== undefined) await this.#ask(name, node);
    } catch {
      this.#known.set(name, { history: undefined, askedMs });
    }
  }

  async #ask(name: string, node: Redis): Promise<void> {
    const askedMs = performance.now();
    const history = historyOf(await node.info('replication'));
    this.#known.set(name, { history, askedMs });
  }
}

function nameOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}
