import type { CacheStats } from './stats.ts';

/** Handed to a loader. */
export interface LoadContext<V> {
  /** The logical key, as the caller gave it. */
  readonly key: string;
  /** `miss`: somebody waits for the value. `refresh`: a usable value is being served meanwhile. */
  readonly reason: 'miss' | 'refresh';
  /**
   * The value that is being replaced, when there is one. A loader that learns that it still holds returns it as it is: it
   * then counts as loaded anew.
   */
  readonly stale: V | undefined;
  /** Aborted when nobody needs the result any more: every caller's own signal has fired, or the cache was closed. */
  readonly signal: AbortSignal;
  /**
   * False once an invalidation has overtaken this load: its result will not be stored, and must not be shared with anybody
   * who came after the invalidation.
   */
  isCurrent(): boolean;
  /** Overrides how long this value is kept, in milliseconds. `undefined` results are kept as negative entries for `ttl`. */
  keep(options: { readonly ttl?: number; readonly grace?: number }): void;
  /** The value goes to the callers who wait for it and nowhere else. */
  doNotStore(): void;
}

/** Produces the value for a key. What it throws reaches every waiting caller untouched; `undefined` means "there is none". */
export type Loader<V> = (context: LoadContext<V>) => V | undefined | Promise<V | undefined>;

/** Handed to the loader of many keys. */
export interface BatchContext<V> {
  /** Values that are being replaced, by key, where there are any. */
  readonly stale: ReadonlyMap<string, V>;
  /** @see LoadContext.signal */
  readonly signal: AbortSignal;
}

/** Produces the values for many keys at once. A key that the map does not have, or has as `undefined`, has no value. */
export type BatchLoader<V> = (
  keys: readonly string[],
  context: BatchContext<V>,
) => ReadonlyMap<string, V | undefined> | Promise<ReadonlyMap<string, V | undefined>>;

/** Per-entry options of writes. */
export interface EntryOptions {
  /** Soft time to live in the shared tiers and upper bound in the process tier, in milliseconds. @default the cache's `ttl` */
  readonly ttl?: number;
  /** How long the value may outlive `ttl` as a stale one, in milliseconds. @default the cache's `grace` */
  readonly grace?: number;
  /** Keep the entry when space is made, as far as the tier's share for pinned entries reaches. @default false */
  readonly pin?: boolean;
  /**
   * Groups that this entry is invalidated with, besides those of `tagsOf`. `get` and `peek` know only `tagsOf`: from a shared
   * tier they do not find what has other tags. @default none
   */
  readonly tags?: readonly string[];
}

/** How a `getOrLoad` comes by its value. */
export type Outcome =
  /** A tier had it. */
  | { readonly from: 'tier'; readonly tier: string }
  /** A load for another caller was already running. */
  | { readonly from: 'flight' }
  /** This caller's own loader is about to run. */
  | { readonly from: 'loader' };

/** When a caller stops waiting; milliseconds. */
export interface Patience {
  /**
   * How long the loader may run before a stale value is served in its place; it goes on and refreshes the entry. 0 serves
   * stale values at once (stale-while-revalidate), `Infinity` only when the loader fails. @default the cache's `softTimeoutMs`
   */
  readonly softTimeoutMs?: number;
  /**
   * How long the loader may run before it counts as failed: callers get the stale value if there is one, else a `CacheError`
   * `ERR_CACHE_LOAD_TIMEOUT`, and the next caller starts anew. @default the cache's `hardTimeoutMs`
   */
  readonly hardTimeoutMs?: number;
  /**
   * How long this call may take altogether: tiers, lease and loader. Then the best stale value, else a `CacheError`
   * `ERR_CACHE_DEADLINE`; the load goes on for those who come after. @default Infinity
   */
  readonly deadlineMs?: number;
  /**
   * Ends this caller's wait: its promise rejects with the signal's reason. The load goes on while another caller waits for
   * it; when the last one has gone, `LoadContext.signal` is aborted.
   */
  readonly signal?: AbortSignal;
}

/** Options of one `getOrLoad`. Timeouts are those of the caller who starts the load. */
export interface LoadOptions extends EntryOptions, Patience {
  /** Told once, as soon as it is known: `flight` before `getOrLoad` returns, `loader` just before the loader is called. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Options of one `getOrLoadMany`. */
export interface BatchOptions extends EntryOptions, Patience {}

/** How an invalidation ended. */
export interface Invalidated {
  /**
   * True when a shared tier or the bus has not acknowledged. What this process held is gone, and it looks for what was
   * named in no shared tier until the invalidation, which is repeated, has arrived; other processes may still find the old value.
   */
  readonly pending: boolean;
}

/**
 * A cache of values of one kind. Values are read-only: objects come back frozen, bytes are shared by contract.
 * A cache never makes a working loader fail: a tier that fails is an event and reads as a miss.
 */
export interface Cache<V> {
  /** Looks through all tiers for a fresh value; never loads. `undefined` when there is no usable entry. */
  get(key: string): Promise<V | undefined>;
  /** As `get` for many keys with one trip per shared tier. Keys without a usable entry are absent from the map. */
  getMany(keys: Iterable<string>): Promise<Map<string, V>>;
  /**
   * As `get`, else runs `load`: once, however many callers ask meanwhile. Rejects only with the loader's own error, or with
   * a `CacheError` where the caller has set a limit to its wait.
   */
  getOrLoad(key: string, load: Loader<V>, options?: LoadOptions): Promise<V | undefined>;
  /**
   * As `getOrLoad` for many keys: one trip per shared tier, one call of `loadMany` for the keys that nobody is loading yet.
   * Keys without a value are absent from the map. Rejects when a key that has no stale value could not be loaded.
   */
  getOrLoadMany(keys: Iterable<string>, loadMany: BatchLoader<V>, options?: BatchOptions): Promise<Map<string, V>>;
  /** The process tier only, synchronously; for audio callbacks. */
  peek(key: string): V | undefined;
  /**
   * Stores a value and voids what was there, loads in flight included. Resolves when the shared tiers have it.
   * @throws TypeError when the value cannot be stored as it is, or is `undefined`.
   */
  set(key: string, value: V, options?: EntryOptions): Promise<void>;
  /** After it resolves no read started later is served an older value. */
  delete(...keys: string[]): Promise<Invalidated>;
  /** As `delete` for every entry that carries one of these tags. */
  invalidateTags(...tags: string[]): Promise<Invalidated>;
  /** As `delete` for every entry of this cache in this scope. */
  clear(): Promise<Invalidated>;
  /**
   * As `delete`, but what was there is kept for the case that the loader fails: so a last good value survives an update
   * while its source is down. It is never served as fresh, nor while a load is running.
   */
  softInvalidate(...keys: string[]): Promise<Invalidated>;
  /** As `softInvalidate` for every entry that carries one of these tags. */
  softInvalidateTags(...tags: string[]): Promise<Invalidated>;
  /** As `softInvalidate` for every entry of this cache in this scope. */
  softClear(): Promise<Invalidated>;
  /** Copies entries from the shared tiers into this process before they are needed. @returns how many are now in the process tier. */
  warm(keys: Iterable<string>): Promise<number>;
  /** A snapshot of the counters since creation. */
  stats(): CacheStats;
  /** Waits for writes under way, aborts loads' signals, empties the process tier. Later calls find nothing and store nothing. */
  close(): Promise<void>;
}
