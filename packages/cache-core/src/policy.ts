import { systemClock } from './clock.ts';
import { jsonCodec } from './codecs/json-codec.ts';
import type { Bus } from './contracts/bus.ts';
import type { EntryOptions, Patience } from './contracts/cache.ts';
import type { Clock } from './contracts/clock.ts';
import type { Codec } from './contracts/codec.ts';
import type { CacheEvent } from './contracts/events.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import type { KeyspaceOptions } from './keyspace.ts';
import { guarded } from './listener.ts';

/** Options of `createCache`. Durations are milliseconds. */
export interface CacheOptions<V> extends KeyspaceOptions {
  /** How values become bytes. @default jsonCodec() */
  readonly codec?: Codec<V>;
  /**
   * Version of the values' shape, 0 to 65,535: entries written under another one are misses. @default 0
   */
  readonly schemaVersion?: number;
  /** Shared tiers below the process tier, nearest first. They stay the caller's: `close()` does not close them. @default [] */
  readonly tiers?: readonly SharedTier[];
  /**
   * Carries invalidations to other machines. Without a tier that keeps a journal this cache listens itself; with one, a
   * `Pump` of the machine does. @default none
   */
  readonly bus?: Bus;
  /** The keys name the content (phrases, embeddings, versioned prompts): nothing can become stale. @default false */
  readonly immutable?: boolean;
  /** Time to live in the shared tiers, counted from the start of the load. @default 300_000 */
  readonly ttl?: number;
  /** Time to live in this process, at most `ttl`. @default that of the entry */
  readonly processTtl?: number;
  /** Bounds the time to live in shared tiers, by their name, from when it is written there. @default `ttl` alone */
  readonly tierTtl?: Readonly<Record<string, number>>;
  /** How long a value may outlive its `ttl` as a stale one. @default 0 */
  readonly grace?: number;
  /** How long a caller waits for the loader when there is a stale value. 0 serves it at once. @default 0 */
  readonly softTimeoutMs?: number;
  /** How long a caller waits for the loader when there is none, and how long a load blocks its key. @default Infinity for callers, 60_000 for the key */
  readonly hardTimeoutMs?: number;
  /** Part of `ttl`, 0 to 1, by up to which it is shortened at random, so that what was loaded together does not end together. @default 0 */
  readonly jitter?: number;
  /**
   * Refreshes hot entries before they end: the more their load costs, the earlier, at random. 1 is the optimum of
   * Vattani, Chierichetti and Lowenstein (VLDB 2015); more is earlier, 0 is never. @default 0
   */
  readonly earlyRefresh?: number;
  /** How long "there is none" (a loader's `undefined`) is believed. 0 asks again every time. @default 0 */
  readonly negativeTtl?: number;
  /**
   * How long a key is not loaded again after its loader failed; doubled with each failure in a row, up to `maxBackOffMs`. Callers get
   * the stale value, else the same error. A longer wait that the error itself asks for (`retryAfterMs`, or a `retry-after`
   * header) is respected in any case. @default 1000 with `grace`, else 0
   */
  readonly backOffMs?: number;
  /** @see CacheOptions.backOffMs @default 30_000 */
  readonly maxBackOffMs?: number;
  /**
   * How long one process may load while others that share a tier wait for its result. 0 lets every process load. @default 0
   */
  readonly leaseMs?: number;
  /** How long one caller waits for another process that is seen to load. @default leaseMs */
  readonly leaseWaitMs?: number;
  /**
   * How long after an invalidation the source may still answer with the old value: what is loaded within it is kept no
   * longer than to its end. @default 0
   */
  readonly settleMs?: number;
  /** Version of a value at its source, for example `updatedAt`: an older one than was seen before is not stored. @default none */
  readonly versionOf?: (value: V) => number;
  /**
   * Says whether somebody on this machine hears of updates at the source now, and invalidates what they touch. While it does not
   * (it may be asked every 2 ms), entries older than `unwatchedTtl` are served only if their loader fails. @default nobody is asked
   */
  readonly isWatched?: () => boolean;
  /** @see CacheOptions.isWatched @default 5_000 */
  readonly unwatchedTtl?: number;
  /** Tags of a key, known before it is loaded. @default none */
  readonly tagsOf?: (key: string) => readonly string[];
  /** Bound of the process tier, in bytes, keys and overhead included. @default 64 MiB */
  readonly maxBytes?: number;
  /** How long one lookup may wait for the shared tiers altogether. @default 15 */
  readonly tierBudgetMs?: number;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Told of everything that happens. What it throws becomes a process warning. No listener, no cost. */
  readonly onEvent?: (event: CacheEvent) => void;
}

/** {@link CacheOptions} with every default filled in. */
export interface Policy<V> {
  readonly codec: Codec<V>;
  /** The codec's id and the schema version: what a frame must have been written with. */
  readonly format: string;
  readonly tiers: readonly SharedTier[];
  readonly bus: Bus | undefined;
  readonly ttl: number;
  readonly processTtl: number;
  readonly tierTtl: ReadonlyMap<SharedTier, number>;
  readonly grace: number;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  readonly jitter: number;
  readonly earlyRefresh: number;
  readonly negativeTtl: number;
  readonly backOffMs: number;
  readonly maxBackOffMs: number;
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
  readonly settleMs: number;
  readonly versionOf: ((value: V) => number) | undefined;
  readonly isWatched: (() => boolean) | undefined;
  readonly unwatchedTtl: number;
  readonly maxBytes: number;
  readonly tierBudgetMs: number;
  /** How long one write or invalidation may wait for one shared tier; nobody's turn waits for it. */
  readonly writeBudgetMs: number;
  readonly clock: Clock;
  readonly onEvent: ((event: CacheEvent) => void) | undefined;
}

