import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { MemoryLimit } from './memory-limit.ts';
import { plainClient } from './plain-client.ts';
import type { RedisKind, RedisProgram } from './redis-program.ts';
import { findRedisProgram } from './redis-program.ts';
import { serverArguments } from './server-arguments.ts';
import { ServerProcess } from './server-process.ts';
import { slowLoading } from './slow-loading.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from './temporary-directory.ts';
import { until } from './until.ts';

const ANSWERS_WITHIN_MS = 10_000;
const LOADS_WITHIN_MS = 60_000;
const FOLLOWS_WITHIN_MS = 15_000;
const COMMAND_TIMEOUT_MS = 2_000;
const PORT_ATTEMPTS = 5;

export interface RedisServerOptions {
  /** @default what {@link findRedisProgram} finds. */
  readonly program?: RedisProgram;
  /** Which program to find. @default either. */
  readonly kind?: RedisKind;
  /** Where it keeps its dump. @default a temporary one, removed at the end. */
  readonly directory?: string;
  /** @default a free one. */
  readonly port?: number;
  /** Further arguments, such as `['--maxmemory', '100mb']`; later ones win. For a sentinel: lines of its configuration. */
  readonly args?: readonly string[];
  /** What clients and replicas log in with. @default none. */
  readonly password?: string;
  /** @default 'server' */
  readonly role?: 'server' | 'sentinel';
  /** After which `command` gives up. @default 2000 */
  readonly timeoutMs?: number;
}

export interface RestartOptions {
  /** Further arguments for this run only; a sentinel takes none. */
  readonly args?: readonly string[];
  /** Resolve as soon as it answers, even if that is `LOADING`. @default false */
  readonly whileLoading?: boolean;
}

