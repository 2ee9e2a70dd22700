import type { RedisKind, RedisProgram } from './redis-program.ts';
import { RedisServer } from './redis-server.ts';
import { until } from './until.ts';

const AGREE_WITHIN_MS = 20_000;
/** How often sentinels look and talk; by default, each 1 to 10 s. */
const PERIOD_MS = 200;
const MASTER_NAME = 'warmline';

export interface RedisSentinelsOptions {
  /** @default 3 */
  readonly sentinels?: number;
  /** @default 1 */
  readonly replicas?: number;
  /** After which a server that does not answer counts as down. @default 1000 */
  readonly downAfterMs?: number;
  /** @default what `findRedisProgram` finds. */
  readonly program?: RedisProgram;
  /** @default either */
  readonly kind?: RedisKind;
}

/** A master with replicas, and sentinels that watch it: real servers on loopback. The sentinels know each other and the replicas. */
export class RedisSentinels implements AsyncDisposable {
  readonly masterName: string = MASTER_NAME;
  readonly sentinels: readonly RedisServer[];
  /** The master of the start, then its replicas. */
  readonly servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[], sentinels: readonly RedisServer[]) {
    this.servers = servers;
    this.sentinels = sentinels;
  }

  /** @throws Error if the sentinels do not agree after 20 seconds. */
  static async start(options: RedisSentinelsOptions = {}): Promise<RedisSentinels> {
    const { sentinels: count = 3, replicas = 1, downAfterMs = 1_000, program, kind } = options;
    const choice = { ...(program === undefined ? {} : { program }), ...(kind === undefined ? {} : { kind }) };
    const all: RedisServer[] = [];
    try {
      const start = async (role: 'server' | 'sentinel', args: readonly string[]): Promise<RedisServer> => {
        const server = await RedisServer.start({ ...choice, role, args });
        all.push(server);
        return server;
      };
      const master = await start('server', []);
      const followers = await Promise.all(Array.from({ length: replicas }, () => start('server', [])));
      for (const follower of followers) await follower.becomeReplicaOf(master);
      const watched = [
        `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} ${Math.floor(count / 2) + 1}`,
        `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfterMs}`,
        `sentinel failover-timeout ${MASTER_NAME} ${10 * downAfterMs}`,
      ];
      const sentinels = await Promise.all(Array.from({ length: count }, () => start('sentinel', watched)));
      const group = new RedisSentinels([master, ...followers], sentinels);
      await group.#agree();
      return group;
    } catch (error) {
      await disposeAll(all);
      throw error;
    }
  }

  get url(): string {
    return `redis-sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${this.masterName}`;
  }

  /** The server that the first running sentinel calls the master: also for a while after that has died. */
  async master(): Promise<RedisServer> {
    const sentinel = this.sentinels.find(({ isRunning }) => isRunning);
    if (sentinel === undefined) throw new Error('no sentinel runs');
    const [, port] = (await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.masterName)) as [
      string,
      string,
    ];
    const server = this.servers.find((one) => `${one.port}` === port);
    if (server === undefined) throw new Error(`the sentinel names a master on port ${port}, which is none of ours`);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disposeAll([...this.sentinels, ...this.servers]);
  }

  async #agree(): Promise<void> {
    const periods = ['INFO', 'PUBLISH', 'ASK'].flatMap((name) => [`${name}-PERIOD`, PERIOD_MS]);
    for (const sentinel of this.sentinels) {
      // Since version 7; without it, everything takes some seconds longer.
      await sentinel.command('SENTINEL', 'DEBUG', ...periods).catch(() => {});
    }
    const expected = { 'num-slaves': this.servers.length - 1, 'num-other-sentinels': this.sentinels.length - 1 };
    for (const sentinel of this.sentinels) {
      const knowsAll = async (): Promise<boolean> => {
        const fields = (await sentinel.command('SENTINEL', 'MASTER', this.masterName)) as string[];
        return Object.entries(expected).every(([name, value]) => fields[fields.indexOf(name) + 1] === `${value}`);
      };
      await until(knowsAll, AGREE_WITHIN_MS, `the sentinel on port ${sentinel.port} knows all others`);
    }
  }
}

async function disposeAll(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
}