const MINUTE_MS = 60_000;

/** The one place with default numbers. @throws TypeError naming the option, the value and what is allowed. */
export function resolvePolicy<V>(options: CacheOptions<V>): Policy<V> {
  const ttl = positive('ttl', options.ttl ?? 5 * MINUTE_MS);
  const grace = notNegative('grace', options.grace ?? 0);
  const leaseMs = notNegative('leaseMs', options.leaseMs ?? 0);
  const codec = options.codec ?? jsonCodec<V>();
  const tiers = Object.freeze([...(options.tiers ?? [])]);
  checkNames(tiers);
  return Object.freeze({
    codec,
    format: formatOf(codec.id, options.schemaVersion ?? 0),
    tiers,
    bus: options.bus,
    ttl,
    processTtl:
      options.processTtl === undefined
        ? Number.POSITIVE_INFINITY
        : Math.min(ttl, positive('processTtl', options.processTtl)),
    tierTtl: ttlByTier(tiers, options.tierTtl ?? {}),
    grace,
    softTimeoutMs: notNegative('softTimeoutMs', options.softTimeoutMs ?? 0),
    hardTimeoutMs: positive('hardTimeoutMs', options.hardTimeoutMs ?? Number.POSITIVE_INFINITY),
    jitter: part('jitter', options.jitter ?? 0),
    earlyRefresh: notNegative('earlyRefresh', options.earlyRefresh ?? 0),
    negativeTtl: notNegative('negativeTtl', options.negativeTtl ?? 0),
    backOffMs: notNegative('backOffMs', options.backOffMs ?? (grace > 0 ? 1000 : 0)),
    maxBackOffMs: notNegative('maxBackOffMs', options.maxBackOffMs ?? 30_000),
    leaseMs,
    leaseWaitMs: notNegative('leaseWaitMs', options.leaseWaitMs ?? leaseMs),
    settleMs: notNegative('settleMs', options.settleMs ?? 0),
    versionOf: options.versionOf,
    isWatched: options.isWatched,
    unwatchedTtl: notNegative('unwatchedTtl', options.unwatchedTtl ?? 5_000),
    maxBytes: whole('maxBytes', options.maxBytes ?? 64 * 2 ** 20),
    tierBudgetMs: positive('tierBudgetMs', options.tierBudgetMs ?? 15),
    writeBudgetMs: 5_000,
    clock: options.clock ?? systemClock,
    onEvent: options.onEvent && guarded(options.onEvent),
  });
}

/** @throws TypeError naming the option of a call, the value and what is allowed. */
export function checkEntryOptions({ ttl, grace }: EntryOptions): void {
  if (ttl !== undefined) positive('ttl', ttl);
  if (grace !== undefined) notNegative('grace', grace);
}

/** @throws TypeError naming the option of a call, the value and what is allowed. */
export function checkPatience({ softTimeoutMs, hardTimeoutMs, deadlineMs }: Patience): void {
  if (softTimeoutMs !== undefined) notNegative('softTimeoutMs', softTimeoutMs);
  if (hardTimeoutMs !== undefined) positive('hardTimeoutMs', hardTimeoutMs);
  if (deadlineMs !== undefined) notNegative('deadlineMs', deadlineMs);
}

function formatOf(codecId: string, schemaVersion: number): string {
  if (!Number.isInteger(schemaVersion) || schemaVersion < 0 || schemaVersion > 0xffff) {
    throw new TypeError(`schemaVersion must be a whole number from 0 to 65535, got ${String(schemaVersion)}`);
  }
  return schemaVersion === 0 ? codecId : `${codecId}@${schemaVersion}`;
}

/** Names of tiers stand beside these two in events, statistics and the outbox. */
function checkNames(tiers: readonly SharedTier[]): void {
  const reserved = tiers.find(({ name }) => name === 'process' || name === 'bus');
  if (reserved !== undefined) throw new TypeError(`a tier cannot be named '${reserved.name}': that name is reserved`);
}

function ttlByTier(
  tiers: readonly SharedTier[],
  given: Readonly<Record<string, number>>,
): ReadonlyMap<SharedTier, number> {
  const names = tiers.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw new TypeError(`tierTtl names no tier '${name}'; there are: ${names.join(', ') || 'none'}`);
  }
  const unbounded = Number.POSITIVE_INFINITY;
  return new Map(tiers.map((tier) => [tier, positive(`tierTtl.${tier.name}`, given[tier.name] ?? unbounded)]));
}

/** @throws TypeError unless the value is a number above 0; `Infinity` is allowed. */
export function positive(name: string, value: number): number {
  if (typeof value !== 'number' || !(value > 0))
    throw new TypeError(`${name} must be a number above 0, got ${String(value)}`);
  return value;
}

/** @throws TypeError unless the value is a number of at least 0; `Infinity` is allowed. */
function notNegative(name: string, value: number): number {
  if (typeof value !== 'number' || !(value >= 0))
    throw new TypeError(`${name} must be a number of at least 0, got ${String(value)}`);
  return value;
}

function part(name: string, value: number): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1))
    throw new TypeError(`${name} must be a number from 0 to 1, got ${String(value)}`);
  return value;
}

/** @returns the value rounded down. @throws TypeError unless that is a finite number of at least 1. */
export function whole(name: string, value: number): number {
  const rounded = typeof value === 'number' ? Math.floor(value) : Number.NaN;
  if (!Number.isSafeInteger(rounded) || rounded < 1)
    throw new TypeError(`${name} must be a finite number of at least 1, got ${String(value)}`);
  return rounded;
}
