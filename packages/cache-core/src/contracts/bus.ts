import type { Invalidation } from './invalidation.ts';

/** Carries invalidations between machines. */
export interface Bus {
  /** False while it is known that it can accept nothing: what is owed to it waits until it can. @default true */
  readonly isAvailable?: boolean;
  /** Resolves once the message is accepted by the bus; rejects when it is not. */
  publish(invalidation: Invalidation): Promise<void>;
  /**
   * @param onMessage called for every message, in order, including those of this publisher. `position` is where the bus stands
   * after it, if it can be read on from there later.
   * @param onGap called when messages may have been lost.
   * @param from a position to read on from. A bus that cannot, because too much has passed since, calls `onGap`.
   * @returns a function that ends the subscription.
   */
  subscribe(
    onMessage: (invalidation: Invalidation, position?: string) => void,
    onGap: () => void,
    from?: string,
  ): Promise<() => Promise<void>>;
}
