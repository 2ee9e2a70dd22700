import { monotonicMs } from '../processes/monotonic.ts';

/** From when a line did not work until its process was seen to use it again. */
export interface Outage {
  readonly fromMs: number;
  /** Infinite while it has not been. */
  backMs: number;
}

/** What is seen of a process on its way to Redis. */
export interface Signs {
  /** Of its connections, how many there have been. */
  connections(): number;
  /** That it is answered; only grows. */
  any(): number;
  /** That it uses a connection which is not one of the first so many. */
  after(connections: number): number;
}

/**
 * A process's way to Redis, as the bench sees it from outside. A fault ends an outage only when the process comes back to a
 * server that answers: what it takes to reconnect is the outage's.
 */
export class Line {
  readonly outages: Outage[] = [];
  readonly #reconnectMs: number[] = [];
  readonly #signs: Signs;
  #open: Outage | undefined;
  /** Says whether it is used again; `undefined` while the fault lasts. */
  #isBack: (() => boolean) | undefined;
  #mendedMs = 0;
  /** What is waited for is the first use: nobody comes back. */
  #isFirst = false;

  constructor(signs: Signs) {
    this.#signs = signs;
  }

  get isOut(): boolean {
    return this.#open !== undefined;
  }

  /** A fault begins, or another one. */
  cut(): void {
    if (this.#open === undefined) {
      this.#open = { fromMs: monotonicMs(), backMs: Number.POSITIVE_INFINITY };
      this.outages.push(this.#open);
    }
    this.#isBack = undefined;
  }

  /** The fault is over, and what was connected may be so still. */
  mend(): void {
    const before = this.#signs.any();
    this.#expect(() => this.#signs.any() > before);
  }

  /** The connections there were are lost, and new ones can be made. */
  lose(): void {
    const before = this.#signs.connections();
    this.#expect(() => this.#signs.after(before) > 0);
  }

  /** Somebody will use it who does not run yet. */
  await(): void {
    this.cut();
    this.lose();
    this.#isFirst = true;
  }

  /** The fault is over, and nobody has to connect again. */
  restore(): void {
    if (this.#open !== undefined) this.#open.backMs = monotonicMs();
    this.#open = undefined;
  }

  /** Notices when it is used again; to be called all the time. */
  look(): void {
    if (this.#open === undefined || this.#isBack?.() !== true) return;
    this.restore();
    if (!this.#isFirst) this.#reconnectMs.push(monotonicMs() - this.#mendedMs);
    this.#isFirst = false;
  }

  /** From the ends of faults until the line was seen to be used again, since the last time. */
  take(): readonly number[] {
    return this.#reconnectMs.splice(0);
  }

  #expect(isBack: () => boolean): void {
    this.#isBack = isBack;
    this.#mendedMs = monotonicMs();
  }
}
