import type { Invalidation } from '@warmline/cache-core';
import type { RedisConnection } from './connection.ts';
import { RedisError } from './errors.ts';
import { slotOf } from './layout.ts';
import type { Argument, Link } from './link.ts';
import { after, KeepAlive } from './clock.ts';

/** Who is told what the stream says. */
export interface Subscriber {
  /** @param position where the stream stands after this message. */
  onMessage(invalidation: Invalidation, position: string): void;
  onGap(): void;
}

/** An entry of a stream as Redis answers with it. */
type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

/** How long Redis holds a question that it has no answer to; then what was read last is looked for again. */
const BLOCK_MS = 1_000;
/** Beyond that a connection that has not answered is given up. */
const BLOCK_GRACE_MS = 1_000;
const BATCH = 1_000;
/** Between two looks whether there is a connection again. */
const RETRY_MS = 20;
const JOIN_MS = 2_000;
/** Stands for the position of another bus: none of this stream. */
const UNREADABLE = '0-0';

/**
 * Reads a stream on a connection of its own, for as many as want to hear it. Streams lose messages in three silent ways, all
 * measured: a read after a trim answers with a later entry; the stream's `max-deleted-entry-id` stays 0-0 on trims; and one that
 * was created anew with smaller ids never wakes its reader. One rule covers them, and fail-overs too: **the entry that was read
 * last must still exist**, in the same history of the server. So `XREAD` only wakes; what is read is the range from the last
 * entry on, in one command, and its first answer must be that entry. Else there is a gap.
 */
export class StreamReader {
  readonly #connection: RedisConnection;
  readonly #link: Link;
  readonly #stream: string;
  readonly #subscribers = new Set<Subscriber>();
  readonly #standing = Promise.withResolvers<void>();
  #history: string | undefined;
  #last: string | undefined;
  #started = false;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(connection: RedisConnection, stream: string) {
    this.#connection = connection;
    this.#stream = stream;
    this.#link = connection.open({ socketTimeoutMs: Number.POSITIVE_INFINITY });
    this.#standing.promise.catch(() => {});
  }

  /**
   * Resolves when whatever is published from now on will be heard.
   * @param from a position to read on from; if that cannot be, there is a gap.
   * @throws RedisError when Redis does not answer within two seconds.
   */
  async join(subscriber: Subscriber, from: string | undefined): Promise<void> {
    const late = this.#started && from !== undefined;
    this.#subscribers.add(subscriber);
    if (!this.#started) {
      this.#started = true;
      if (from !== undefined) [this.#history, this.#last = UNREADABLE] = from.split('/');
      void this.#run();
    }
    const { promise: tooLong, reject } = Promise.withResolvers<never>();
    const cancel = after(JOIN_MS, () =>
      reject(new RedisError('ERR_REDIS_TIMEOUT', `Redis has not let the bus be read within ${JOIN_MS} ms`)),
    );
    // Who waits for the subscription keeps the process alive; who has it does not.
    const waiting = new KeepAlive();
    waiting.enter();
    try {
      await Promise.race([this.#standing.promise, tooLong]);
    } finally {
      waiting.close();
      cancel();
    }
    // The others have read on meanwhile, and nobody reads for it alone.
    if (late) subscriber.onGap();
  }

  /** @returns whether others are left. */
  leave(subscriber: Subscriber): boolean {
    this.#subscribers.delete(subscriber);
    return this.#subscribers.size > 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#connection.release(this.#link);
  }

  async #run(): Promise<void> {
    while (!this.#closed && !this.#link.isClosed) {
      try {
        await this.#step();
      } catch {
        // What is wrong with the server is told by the connection; and what the pump cannot prove ends its trust.
        if (!this.#closed && !this.#link.isClosed) await this.#pause();
      }
    }
  }

  /** Reads what there is, and waits for more. */
  async #step(): Promise<void> {
    await this.#link.tried;
    const history = this.#link.historyOf(slotOf(this.#stream))?.id;
    if (history === undefined) throw new RedisError('ERR_REDIS_UNAVAILABLE', 'no server to read the bus from');
    const first = this.#last === undefined;
    // Asked again afterwards: the range may have been read from another server.
    const isSame =
      !first &&
      history === this.#history &&
      (await this.#readOn()) &&
      this.#link.historyOf(slotOf(this.#stream))?.id === history;
    if (!isSame) {
      await this.#startAnew(history);
      if (!first) this.#tellGap();
    }
    this.#standing.resolve();
    const wait = ['COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', this.#stream, this.#last ?? '$'];
    await this.#call('XREAD', wait);
  }

  /** @returns false when the entry that was read last is gone. */
  async #readOn(): Promise<boolean> {
    for (;;) {
      const answer = await this.#call('XRANGE', [this.#stream, this.#last ?? '-', '+', 'COUNT', BATCH]);
      const [anchor, ...entries] = answer as readonly Entry[];
      if (anchor?.[0].toString() !== this.#last) return false;
      for (const entry of entries) this.#tell(entry);
      if (entries.length < BATCH - 1) return true;
    }
  }

  /** Takes the newest entry for the one read last; makes one if there is none. */
  async #startAnew(history: string): Promise<void> {
    const [newest] = (await this.#call('XREVRANGE', [this.#stream, '+', '-', 'COUNT', 1])) as readonly Entry[];
    const id = newest?.[0] ?? (await this.#call('XADD', [this.#stream, '*', 'anchor', '']));
    this.#last = String(id);
    this.#history = history;
  }

  /** Listening keeps no process alive; therefore not by a timer of ioredis either. */
  async #call(command: string, args: readonly Argument[]): Promise<unknown> {
    const cancel = after(BLOCK_MS + BLOCK_GRACE_MS, () =>
      this.#link.drop(new RedisError('ERR_REDIS_TIMEOUT', 'Redis has not answered who reads the bus')),
    );
    try {
      return await this.#link.call(command, args, 0, false);
    } finally {
      cancel();
    }
  }

  #tell([id, fields]: Entry): void {
    this.#last = id.toString();
    if (fields[0]?.toString() !== 'm') return;
    const invalidation = parsed(fields[1]);
    const position = `${this.#history}/${this.#last}`;
    for (const subscriber of this.#subscribers) {
      attempt(() => (invalidation === undefined ? subscriber.onGap() : subscriber.onMessage(invalidation, position)));
    }
  }

  #tellGap(): void {
    for (const subscriber of this.#subscribers) attempt(() => subscriber.onGap());
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = after(RETRY_MS, resolve);
    this.#wake = resolve;
    return promise.finally(cancel);
  }
}

/** `undefined` for what is no message: another program, or a later version, has written to the stream. */
function parsed(bytes: Buffer | undefined): Invalidation | undefined {
  try {
    return JSON.parse(bytes?.toString() ?? '') as Invalidation;
  } catch {
    return undefined;
  }
}

/** A subscriber that throws takes nothing from the others. */
function attempt(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }
}
