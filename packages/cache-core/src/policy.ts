import { systemClock } from './clock.ts';
import { jsonCodec } from './codecs/json-codec.ts';
import type { Clock } from './contracts/clock.ts';
import type { Codec } from './contracts/codec.ts';
import type { CacheEvent } from './contracts/events.ts';
import type { SharedTier } from './contracts/shared-tier.ts';
import type { KeyspaceOptions } from './keyspace.ts';

/** Options of `createCache`. Durations are milliseconds. */
export interface CacheOptions<V> extends KeyspaceOptions {
  /** How values become bytes. @default jsonCodec() */
  readonly codec?: Codec<V>;
  /** Shared tiers below the process tier, nearest first. They stay the caller's: `close()` does not close them. @default [] */
  readonly tiers?: readonly SharedTier[];
  /** Time to live in the shared tiers, counted from the start of the load. @default 300_000 */
  readonly ttl?: number;
  /** Time to live in this process, at most `ttl`. @default ttl */
  readonly processTtl?: number;
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
  readonly tiers: readonly SharedTier[];
  readonly ttl: number;
  readonly processTtl: number;
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
  return Object.freeze({
    codec: options.codec ?? jsonCodec<V>(),
    tiers: Object.freeze([...(options.tiers ?? [])]),
    ttl,
    processTtl: Math.min(ttl, positive('processTtl', options.processTtl ?? ttl)),
    maxBytes: whole('maxBytes', options.maxBytes ?? 64 * 2 ** 20),
    tierBudgetMs: positive('tierBudgetMs', options.tierBudgetMs ?? 15),
    writeBudgetMs: 5_000,
    clock: options.clock ?? systemClock,
    onEvent: guarded(options.onEvent),
  });
}

/** @throws TypeError unless the value is a number above 0; `Infinity` is allowed. */
export function positive(name: string, value: number): number {
  if (typeof value !== 'number' || !(value > 0))
    throw new TypeError(`${name} must be a number above 0, got ${String(value)}`);
  return value;
}

/** @returns the value rounded down. @throws TypeError unless that is a finite number of at least 1. */
export function whole(name: string, value: number): number {
  const rounded = typeof value === 'number' ? Math.floor(value) : Number.NaN;
  if (!Number.isSafeInteger(rounded) || rounded < 1)
    throw new TypeError(`${name} must be a finite number of at least 1, got ${String(value)}`);
  return rounded;
}

function guarded<E>(listener: ((event: E) => void) | undefined): ((event: E) => void) | undefined {
  if (listener === undefined) return undefined;
  return (event) => {
    try {
      listener(event);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error), { type: 'WarmlineListenerWarning' });
    }
  };
}
