import { positive } from '../agent-config-options.ts';
import type { ChangeFeed } from '../change-feed.ts';
import { addressOf, checkAccess } from './convex-access.ts';
import type { ConvexAccess } from './convex-access.ts';
import { FeedSubscription } from './feed-subscription.ts';

/** The functions that {@link convexChangeFeed} subscribes to, as `file:function`. */
export interface FeedFunctionNames {
  /** Query `{ secret }` → a change window. @default 'feed:changes' */
  readonly changes: string;
  /** Query `{ secret, tick }` that reads nothing. @default 'feed:probe' */
  readonly probe: string;
}

/** Options of {@link convexChangeFeed}. */
export interface ConvexChangeFeedOptions extends ConvexAccess {
  /** How long after a lost connection it is tried again, in milliseconds, ± 50 % at random. @default 500 */
  readonly reopenMs?: number;
  readonly names?: Partial<FeedFunctionNames>;
}

const NAMES: FeedFunctionNames = { changes: 'feed:changes', probe: 'feed:probe' };

/**
 * Commits to a Convex deployment, over one socket. The socket keeps the process alive until it is closed.
 * @throws TypeError when the address, the secret or an option is unusable.
 */
export function convexChangeFeed(options: ConvexChangeFeedOptions): ChangeFeed {
  checkAccess(options);
  const { secret } = options;
  const url = addressOf(options);
  const settings = {
    url,
    secret,
    reopenMs: positive('reopenMs', options.reopenMs ?? 500),
    names: { ...NAMES, ...options.names },
  };
  return { subscribe: (listener) => new FeedSubscription(settings, listener) };
}
