import type { Redis } from 'ioredis';
import type { RedisClient, Timeouts } from './client.ts';
import { discard, isCluster } from './client.ts';
import { explained, isReply, RedisError } from './errors.ts';
import { Histories } from './histories.ts';
import type { History } from './history.ts';
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
const WATCH_MS = 2_000;
const MAX_COMMANDS = 10_000;
/** Of the time to connect: how long the slowest node of a cluster is waited for. */
const PATIENCE = 0.25;

/**
 * One client of Redis, single or cluster, that never makes a caller wait for a connection: there is one, or a call fails at
 * once. It reconnects for ever. Its watchdog covers what ioredis waits for without end: a server that accepts and never answers.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #keepAlive = new KeepAlive();
  #histories: Histories | undefined;
  #client: RedisClient | undefined;
  #isUp = false;
  #isCluster = false;
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

  /** Known from the first connection on. */
  get isCluster(): boolean {
    return this.#isCluster;
  }

  /**
   * Sends a command. Answers are buffers, in the shapes of RESP2.
   * @param bytes what it weighs in the queue; for writes of values.
   * @param isAwaited whether somebody waits for the answer, so that the process must live on. @default true
   * @throws RedisError `ERR_REDIS_UNAVAILABLE`, `ERR_REDIS_BUSY`, `ERR_REDIS_CLOSED`, at once; what Redis answers, as it is.
   */
  call(command: string, args: readonly Argument[], bytes: number = 0, isAwaited: boolean = true): Promise<unknown> {
    let client: RedisClient;
    try {
      client = this.#ready();
      this.#enter(bytes, isAwaited);
    } catch (error) {
      return Promise.reject(error);
    }
    return client.callBuffer(command, ...args).then(
      (answer) => {
        this.#leave(bytes, isAwaited);
        return answer;
      },
      (error: unknown) => {
        this.#leave(bytes, isAwaited);
        if (isReply(error, 'READONLY')) this.#isReadOnly(client);
        throw explained(error);
      },
    );
  }

  /** @see Histories.of */
  historyOf(slot: number): History | undefined {
    return this.#histories?.of(slot);
  }

  /** The servers whose keys there are: of a cluster, its masters. */
  masters(): readonly Redis[] {
    const client = this.#ready();
    return isCluster(client) ? client.nodes('master') : [client];
  }

  /** Whether it was closed by its owner. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Gives the connection up; another is made. For an answer that is overdue. */
  drop(error: Error): void {
    if (this.#client !== undefined) this.#lost(this.#client, error);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#isUp = false;
    this.#cancelRetry?.();
    if (this.#client !== undefined) discard(this.#client);
    this.#client = undefined;
    this.#keepAlive.close();
    this.#tried.resolve();
  }

  #enter(bytes: number, isAwaited: boolean): void {
    if (this.#commands >= MAX_COMMANDS || (this.#bytes > 0 && this.#bytes + bytes > this.#options.maxQueuedBytes)) {
      throw new RedisError('ERR_REDIS_BUSY', `${this.#commands} commands and ${this.#bytes} bytes wait for Redis`);
    }
    this.#bytes += bytes;
    this.#commands++;
    if (isAwaited) this.#keepAlive.enter();
  }

  #leave(bytes: number, isAwaited: boolean): void {
    this.#bytes -= bytes;
    this.#commands--;
    if (isAwaited) this.#keepAlive.leave();
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
      if (this.#closed) return discard(client);
      this.#client = client;
      this.#isCluster = isCluster(client);
      await this.#establish(client);
      // `close` has discarded it.
      if (this.#closed) return;
      this.#isUp = true;
      this.#attempts = 0;
      this.#options.onUp();
      this.#watch(client);
    } catch (error) {
      if (client !== undefined) discard(client);
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
      const histories = new Histories(client);
      const asked = histories.askAll(connectTimeoutMs * PATIENCE);
      asked.catch(() => {});
      await Promise.race([asked, late]);
      this.#histories = histories;
    } catch (error) {
      throw reason ?? error;
    } finally {
      cancel();
    }
    client.once('end', () => this.#lost(client, reason));
    client.once('close', () => this.#lost(client, reason));
  }

  /**
   * Who is idle has to notice a server that hangs, too: when it goes on, another may have taken its place, and until it is told so
   * it takes itself for the master, and gives what was deleted at the other.
   */
  #watch(client: RedisClient): void {
    if (client !== this.#client || !this.#isUp) return;
    this.#histories?.refresh();
    after(WATCH_MS, () => this.#watch(client));
  }

  #isReadOnly(client: RedisClient): void {
    // A new connection finds who has taken its place; a replica is not connected to.
    if (!isCluster(client)) this.#lost(client, new Error('the server has become a replica'));
  }

  #lost(client: RedisClient, reason: unknown): void {
    if (client !== this.#client || this.#closed || !this.#isUp) return;
    this.#isUp = false;
    this.#histories = undefined;
    discard(client);
    this.#retry(reason instanceof Error ? reason : new Error('the connection to Redis was closed'));
  }

  #retry(cause: Error): void {
    this.#client = undefined;
    this.#options.onDown(explained(cause));
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
}
