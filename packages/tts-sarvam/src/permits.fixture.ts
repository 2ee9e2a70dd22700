import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Permit, Permits } from './permits.ts';

/** A budget in memory, first come, first served, that counts what its users do wrong. */
export class CountedPermits implements Permits {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #line = new Set<(permit: Permit | undefined) => void>();
  held = 0;
  peak = 0;
  granted = 0;
  /** Permits given back a second time. */
  twice = 0;
  /** Told just before a permit is free again. */
  onRelease: () => void = () => {};

  constructor(limit: number, clock: Clock = systemClock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  isWanted(): boolean {
    return this.#line.size > 0;
  }

  acquire(waitMs: number, signal?: AbortSignal): Promise<Permit | undefined> {
    if (this.held < this.#limit) return Promise.resolve(this.#grant());
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel();
        this.#line.delete(take);
        signal?.removeEventListener('abort', abort);
      };
      const take = (permit: Permit | undefined): void => {
        leave();
        resolve(permit);
      };
      const abort = (): void => {
        leave();
        reject(signal?.reason as Error);
      };
      const cancel = this.#clock.after(waitMs, () => take(undefined), true);
      signal?.addEventListener('abort', abort, { once: true });
      this.#line.add(take);
    });
  }

  #grant(): Permit {
    this.held += 1;
    this.granted += 1;
    this.peak = Math.max(this.peak, this.held);
    let mine = true;
    return {
      release: () => {
        if (!mine) return void (this.twice += 1);
        this.onRelease();
        mine = false;
        this.held -= 1;
        const [next] = this.#line;
        next?.(this.#grant());
      },
    };
  }
}
