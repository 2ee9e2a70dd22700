import type { Bus } from './contracts/bus.ts';
import type { Invalidation } from './contracts/invalidation.ts';
import { guarded } from './listener.ts';

/**
 * A bus in this process's memory: the reference for buses on real engines, and a stand-in for them in tests.
 * Every message reaches every subscriber in the order of publication, before `publish` resolves.
 */
export class MemoryBus implements Bus {
  readonly #subscribers = new Set<{ onMessage: (invalidation: Invalidation) => void; onGap: () => void }>();

  async publish(invalidation: Invalidation): Promise<void> {
    for (const { onMessage } of this.#subscribers) onMessage(invalidation);
  }

  async subscribe(
    onMessage: (invalidation: Invalidation) => void,
    onGap: () => void,
    from?: string,
  ): Promise<() => Promise<void>> {
    const subscriber = { onMessage: guarded(onMessage), onGap: guarded(onGap) };
    // It remembers nothing.
    if (from !== undefined) subscriber.onGap();
    this.#subscribers.add(subscriber);
    return async () => {
      this.#subscribers.delete(subscriber);
    };
  }

  /** Tells every subscriber that messages may have been lost. */
  gap(): void {
    for (const { onGap } of this.#subscribers) onGap();
  }
}
