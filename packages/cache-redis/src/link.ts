import type { Redis } from 'ioredis';
import type { RedisClient, Timeouts } from './client.ts';
import { isCluster } from './client.ts';
import { isReply, RedisError } from './errors.ts';
import type { History } from './history.ts';
import { historyOf } from './history.ts';
import { after, KeepAlive } from './clock.ts';

/** What a command may be made of. */
export type Argument = string | number | Buffer;

/** @see Link */
export interface LinkOptions extends Timeouts {
  /** @throws RedisError when there can be no client. */
  readonly create: () => Promise<RedisClient>;
  /** More bytes than this wait for a server at no time, unless they are one value. */
  readonly maxQueuedBytes: number;
  readonly onUp: () => void;
  /** Told after every attempt that failed, and when a connection is lost. */
  readonly onDown: (error: Error) => void;
}

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 200;
const MAX_COMMANDS = 10_000;
/** How long a server's history is believed unasked. */
const HISTORY_MS = 1_000;
const UNKNOWN_NODE = '';
/** A server that refuses writes may have lost its place to another, which a new connection finds; asked for no more often than this. */
const READONLY_RECONNECT_MS = 1_000;

/**
 * One client of Redis, single or cluster, that never makes a caller wait for a connection: there is one, or a call fails at
 * once. It reconnects for ever. Its watchdog covers what ioredis waits for without end: a server that accepts and never answers.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #keepAlive = new KeepAlive();
  /** By node; a single server is the one node there is. */
  readonly #histories = new Map<string, { history: History | undefined; askedMs: number }>();
  #client: RedisClient | undefined;
  #isUp = false;
  #connectedMs = 0;
  #attempts = 0;
  #commands = 0;
  #bytes = 0;
  #closed = false;
  #cancelRetry: (() => void) | undefined;
  readonly #tried = Promise.withResolvers<void>();

  constructor(options: LinkOptions) {
    this.#options = options;
    void this.#connect();
  }

  /** Whether there is a connection. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when the first attempt to connect has ended, in whichever way. */
  get tried(): Promise<void> {
    return this.#tried.promise;
  }

  get isCluster(): boolean {
    return this.#client !== undefined && isCluster(this.#client);
  }

  /**
   * Sends a command. Answers are buffers, in the shapes of RESP2.
   * @param bytes what it weighs in the queue; for writes of values.
   * @throws RedisError `ERR_REDIS_UNAVAILABLE`, `ERR_REDIS_BUSY`, `ERR_REDIS_CLOSED`, at once; what Redis answers, as it is.
   */
  call(command: string, args: readonly Argument[], bytes: number = 0): Promise<unknown> {
    try {
      const client = this.#ready();
      this.#enter(bytes);
      return client.callBuffer(command, ...args).then(
        (answer) => {
          this.#leave(bytes);
          return answer;
        },
        (error: unknown) => {
          this.#leave(bytes);
          if (isReply(error, 'READONLY')) this.#isReadOnly(client);
          throw this.#explained(error);
        },
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The history of the server that a key is on. Ask before a read and after it: only what both times name is of that history.
   * Not known, or not a master's: `undefined`. It is asked anew beside whatever is sent next when that was a second ago.
   */
  historyOf(slot: number): History | undefined {
    const node = this.#nodeOf(slot);
    const known = this.#histories.get(node);
    if (known === undefined || performance.now() - known.askedMs > HISTORY_MS) void this.#askHistory(node);
    return known?.history;
  }

  /** The servers whose keys there are: of a cluster, its masters. */
  masters(): readonly Redis[] {
    const client = this.#ready();
    return isCluster(client) ? client.nodes('master') : [client];
  }

  /** Gives the connection up; another is made. For an answer that is overdue. */
  drop(error: Error): void {
    if (this.#client !== undefined && this.#isUp) this.#lost(this.#client, error);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#isUp = false;
    this.#cancelRetry?.();
    this.#client?.disconnect();
    this.#client = undefined;
    this.#keepAlive.close();
    this.#tried.resolve();
  }

  #enter(bytes: number): void {
    if (this.#commands >= MAX_COMMANDS || (this.#bytes > 0 && this.#bytes + bytes > this.#options.maxQueuedBytes)) {
      throw new RedisError('ERR_REDIS_BUSY', `${this.#commands} commands and ${this.#bytes} bytes wait for Redis`);
    }
    this.#bytes += bytes;
    if (this.#commands++ === 0) this.#keepAlive.enter();
  }

  #leave(bytes: number): void {
    this.#bytes -= bytes;
    if (--this.#commands === 0) this.#keepAlive.leave();
  }

  #ready(): RedisClient {
    if (this.#closed) throw new RedisError('ERR_REDIS_CLOSED', 'the connection to Redis is closed');
    if (!this.#isUp || this.#client === undefined)
      throw new RedisError('ERR_REDIS_UNAVAILABLE', 'there is no connection to Redis');
    return this.#client;
  }

  async #connect(): Promise<void> {
    let client: RedisClient | undefined;
    try {
      client = await this.#options.create();
      if (this.#closed) return client.disconnect();
      this.#client = client;
      await this.#establish(client);
      if (this.#closed) return client.disconnect();
      this.#isUp = true;
      this.#attempts = 0;
      this.#connectedMs = performance.now();
      this.#options.onUp();
    } catch (error) {
      client?.disconnect();
      if (!this.#closed) this.#retry(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#tried.resolve();
    }
  }

  /** @throws when there is no connection in time, or the server is not to be used. */
  async #establish(client: RedisClient): Promise<void> {
    // What goes wrong is seen by its end; without a listener ioredis writes to the console.
    let reason: unknown;
    client.on('error', (error: unknown) => (reason = error));
    this.#letGo(client);
    const { connectTimeoutMs } = this.#options;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = after(connectTimeoutMs, () =>
      reject(new RedisError('ERR_REDIS_TIMEOUT', `Redis has not answered within ${connectTimeoutMs} ms`)),
    );
    try {
      const ready = client.connect();
      ready.catch(() => {});
      await Promise.race([ready, late]);
      const asked = this.#askAll(client);
      asked.catch(() => {});
      await Promise.race([asked, late]);
    } catch (error) {
      throw reason ?? error;
    } finally {
      cancel();
    }
    client.once('end', () => this.#lost(client, reason));
    client.once('close', () => this.#lost(client, reason));
  }

  #isReadOnly(client: RedisClient): void {
    if (performance.now() - this.#connectedMs < READONLY_RECONNECT_MS) return;
    this.#lost(client, new Error('READONLY the server has become a replica'));
  }

  #lost(client: RedisClient, reason: unknown): void {
    if (client !== this.#client || this.#closed || !this.#isUp) return;
    this.#isUp = false;
    this.#histories.clear();
    client.disconnect();
    this.#retry(reason instanceof Error ? reason : new Error('the connection to Redis was closed'));
  }

  #retry(cause: Error): void {
    this.#client = undefined;
    this.#options.onDown(this.#explained(cause));
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts++);
    this.#cancelRetry = after(delayMs, () => void this.#connect());
  }

  /** Connections do not keep the process alive; whoever waits for an answer does. */
  #letGo(client: RedisClient): void {
    const letGo = (redis: Redis): void => {
      redis.on('connect', () => (redis.stream as { unref?(): void }).unref?.());
      redis.on('error', () => {});
    };
    if (!isCluster(client)) return letGo(client);
    client.on('+node', letGo);
  }

  #nodeOf(slot: number): string {
    const client = this.#client;
    return client !== undefined && isCluster(client) ? (client.slots[slot]?.[0] ?? UNKNOWN_NODE) : UNKNOWN_NODE;
  }

  async #askAll(client: RedisClient): Promise<void> {
    this.#histories.clear();
    if (!isCluster(client)) return this.#ask(UNKNOWN_NODE, client);
    // A node that does not answer has no history, and what is on it is not read; the others are of use.
    await Promise.allSettled(client.nodes('master').map((node) => this.#ask(nameOf(node), node)));
  }

  async #askHistory(node: string): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    const known = this.#histories.get(node);
    const askedMs = performance.now();
    this.#histories.set(node, { history: known?.history, askedMs });
    const redis = isCluster(client) ? client.nodes('master').find((one) => nameOf(one) === node) : client;
    try {
      if (redis !== undefined) await this.#ask(node, redis);
    } catch {
      if (this.#client === client) this.#histories.set(node, { history: undefined, askedMs });
    }
  }

  async #ask(node: string, redis: Redis): Promise<void> {
    const askedMs = performance.now();
    const history = historyOf(await redis.info('replication'));
    this.#histories.set(node, { history, askedMs });
  }

  #explained(error: unknown): Error {
    if (error instanceof Error && error.name === 'ReplyError') return error;
    if (error instanceof RedisError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new RedisError('ERR_REDIS_UNAVAILABLE', `no answer from Redis: ${message}`, { cause: error });
  }
}

function nameOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}
