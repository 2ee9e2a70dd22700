import { every } from './clock.ts';
import type { Clock } from './clock.ts';
import { messageOf } from './events.ts';
import type { PoolEvent } from './events.ts';
import type { Permits } from './permits.ts';

const POLL_INTERVAL_MS = 100;

/** Whether others want the permits of this pool's idle connections. Nobody does without permits, or as far as a broken store can tell. */
export class PermitDemand {
  readonly #permits: Permits | undefined;
  readonly #clock: Clock;
  readonly #emit: (event: PoolEvent) => void;
  #failing = false;

  constructor(
    { permits, clock }: { readonly permits: Permits | undefined; readonly clock: Clock },
    emit: (event: PoolEvent) => void,
  ) {
    this.#permits = permits;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Never throws: it is asked from timers. A store that begins to fail is reported once, not ten times a second. */
  isWanted(): boolean {
    try {
      const wanted = this.#permits?.isWanted() ?? false;
      this.#failing = false;
      return wanted;
    } catch (error) {
      if (!this.#failing) this.#emit({ type: 'permits-failed', message: messageOf(error) });
      this.#failing = true;
      return false;
    }
  }

  /** Calls `look` whenever it is time to ask again, until the returned function is called. */
  watch(look: () => void): () => void {
    return this.#permits === undefined ? () => {} : every(this.#clock, POLL_INTERVAL_MS, look);
  }
}
