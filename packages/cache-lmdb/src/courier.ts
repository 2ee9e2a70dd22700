import type { Invalidation } from '@warmline/cache-core';
import { every } from './clock.ts';
import type { HostListener } from './events.ts';
import { teller } from './events.ts';
import type { HostTier } from './host-tier.ts';
import type { Service } from './keeper.ts';

/** @see Courier */
export interface CourierOptions {
  /** Delivers everywhere, and rejects when somebody has not acknowledged: then it is tried again. */
  readonly deliver: (invalidation: Invalidation) => Promise<void>;
  /** Whether it is of any use to try. @default always */
  readonly isReady?: () => boolean;
  readonly onEvent?: HostListener;
}

const LOOK_MS = 50;

/**
 * Delivers what processes of the machine have invalidated and could not tell others before they died; a service of the keeper.
 */
export class Courier implements Service {
  readonly #tier: HostTier;
  readonly #options: CourierOptions;
  readonly #tell: HostListener;
  readonly #stop: () => void;
  #round: Promise<void> | undefined;

  constructor(tier: HostTier, options: CourierOptions) {
    this.#tier = tier;
    this.#options = options;
    this.#tell = teller(options.onEvent);
    this.#stop = every(LOOK_MS, () => this.#look());
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#round;
  }

  #look(): void {
    if (this.#options.isReady?.() === false) return;
    this.#round ??= this.#tier.outbox
      .finish(this.#options.deliver)
      .catch((error: unknown) => this.#tell({ type: 'duty-failed', duty: 'outbox', error }))
      .finally(() => (this.#round = undefined));
  }
}
