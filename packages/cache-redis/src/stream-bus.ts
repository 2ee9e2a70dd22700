import type { Bus, Invalidation } from '@warmline/cache-core';
import type { RedisConnection } from './connection.ts';
import { StreamReader } from './stream-reader.ts';

/** @see StreamBus */
export interface StreamBusOptions {
  /** The same in all processes that are to hear each other; that of their tier. @default 'warmline' */
  readonly prefix?: string;
  /** About how many messages are kept for those who come back. @default 100_000 */
  readonly maxMessages?: number;
}

const DEFAULT_MAX_MESSAGES = 100_000;

/**
 * Carries invalidations between machines by a stream of Redis. Whoever was away reads on where it left off; and whoever cannot,
 * is told that there is a gap: that rule is in `StreamReader`. Publishing needs no connection of its own, hearing does.
 */
export class StreamBus implements Bus {
  readonly #connection: RedisConnection;
  readonly #stream: string;
  readonly #maxMessages: number;
  #reader: StreamReader | undefined;

  /** @throws TypeError for an option out of range. */
  constructor(connection: RedisConnection, options: StreamBusOptions = {}) {
    const { prefix = 'warmline', maxMessages = DEFAULT_MAX_MESSAGES } = options;
    if (!Number.isSafeInteger(maxMessages) || maxMessages < 1)
      throw new TypeError(`maxMessages must be a whole number of at least 1, got ${String(maxMessages)}`);
    this.#connection = connection;
    this.#stream = `${prefix}:bus`;
    this.#maxMessages = maxMessages;
  }

  /** False while there is no connection. */
  get isAvailable(): boolean {
    return this.#connection.isConnected;
  }

  async publish(invalidation: Invalidation): Promise<void> {
    const text = JSON.stringify(invalidation);
    await this.#connection.commands.call('XADD', [this.#stream, 'MAXLEN', '~', this.#maxMessages, '*', 'm', text]);
  }

  async subscribe(
    onMessage: (invalidation: Invalidation, position: string) => void,
    onGap: () => void,
    from?: string,
  ): Promise<() => Promise<void>> {
    const reader = (this.#reader ??= new StreamReader(this.#connection, this.#stream));
    const subscriber = { onMessage, onGap };
    const leave = async (): Promise<void> => {
      if (reader.leave(subscriber)) return;
      if (this.#reader === reader) this.#reader = undefined;
      await reader.close();
    };
    try {
      await reader.join(subscriber, from);
    } catch (error) {
      await leave();
      throw error;
    }
    return leave;
  }
}
