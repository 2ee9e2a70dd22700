import type { ClientFactory, RedisConnectionOptions, Timeouts } from './client.ts';
import { clientFactory } from './client.ts';
import { RedisError } from './errors.ts';
import type { RedisListener } from './events.ts';
import { tellerOf } from './events.ts';
import { Link } from './link.ts';

/** @see connectRedis */
export interface ConnectOptions extends RedisConnectionOptions {
  /** Without a listener a connection that cannot be made is a process warning. */
  readonly onEvent?: RedisListener;
}

/** Bytes of values that may wait for a server that does not take them. */
const MAX_QUEUED_BYTES = 2 ** 20;

/**
 * Connects to Redis or Valkey: one server, Sentinel or Cluster. Returns at once and connects in the background, for ever: while
 * there is no connection its users know, and nobody waits. Neither its sockets nor its timers keep the process alive.
 * @throws TypeError for a URL or an option that cannot be right.
 */
export function connectRedis(options: ConnectOptions = {}): RedisConnection {
  return new RedisConnection(options);
}

/** The connections of a process to one Redis, shared by what is built on it; made by {@link connectRedis}. */
export class RedisConnection {
  readonly #timeouts: Timeouts;
  readonly #create: ClientFactory;
  readonly #tell: RedisListener;
  readonly #links = new Set<Link>();
  readonly #commands: Link;
  #bulk: Link | undefined;
  #isDown = false;
  #trouble: Error | undefined;
  #closed = false;

  /** @internal */
  constructor(options: ConnectOptions) {
    const { connectTimeoutMs = 500, socketTimeoutMs = 1_000 } = options;
    this.#timeouts = {
      connectTimeoutMs: positive('connectTimeoutMs', connectTimeoutMs),
      socketTimeoutMs: positive('socketTimeoutMs', socketTimeoutMs),
    };
    this.#tell = tellerOf(options.onEvent);
    this.#create = clientFactory(options);
    this.#commands = this.open();
  }

  /** Whether there is a connection now. */
  get isConnected(): boolean {
    return this.#commands.isUp;
  }

  /** Why there is no connection: what the last attempt has ended with. `undefined` while there is one, or none has been tried. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /** Resolves when the first attempt to connect has ended, in whichever way: at most after `connectTimeoutMs`. */
  get tried(): Promise<void> {
    return this.#commands.tried;
  }

  /** @internal For small commands. */
  get commands(): Link {
    return this.#commands;
  }

  /** @internal For large values, which would hold up the small ones. Connects at its first use. */
  get bulk(): Link {
    this.#bulk ??= this.open();
    return this.#bulk;
  }

  /** @internal One more connection, for example to wait on. */
  open(timeouts: Partial<Timeouts> = {}): Link {
    if (this.#closed) throw new RedisError('ERR_REDIS_CLOSED', 'the connection to Redis is closed');
    const own = { ...this.#timeouts, ...timeouts };
    const link: Link = new Link({
      ...own,
      create: () => this.#create(own),
      maxQueuedBytes: MAX_QUEUED_BYTES,
      onUp: () => link === this.#commands && this.#up(),
      onDown: (error) => this.#down(link, error),
    });
    this.#links.add(link);
    return link;
  }

  /** @internal */
  async release(link: Link): Promise<void> {
    this.#links.delete(link);
    await link.close();
  }

  /** Ends all connections; what is under way fails. A second call does nothing. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#links].map((link) => this.release(link)));
  }

  #up(): void {
    this.#trouble = undefined;
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#tell({ type: 'redis-available' });
  }

  #down(link: Link, error: Error): void {
    if (link !== this.#commands) return;
    this.#trouble = error;
    if (this.#isDown) return;
    this.#isDown = true;
    this.#tell({ type: 'redis-unavailable', error });
  }
}

/** @throws TypeError unless the value is a finite number above 0. */
function positive(name: string, value: number): number {
  if (!(typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY))
    throw new TypeError(`${name} must be a finite number above 0, got ${String(value)}`);
  return value;
}