/**
 * A real Redis or Valkey of the test's own, on loopback: without persistence, with a unix socket as well. It keeps its port,
 * socket and directory over `kill` and `restart`.
 */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly directory: string;
  readonly unixSocketPath: string;
  readonly #program: RedisProgram;
  readonly #options: RedisServerOptions;
  /** Its socket and log; not the given directory, whose path can be too long for a socket. */
  readonly #own: string;
  #process: ServerProcess | undefined;
  #client: Redis | undefined;
  readonly #limit: MemoryLimit = new MemoryLimit(this);
  #snapshots = 0;

  private constructor(program: RedisProgram, port: number, options: RedisServerOptions) {
    this.#program = program;
    this.#options = options;
    this.port = port;
    this.#own = makeTemporaryDirectory();
    this.directory = options.directory ?? this.#own;
    mkdirSync(this.directory, { recursive: true });
    this.unixSocketPath = join(this.#own, 'redis.sock');
  }

  /**
   * @throws Error with the end of its log, if it does not start: also where somebody else answers on the port. A free port
   * that somebody takes meanwhile is replaced by another.
   */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const kind = options.kind === undefined ? {} : { kind: options.kind };
    const program = options.program ?? (await findRedisProgram(kind));
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(program, options.port ?? (await freePort()), options);
      try {
        await server.restart();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        const isTaken = error instanceof Error && /in use/i.test(error.message);
        if (!isTaken || options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  get kind(): RedisKind {
    return this.#program.kind;
  }

  get version(): string {
    return this.#program.version;
  }

  get url(): string {
    const { password } = this.#options;
    return `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${this.port}`;
  }

  /** Of the running process, or of the last one. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  /**
   * Asks by a client of its own, which nothing done to other connections reaches.
   *
   * @throws Error what the server answers; at once if it does not run, and after `timeoutMs` if it hangs.
   */
  async command(...args: readonly (string | number | Buffer)[]): Promise<unknown> {
    if (this.#client === undefined || !this.isRunning) throw new Error(`the server on port ${this.port} does not run`);
    const [name = '', ...rest] = args;
    return this.#client.call(String(name), ...rest);
  }

  /** One field of `INFO`, such as `used_memory`. @returns undefined if there is none of that name. */
  async info(field: string): Promise<string | undefined> {
    const text = String(await this.command('INFO', 'everything'));
    return new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(text)?.[1];
  }

  /** SIGKILL: clients see the connection closed, then refused. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** SIGTERM: with the default arguments, nothing is saved. */
  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  /** SIGSTOP: the kernel still accepts connections and takes bytes, nobody answers. Resolves when it has stopped. */
  async pause(): Promise<void> {
    await this.#process?.pause();
  }

  resume(): void {
    this.#process?.resume();
  }

  /** Starts again after `kill` or `stop` (which it does itself if needed), with the dump in the directory. */
  async restart({ args = [], whileLoading = false }: RestartOptions = {}): Promise<void> {
    if (this.isRunning) await this.kill();
    rmSync(this.unixSocketPath, { force: true });
    const started = new ServerProcess(this.#program, this.#arguments(args), join(this.#own, 'redis.log'));
    this.#process = started;
    const { password, timeoutMs = COMMAND_TIMEOUT_MS } = this.#options;
    const client = plainClient({ port: this.port, password, timeoutMs });
    this.#client = client;
    // Nobody will answer any more, whoever has ended it.
    void started.exited.then(() => client.disconnect());
    try {
      await until(() => this.#answersItself(started), ANSWERS_WITHIN_MS, 'it answers or ends');
      if (!started.isRunning) throw new Error('it has ended');
      if (whileLoading) return;
      await until(async () => (await this.info('loading')) !== '1', LOADS_WITHIN_MS, 'its data is loaded');
    } catch (error) {
      await this.kill();
      throw new Error(`${this.#program.path} did not start on port ${this.port}:\n${started.log()}`, { cause: error });
    }
  }

  /**
   * Restarts with all its data, so that it answers `LOADING` for about as long. Resolves when it does. The dump
   * stays in the directory. Not for a node of a cluster: what slows the loading down lies in another database.
   */
  async restartLoading(forMs = 1_000): Promise<void> {
    const args = await slowLoading(this, forMs);
    await this.restart({ args, whileLoading: true });
  }

  /** Saves. @returns the path of a copy of the dump in the server's directory. */
  async snapshot(): Promise<string> {
    await this.command('SAVE');
    const path = join(this.directory, `snapshot-${++this.#snapshots}.rdb`);
    copyFileSync(this.#dump, path);
    return path;
  }

  /** What `restart` will load: a snapshot, or nothing. @throws Error while it runs. */
  restore(snapshot: string | undefined): void {
    if (this.isRunning) throw new Error('a running server loads no snapshot');
    rmSync(this.#dump, { force: true });
    if (snapshot !== undefined) copyFileSync(snapshot, this.#dump);
  }

  /** Lets each write be refused with `OOM`: a memory limit a little below what it uses now, and nothing is evicted. */
  async fill(): Promise<void> {
    await this.#limit.fill();
  }

  /** Ends `fill`. */
  async unfill(): Promise<void> {
    await this.#limit.unfill();
  }

  /** Resolves when it has all of the other's data. */
  async becomeReplicaOf(other: RedisServer): Promise<void> {
    const password = other.#options.password;
    if (password !== undefined) await this.command('CONFIG', 'SET', 'masterauth', password);
    await this.command('REPLICAOF', '127.0.0.1', other.port);
    const isLinked = async (): Promise<boolean> => (await this.info('master_link_status')) === 'up';
    await until(isLinked, FOLLOWS_WITHIN_MS, `port ${this.port} follows port ${other.port}`);
  }

  async becomeMaster(): Promise<void> {
    await this.command('REPLICAOF', 'NO', 'ONE');
  }

  /** Kills it and removes what is its own. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    removeTemporaryDirectory(this.#own);
  }

  get #dump(): string {
    return join(this.directory, 'dump.rdb');
  }

  /** A server that somebody left on the port would answer as well. */
  async #answersItself(started: ServerProcess): Promise<boolean> {
    if (!started.isRunning) return true;
    const asked = this.info('process_id').then((pid) => pid === `${started.pid}`);
    return Promise.race([asked, started.exited.then(() => true)]);
  }

  #arguments(further: readonly string[]): string[] {
    const { role = 'server', args = [], password } = this.#options;
    const { port, directory, unixSocketPath } = this;
    return serverArguments({ role, port, directory, unixSocketPath, password, args: [...args, ...further] });
  }
}
