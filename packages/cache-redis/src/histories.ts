import type { Redis } from 'ioredis';
import type { RedisClient } from './client.ts';
import { isCluster } from './client.ts';
import { after } from './clock.ts';
import { isReply, RedisError } from './errors.ts';
import type { History } from './history.ts';
import { historyOf, isReplica } from './history.ts';

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

  /**
   * Of a cluster, a node that does not answer has no history, and what is on it is not read; the others are of use.
   * @param patienceMs how long the slowest node of a cluster is waited for.
   * @throws RedisError when the one server is a replica: it takes no writes, and may have been a master that another has replaced.
   */
  async askAll(patienceMs: number): Promise<void> {
    const client = this.#client;
    if (!isCluster(client)) {
      if (await this.#ask(THE_SERVER, client)) return;
      throw new RedisError('ERR_REDIS_UNAVAILABLE', 'the server is a replica');
    }
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const cancel = after(patienceMs, resolve);
    await Promise.race([
      Promise.allSettled(client.nodes('master').map((node) => this.#ask(nameOf(node), node))),
      enough,
    ]);
    cancel();
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

  /** Asks again whoever was asked long ago. */
  refresh(): void {
    for (const [name, known] of this.#known) {
      if (performance.now() - known.askedMs > BELIEVED_MS) void this.#askAgain(name, known);
    }
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

  /** @returns whether it may be a master. Who has no permission to ask is not told. */
  async #ask(name: string, node: Redis): Promise<boolean> {
    const askedMs = performance.now();
    const info = await node.info('replication').catch((error: unknown) => {
      if (isReply(error, 'NOPERM')) return '';
      throw error;
    });
    this.#known.set(name, { history: historyOf(info), askedMs });
    return !isReplica(info);
  }
}

function nameOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}
