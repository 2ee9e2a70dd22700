import { systemClock } from '@warmline/cache-core';
import type { RedisConnection } from '../connection.ts';
import { connectRedis } from '../connection.ts';
import type { RedisEvent } from '../events.ts';
import type { RedisCacheOptions, RedisCachePolicy } from './cache-options.ts';
import { codeOf } from './fault.ts';
import { withoutSecrets } from './cache-events.ts';
import { Gate } from './gate.ts';

/** @see Access */
export interface AccessOptions {
  readonly options: RedisCacheOptions;
  readonly policy: RedisCachePolicy;
  /** Told what happens to a connection of the cache's own. */
  readonly tell: (event: RedisEvent) => void;
}

/** The connection of one cache, its own or a shared one, with the gate that all its calls go through. */
export class Access {
  readonly #connection: RedisConnection;
  readonly #isOwn: boolean;
  readonly #intervalMs: number;
  readonly gate: Gate;
  #cancelCheck: () => void = () => {};

  /** @throws TypeError for an option of the connection that cannot be right. */
  constructor({ options, policy, tell }: AccessOptions) {
    const onEvent = (event: RedisEvent): void => tell(withoutSecrets(event));
    this.#isOwn = options.connection === undefined;
    this.#connection = options.connection ?? connectRedis({ ...options, onEvent });
    this.#intervalMs = policy.healthCheckIntervalMs;
    this.gate = new Gate(this.#connection, policy.timeoutMs);
    this.#checkLater();
  }

  get isConnected(): boolean {
    return this.gate.isOpen;
  }

  /** What the connection could not be made for, e.g. `ECONNREFUSED`. */
  get trouble(): string | undefined {
    const { trouble } = this.#connection;
    return trouble && codeOf(trouble);
  }

  /** @throws CacheFault unless Redis answers. */
  async check(): Promise<void> {
    await this.gate.run({ work: (link) => link.call('PING', []) });
  }

  async close(): Promise<void> {
    this.#cancelCheck();
    this.gate.close();
    if (this.#isOwn) await this.#connection.close();
  }

  /** A connection that owes an answer too long is replaced; one that is never asked would seem to be good for ever. */
  #checkLater(): void {
    this.#cancelCheck = systemClock.after(this.#intervalMs, () => {
      this.#checkLater();
      this.check().catch(() => {});
    });
  }
}
