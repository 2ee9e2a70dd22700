/** Why a stored frame was not used. */
export type FrameFault =
  | 'truncated'
  | 'foreign'
  | 'version'
  | 'checksum'
  | 'moved'
  | 'codec'
  | 'stamps'
  | 'expired'
  | 'payload';

/** Why a value was returned but not stored. */
export type RefusedWrite = 'invalidated' | 'no-stamps' | 'unencodable' | 'too-large' | 'do-not-store' | 'closed';

/** The calls of a shared tier that can fail. */
export type TierOperation = 'read' | 'begin' | 'write' | 'invalidate';

/**
 * Everything a cache tells about itself. Keys appear only as `keyHash`: 16 hex digits, the same for the same key in the
 * same namespace, and of no use to find the text again. Durations are milliseconds.
 */
export type CacheEvent =
  | { readonly type: 'hit'; readonly tier: string; readonly keyHash: string; readonly ageMs: number }
  | { readonly type: 'miss'; readonly keyHash: string }
  /** A caller joined a load that was already running. */
  | { readonly type: 'shared'; readonly keyHash: string }
  | {
      readonly type: 'load';
      readonly keyHash: string;
      readonly outcome: 'stored' | 'not-stored' | 'failed';
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
    }
  | { readonly type: 'eviction'; readonly tier: string; readonly keyHash: string; readonly bytes: number }
  | { readonly type: 'pin-refused'; readonly tier: string; readonly keyHash: string; readonly bytes: number }
  | { readonly type: 'invalidation'; readonly kind: 'keys' | 'tags' | 'namespace'; readonly pending: boolean };
