/** The plan's burst: 50 for 30 a minute. */
const BURST = 5 / 3;

/** The account's limit on REST requests. */
export class TokenBucket {
  readonly #perMinute: number;
  #tokens: number;
  #filledAt: number;

  /** `perMinute` 0 does not limit. */
  constructor(perMinute: number, now: number) {
    this.#perMinute = perMinute;
    this.#tokens = perMinute * BURST;
    this.#filledAt = now;
  }

  /** Takes a token if there is one. */
  take(now: number): boolean {
    if (this.#perMinute === 0) return true;
    const refill = ((now - this.#filledAt) / 60_000) * this.#perMinute;
    this.#tokens = Math.min(this.#perMinute * BURST, this.#tokens + refill);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
