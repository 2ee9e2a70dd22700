import { freePort } from './free-port.ts';
import type { RedisKind, RedisProgram } from './redis-program.ts';
import { RedisServer } from './redis-server.ts';
import { until } from './until.ts';

const SLOTS = 16_384;
const FORMS_WITHIN_MS = 20_000;
const PORT_ATTEMPTS = 5;

export interface RedisClusterOptions {
  /** @default 3 */
  readonly masters?: number;
  /** Of each master. @default 1 */
  readonly replicasEach?: number;
  /** After which a node that does not answer counts as failing. @default 2000 */
  readonly nodeTimeoutMs?: number;
  /** @default what `findRedisProgram` finds: version 7 or later. */
  readonly program?: RedisProgram;
  /** @default either */
  readonly kind?: RedisKind;
  /** Further arguments of each node. */
  readonly args?: readonly string[];
}

/** A cluster of real servers on loopback, complete and with its replicas linked. A node keeps its place when it is restarted. */
export class RedisCluster implements AsyncDisposable {
  /** The masters of the start, then their replicas in the same order, as often as there are replicas of each. */
  readonly nodes: readonly RedisServer[];
  readonly #masters: number;

  private constructor(nodes: readonly RedisServer[], masters: number) {
    this.nodes = nodes;
    this.#masters = masters;
  }

  /** @throws Error if the cluster has not formed after 20 seconds. */
  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { masters = 3, replicasEach = 1 } = options;
    const count = masters * (1 + replicasEach);
    const started = await Promise.allSettled(Array.from({ length: count }, () => startNode(options)));
    const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value.server] : []));
    const cluster = new RedisCluster(nodes, masters);
    try {
      for (const one of started) if (one.status === 'rejected') throw one.reason;
      await cluster.#form(started.flatMap((one) => (one.status === 'fulfilled' ? [one.value.busPort] : [])));
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  get url(): string {
    return `redis-cluster://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  /**
   * The node that serves a slot or a key, as the first running node sees it.
   *
   * @throws Error while the cluster has none that runs: between a master's end and its replacement.
   */
  async masterOf(slotOrKey: number | string): Promise<RedisServer> {
    const [asked] = this.nodes.filter(({ isRunning }) => isRunning);
    if (asked === undefined) throw new Error('no node of the cluster runs');
    const slot =
      typeof slotOrKey === 'number' ? slotOrKey : Number(await asked.command('CLUSTER', 'KEYSLOT', slotOrKey));
    for (const node of this.nodes.filter(({ isRunning }) => isRunning)) {
      const ranges = (await node.command('CLUSTER', 'SLOTS').catch(() => [])) as [number, number, [string, number]][];
      const [, , master] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? [];
      const server = this.nodes.find(({ port, isRunning }) => isRunning && port === master?.[1]);
      if (server !== undefined) return server;
    }
    throw new Error(`no running node serves slot ${slot}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
  }

  async #form(busPorts: readonly number[]): Promise<void> {
    for (const [index, master] of this.nodes.slice(0, this.#masters).entries()) {
      const [from, to] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / this.#masters)) as [
        number,
        number,
      ];
      await master.command('CLUSTER', 'ADDSLOTSRANGE', from, to - 1);
      // Else two nodes of the same epoch would first have to settle who keeps it.
      await master.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    }
    // Each meets each: waiting for gossip to spread it takes seconds.
    for (const [index, node] of this.nodes.entries()) {
      for (const [other, { port }] of this.nodes.entries()) {
        if (other > index) await node.command('CLUSTER', 'MEET', '127.0.0.1', port, busPorts[other] ?? 0);
      }
    }
    await this.#everyNode('knows all others', (node) => this.#knowsAll(node));
    for (const [index, node] of this.nodes.entries()) {
      const master = this.nodes[index % this.#masters];
      if (master === undefined || master === node) continue;
      await node.command('CLUSTER', 'REPLICATE', String(await master.command('CLUSTER', 'MYID')));
    }
    await this.#everyNode('is in a complete cluster', (node) => this.#isComplete(node));
  }

  async #everyNode(what: string, isSo: (node: RedisServer) => Promise<boolean>): Promise<void> {
    await Promise.all(this.nodes.map((node) => until(() => isSo(node), FORMS_WITHIN_MS, `port ${node.port} ${what}`)));
  }

  async #knowsAll(node: RedisServer): Promise<boolean> {
    const lines = await describedNodes(node);
    return lines.length === this.nodes.length && lines.every((line) => !line.includes('handshake'));
  }

  async #isComplete(node: RedisServer): Promise<boolean> {
    const state = String(await node.command('CLUSTER', 'INFO'));
    const replicas = (await describedNodes(node)).filter((line) => /\bslave\b/.test(line)).length;
    const link = await node.info('master_link_status');
    return (
      state.includes('cluster_state:ok') &&
      replicas === this.nodes.length - this.#masters &&
      (link === undefined || link === 'up')
    );
  }
}

async function describedNodes(node: RedisServer): Promise<string[]> {
  return String(await node.command('CLUSTER', 'NODES'))
    .trim()
    .split('\n');
}

async function startNode(options: RedisClusterOptions): Promise<{ server: RedisServer; busPort: number }> {
  const { program, kind, nodeTimeoutMs = 2_000, args = [] } = options;
  for (let attempt = 1; ; attempt++) {
    const busPort = await freePort();
    const own = [
      ['cluster-enabled', 'yes'],
      ['cluster-port', `${busPort}`],
      ['cluster-announce-ip', '127.0.0.1'],
      ['cluster-node-timeout', `${nodeTimeoutMs}`],
      // A replica takes over however long it has not heard of its master: tests stop servers for a while.
      ['cluster-replica-validity-factor', '0'],
    ];
    try {
      const server = await RedisServer.start({
        ...(program === undefined ? {} : { program }),
        ...(kind === undefined ? {} : { kind }),
        args: [...own.flatMap(([name, value = '']) => [`--${name}`, value]), ...args],
      });
      return { server, busPort };
    } catch (error) {
      // The bus's port may be the one that somebody has taken meanwhile.
      const isTaken = error instanceof Error && /in use/i.test(error.message);
      if (!isTaken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}
