import type { CacheStats } from './stats.ts';

/** Handed to a loader. */
export interface LoadContext<V> {
  /** The logical key, as the caller gave it. */
  readonly key: string;
  /** `miss`: somebody waits for the value. `refresh`: a stale value is being served meanwhile. */
  readonly reason: 'miss' | 'refresh';
  /** The value that is being replaced, when there is one; for conditional requests. */
  readonly stale: V | undefined;
  /** Aborted when nobody needs the result any more: every caller's own signal has fired, or the cache was closed. */
  readonly signal: AbortSignal;
  /**
   * False once an invalidation has overtaken this load: its result will not be stored, and must not be shared with anybody
   * who came after the invalidation.
   */
  isCurrent(): boolean;
  /** Overrides how long this value is kept, in milliseconds. */
  keep(options: { readonly ttl?: number }): void;
  /** The value goes to the callers who wait for it and nowhere else. */
  doNotStore(): void;
}

/** Produces the value for a key. What it throws reaches every waiting caller untouched; `undefined` means "there is none". */
export type Loader<V> = (context: LoadContext<V>) => V | undefined | Promise<V | undefined>;

/** Per-entry options of writes. */
export interface EntryOptions {
  /** Soft time to live in the shared tiers and upper bound in the process tier, in milliseconds. @default the cache's `ttl` */
  readonly ttl?: number;
  /** Keep the entry when space is made, as far as the tier's share for pinned entries reaches. @default false */
  readonly pin?: boolean;
}

/** How a `getOrLoad` comes by its value. */
export type Outcome =
  /** A tier had it. */
  | { readonly from: 'tier'; readonly tier: string }
  /** A load for another caller was already running. */
  | { readonly from: 'flight' }
  /** This caller's own loader is about to run. */
  | { readonly from: 'loader' };

/** Options of one `getOrLoad`. */
export interface LoadOptions extends EntryOptions {
  /** Told once, as soon as it is known: `flight` before `getOrLoad` returns, `loader` just before the loader is called. */
  readonly onOutcome?: (outcome: Outcome) => void;
  /**
   * Ends this caller's wait: its promise rejects with the signal's reason. The load goes on while another caller waits for
   * it; when the last one has gone, `LoadContext.signal` is aborted.
   */
  readonly signal?: AbortSignal;
}

/** How an invalidation ended. */
export interface Invalidated {
  /** True when a shared tier has not acknowledged: what this process held is gone, but that tier may still give the old value. */
  readonly pending: boolean;
}

/**
 * A cache of values of one kind. Values are read-only: objects come back frozen, bytes are shared by contract.
 * A cache never makes a working loader fail: a tier that fails is an event and reads as a miss.
 */
export interface Cache<V> {
  /** Looks through all tiers; never loads. `undefined` when there is no usable entry. */
  get(key: string): Promise<V | undefined>;
  /** As `get` for many keys with one trip per shared tier. Keys without a usable entry are absent from the map. */
  getMany(keys: Iterable<string>): Promise<Map<string, V>>;
  /** As `get`, else runs `load`: once, however many callers ask meanwhile. Rejects only with the loader's own error. */
  getOrLoad(key: string, load: Loader<V>, options?: LoadOptions): Promise<V | undefined>;
  /** The process tier only, synchronously; for audio callbacks. */
  peek(key: string): V | undefined;
  /**
   * Stores a value and voids what was there, loads in flight included. Resolves when the shared tiers have it.
   * @throws TypeError when the value cannot be stored as it is, or is `undefined`.
   */
  set(key: string, value: V, options?: EntryOptions): Promise<void>;
  /** After it resolves no read started later is served an older value. */
  delete(...keys: string[]): Promise<Invalidated>;
  /** As `delete` for every entry of this cache in this scope. */
  clear(): Promise<Invalidated>;
  /** Copies entries from the shared tiers into this process before they are needed. @returns how many are now in the process tier. */
  warm(keys: Iterable<string>): Promise<number>;
  /** A snapshot of the counters since creation. */
  stats(): CacheStats;
  /** Waits for writes under way, aborts loads' signals, empties the process tier. Later calls find nothing and store nothing. */
  close(): Promise<void>;
}
