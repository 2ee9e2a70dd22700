import type { Link } from './link.ts';

/** How long an offset is believed; two clocks drift apart by some 50 ppm, 1.5 ms in this time. */
const RENEWED_AFTER_MS = 30_000;

/**
 * The time of Redis: what machines that share a cache agree on, whatever their own clocks say. On a Cluster it is that of the
 * server of one partition. Between two measurements this process's monotonic clock goes on.
 */
export class ClusterClock {
  readonly #link: Link;
  /** Routes the question to one server. */
  readonly #key: string;
  #offsetMs: number | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(link: Link, key: string) {
    this.#link = link;
    this.#key = key;
  }

  /** Milliseconds since 1970 by the server's clock. @throws Error when it has not been measured yet. */
  now(): number {
    if (performance.now() - this.#askedMs > RENEWED_AFTER_MS) this.measure().catch(() => {});
    if (this.#offsetMs === undefined) throw new Error('the time of Redis is not known yet');
    return performance.now() + this.#offsetMs;
  }

  /** Whether {@link now} answers. */
  get isKnown(): boolean {
    return this.#offsetMs !== undefined;
  }

  /** Asks the server. */
  measure(): Promise<void> {
    return (this.#asking ??= this.#measure().finally(() => (this.#asking = undefined)));
  }

  async #measure(): Promise<void> {
    const sentMs = performance.now();
    const answer = await this.#link.call('EVAL', ["return redis.call('TIME')", 1, this.#key]);
    const [seconds, micros] = (answer as readonly Buffer[]).map((part) => Number(part.toString()));
    const atMs = (seconds ?? 0) * 1000 + (micros ?? 0) / 1000;
    this.#offsetMs = atMs - (sentMs + performance.now()) / 2;
    this.#askedMs = sentMs;
  }
}
