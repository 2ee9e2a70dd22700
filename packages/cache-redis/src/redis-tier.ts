import { randomBytes } from 'node:crypto';
import type {
  BeginOptions,
  Begun,
  EntryRef,
  Invalidation,
  SharedTier,
  StoredFrame,
  WriteOptions,
} from '@warmline/cache-core';
import { freshStamp } from '@warmline/cache-core/stamps';
import { ClusterClock } from './cluster-clock.ts';
import type { RedisConnection } from './connection.ts';
import { isReply, RedisError } from './errors.ts';
import type { History } from './history.ts';
import { invalidate } from './invalidate.ts';
import { Layout, slotOf } from './layout.ts';
import type { Link } from './link.ts';
import { BEGIN, RELEASE, runScript } from './scripts.ts';
import { ownBytes, stampBytes, stampNames, stampsFrom } from './stored-stamps.ts';

/** @see RedisTier */
export interface RedisTierOptions {
  /** Names what all caches of this Redis share; the same in all their processes. @default 'warmline' */
  readonly prefix?: string;
  /** Larger entries are neither written nor read. @default 4 MiB */
  readonly maxEntryBytes?: number;
}

const DEFAULT_MAX_ENTRY_BYTES = 4 * 2 ** 20;
/** Values from this size on have a connection of their own. */
const LARGE_BYTES = 32 * 1024;
const TOKEN_BYTES = 16;
/** Answers of the script. */
const [LEASE_GIVEN, LEASE_HELD] = [1, 2];
const NOTHING = Buffer.alloc(0);

/**
 * The tier between machines, on Redis or Valkey (7.0 and later; one server, Sentinel or Cluster). While there is no connection it is left out, at the
 * price of a comparison; what is slower than a caller's budget is the engine's to leave alone.
 *
 * It is right without any cooperation of the server: a frame is valid only while all the stamps it was written under are there
 * and equal, so what is evicted, expired, half written or late can only be a miss; and only in the history of the server that
 * it was written in, so a restart from an old snapshot or a promoted replica brings nothing mutable back.
 */
export class RedisTier implements SharedTier {
  readonly name = 'cluster';
  readonly #connection: RedisConnection;
  readonly #clock: ClusterClock;
  readonly #prefix: string;
  readonly #maxEntryBytes: number;
  /** Namespaces whose values were large when last seen: the size of what is read is not known before. */
  readonly #large = new Set<string>();
  #layout: Layout | undefined;
  #closed = false;

  /** @throws TypeError for an option out of range. */
  constructor(connection: RedisConnection, options: RedisTierOptions = {}) {
    const { prefix = 'warmline', maxEntryBytes = DEFAULT_MAX_ENTRY_BYTES } = options;
    if (!Number.isSafeInteger(maxEntryBytes) || maxEntryBytes < 1)
      throw new TypeError(`maxEntryBytes must be a whole number of at least 1, got ${String(maxEntryBytes)}`);
    this.#connection = connection;
    this.#prefix = prefix;
    this.#maxEntryBytes = maxEntryBytes;
    this.#clock = new ClusterClock(connection.commands, `${prefix}:clock`);
  }

  /** False while there is no connection. */
  get isAvailable(): boolean {
    return this.#connection.isConnected;
  }

  now(): number {
    return this.#clock.now();
  }

