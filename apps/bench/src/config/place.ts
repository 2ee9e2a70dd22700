import type { ConfigSabotage } from './sabotage.ts';

/** Where a process finds Convex and its machine. */
export interface Place {
  readonly url: string;
  readonly secret: string;
  /** Of the machine's host tier. */
  readonly directory: string;
  /** Nothing of another scope is found: every scope starts cold. */
  readonly scope: string;
  /** URL of the Redis that machines share; empty without. */
  readonly redis: string;
  readonly sabotage: ConfigSabotage | undefined;
}

/** As `openWarmline` and `startHost` want it. */
export function warmlineOptions({ directory, scope, redis }: Place): {
  readonly directory: string;
  readonly scope: string;
  readonly redis: string | undefined;
  readonly onEvent: () => void;
} {
  // What tiers tell is not what is measured here, and should not be a warning of the bench.
  return { directory, scope, redis: redis === '' ? undefined : redis, onEvent: () => {} };
}
