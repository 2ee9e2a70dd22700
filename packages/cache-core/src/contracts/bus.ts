import type { Invalidation } from './invalidation.ts';

/** Carries invalidations between machines. */
export interface Bus {
  /** Resolves once the message is accepted by the bus; rejects when it is not. */
  publish(invalidation: Invalidation): Promise<void>;
  /**
   * @param onMessage called for every message, in order, including those of this publisher.
   * @param onGap called when messages may have been lost.
   * @returns a function that ends the subscription.
   */
  subscribe(onMessage: (invalidation: Invalidation) => void, onGap: () => void): Promise<() => Promise<void>>;
}