  async read(entries: readonly EntryRef[]): Promise<readonly StoredFrame[]> {
    const layout = this.#layout ?? (await this.#open());
    return Promise.all(entries.map((ref) => this.#readOne(layout, ref)));
  }

  async begin(ref: EntryRef, { leaseMs, stampTtlMs }: BeginOptions): Promise<Begun> {
    const layout = await this.#open();
    const link = this.#connection.commands;
    const partition = layout.partitionOf(ref.key);
    const before = this.#historyFor(link, ref, partition);
    const stamps = stampNames(layout, ref, partition);
    const [lease, token] = [layout.lease(ref.key, partition), randomBytes(TOKEN_BYTES)];
    const answer = await runScript(
      link,
      BEGIN,
      [layout.value(ref.key, partition), lease, ...stamps],
      [stampTtlMs, leaseMs, token, this.#maxEntryBytes, ...stamps.map(() => stampBytes(freshStamp()))],
    );
    const [given, bytes, ...found] = answer as [number, Buffer, ...Buffer[]];
    return {
      bytes: this.#taken(ref, bytes),
      stamps: stampsFrom(ref, found, unchanged(before, this.#historyFor(link, ref, partition))),
      lease:
        given === LEASE_GIVEN
          ? { release: () => release(link, lease, token) }
          : given === LEASE_HELD
            ? 'elsewhere'
            : 'none',
    };
  }

  async write(ref: EntryRef, frame: Uint8Array, { ttlMs }: WriteOptions): Promise<void> {
    const layout = await this.#open();
    const { byteLength } = frame;
    if (byteLength > this.#maxEntryBytes) {
      throw new RedisError(
        'ERR_REDIS_TOO_LARGE',
        `${byteLength} bytes are more than the ${this.#maxEntryBytes} of an entry`,
      );
    }
    this.#noteSize(ref, byteLength);
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, byteLength);
    const name = layout.value(ref.key, layout.partitionOf(ref.key));
    await this.#linkFor(ref).call('SET', [name, bytes, 'PX', ttlMs], byteLength);
  }

  async invalidate(invalidation: Invalidation): Promise<void> {
    await invalidate(this.#connection.commands, await this.#open(), invalidation);
  }

  /** The connection stays its owner's. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#layout = undefined;
  }

  /** The first call finds out what kind of Redis it is, and what time. */
  async #open(): Promise<Layout> {
    if (this.#closed) throw new RedisError('ERR_REDIS_CLOSED', 'the cluster tier is closed');
    if (!this.#clock.isKnown) await this.#clock.measure();
    return (this.#layout ??= new Layout(this.#prefix, this.#connection.commands.isCluster));
  }

  async #readOne(layout: Layout, ref: EntryRef): Promise<StoredFrame> {
    const partition = layout.partitionOf(ref.key);
    const link = this.#linkFor(ref);
    const before = this.#historyFor(link, ref, partition);
    const [bytes, stamps] = await Promise.all([
      // Never more than an entry may have, whatever another program has put there.
      link.call('GETRANGE', [layout.value(ref.key, partition), 0, this.#maxEntryBytes]).catch(nothingIfForeign),
      link.call('MGET', stampNames(layout, ref, partition)),
    ]);
    return {
      bytes: this.#taken(ref, bytes as Buffer),
      stamps: stampsFrom(
        ref,
        stamps as readonly (Buffer | null)[],
        unchanged(before, this.#historyFor(link, ref, partition)),
      ),
    };
  }

  #taken(ref: EntryRef, bytes: Buffer): Uint8Array | undefined {
    if (bytes.length === 0) return undefined;
    this.#noteSize(ref, bytes.length);
    return ownBytes(bytes);
  }

  #noteSize({ namespace }: EntryRef, bytes: number): void {
    if (bytes >= LARGE_BYTES) this.#large.add(namespace);
    else if (this.#large.size > 0) this.#large.delete(namespace);
  }

  /** By the connection that is read from: the two may have been led to different servers, and then neither is believed. */
  #historyFor(link: Link, ref: EntryRef, partition: string): History | undefined {
    if (ref.immutable === true) return undefined;
    const { commands } = this.#connection;
    const history = link.historyOf(slotOf(partition));
    return link === commands || history?.id === commands.historyOf(slotOf(partition))?.id ? history : undefined;
  }

  #linkFor({ namespace }: EntryRef): Link {
    const { commands } = this.#connection;
    if (!this.#large.has(namespace)) return commands;
    const { bulk } = this.#connection;
    return bulk.isUp ? bulk : commands;
  }
}

function nothingIfForeign(error: unknown): Buffer {
  if (isReply(error, 'WRONGTYPE')) return NOTHING;
  throw error;
}

function unchanged(before: History | undefined, now: History | undefined): History | undefined {
  return before?.id === now?.id ? now : undefined;
}

async function release(link: Link, lease: string, token: Buffer): Promise<void> {
  try {
    await runScript(link, RELEASE, [lease], [token]);
  } catch {
    // It ends by itself.
  }
}
