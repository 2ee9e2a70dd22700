/** Why a stored frame was not used. */
export type FrameFault =
  | 'truncated'
  | 'foreign'
  | 'version'
  | 'checksum'
  | 'moved'
  /** Written by another codec, or under another `schemaVersion`. */
  | 'codec'
  | 'stamps'
  | 'expired'
  /** The codec does not understand it, or its seal is broken. */
  | 'payload';

/** Why a value was returned but not stored. */
export type RefusedWrite =
  | 'invalidated'
  | 'no-stamps'
  | 'unencodable'
  | 'too-large'
  | 'do-not-store'
  | 'closed'
  /** A later load of the same key has begun, or nobody waited for this one any more. */
  | 'superseded'
  /** The source has answered with an older version than it did before. */
  | 'older-version';

/** The calls of a shared tier that can fail. */
export type TierOperation = 'read' | 'begin' | 'write' | 'invalidate' | 'release';

/** Why a stale value was served. */
export type StaleReason =
  /** A load is running, and the caller's soft timeout is over. */
  | 'revalidating'
  /** The loader failed, or ran into its hard timeout. */
  | 'error'
  /** The loader failed a short time ago and is not asked yet. */
  | 'back-off'
  /** The caller's deadline is over. */
  | 'deadline';

/**
 * Everything a cache tells about itself. Keys appear only as `keyHash`: 16 hex digits, the same for the same key in the
 * same namespace, and of no use to find the text again. Durations are milliseconds.
 */
export type CacheEvent =
  | {
      readonly type: 'hit';
      readonly tier: string;
      readonly keyHash: string;
      readonly ageMs: number;
      /** True when what was found is that there is none. */
      readonly negative?: boolean;
    }
  | { readonly type: 'stale-hit'; readonly keyHash: string; readonly ageMs: number; readonly reason: StaleReason }
  | { readonly type: 'miss'; readonly keyHash: string }
  /** A caller joined a load that was already running. */
  | { readonly type: 'shared'; readonly keyHash: string }
  | {
      readonly type: 'load';
      readonly keyHash: string;
      readonly outcome: 'stored' | 'not-stored' | 'failed';
      readonly durationMs: number;
      readonly reason?: 'miss' | 'refresh';
      /** What the loader threw. It is the application's own, and may hold anything. */
      readonly error?: unknown;
    }
  /** The loader failed or was told to wait: it is not asked again for this key within `delayMs`. */
  | { readonly type: 'back-off'; readonly keyHash: string; readonly delayMs: number }
  /** A caller has waited for a lease that another process held. */
  | {
      readonly type: 'lease-wait';
      readonly tier: string;
      readonly keyHash: string;
      readonly outcome: 'filled' | 'freed' | 'timeout';
      readonly durationMs: number;
    }
  | { readonly type: 'refused-write'; readonly keyHash: string; readonly reason: RefusedWrite }
  /** A stored frame was unusable; it is treated as a miss. `expired` and `stamps` are the ordinary ends of a frame. */
  | { readonly type: 'frame-fault'; readonly tier: string; readonly keyHash: string; readonly fault: FrameFault }
  | { readonly type: 'tier-error'; readonly tier: string; readonly operation: TierOperation; readonly error: unknown }
  /** A shared tier did not answer within the budget of the call, which went on without it. */
  | {
      readonly type: 'tier-timeout';
      readonly tier: string;
      readonly operation: TierOperation;
      readonly budgetMs: number;
      /** True when this process's own event loop was late, so that the tier is not blamed. */
      readonly stalled?: boolean;
    }
  /** `open`: calls of this size class are left out. `half-open`: one is made and nobody waits for it. `closed`: the tier is back. */
  | {
      readonly type: 'breaker';
      readonly tier: string;
      readonly operation: 'read' | 'begin' | 'write';
      readonly sizeClass: 'small' | 'large';
      readonly state: 'open' | 'half-open' | 'closed';
    }
  | { readonly type: 'eviction'; readonly tier: string; readonly keyHash: string; readonly bytes: number }
  | { readonly type: 'pin-refused'; readonly tier: string; readonly keyHash: string; readonly bytes: number }
  | {
      readonly type: 'invalidation';
      readonly kind: 'keys' | 'tags' | 'namespace';
      readonly pending: boolean;
      readonly soft?: boolean;
    }
  /** Invalidations that a tier or the bus has not acknowledged; 0 when the last one has arrived. */
  | { readonly type: 'outbox'; readonly to: string; readonly pending: number }
  /** Messages of the bus may have been lost: what can be stale is loaded anew. */
  | { readonly type: 'gap' }
  /** The bus refused a message or a subscription. */
  | { readonly type: 'bus-error'; readonly operation: 'publish' | 'subscribe'; readonly error: unknown }
  /** A journal could not be read: until it can, this process keeps nothing, and serves mutable values only if they cannot be loaded. */
  | { readonly type: 'journal-error'; readonly error: unknown }
  /**
   * `deaf`: nothing vouches for the invalidations of other machines; mutable entries are served only if the loader fails.
   * `unwatched`: nobody hears of updates at the source; so are those older than `unwatchedTtl`.
   */
  | { readonly type: 'hearing'; readonly state: 'deaf' | 'live' | 'unwatched' | 'watched' };
