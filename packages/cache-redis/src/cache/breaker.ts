/** Weight of the newest call in the share of failed ones: three failures in a row, or half of many, open it. */
const NEWEST = 0.25;
const OPENS_AT = 0.5;
const OPEN_MS = 200;

/**
 * Leaves a Redis alone that does not answer in time, so that only the first few calls wait for it. Every 200 ms one call is
 * sent that nobody waits for; when its answer comes in time, the breaker closes.
 */
export class Breaker {
  #isOpen = false;
  #isProbing = false;
  #failureShare = 0;
  #probeAtMs = 0;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** `probe`: send it, report it, but do not wait. `skip`: leave it out. */
  admit(nowMs: number): 'call' | 'probe' | 'skip' {
    if (!this.#isOpen) return 'call';
    if (this.#isProbing || nowMs < this.#probeAtMs) return 'skip';
    this.#isProbing = true;
    return 'probe';
  }

  report(ok: boolean, isProbe: boolean, nowMs: number): void {
    if (isProbe && this.#isOpen) {
      this.#isProbing = false;
      if (ok) this.reset();
      else this.#probeAtMs = nowMs + OPEN_MS;
      return;
    }
    // What was under way when it opened says nothing new.
    if (this.#isOpen) return;
    this.#failureShare += NEWEST * ((ok ? 0 : 1) - this.#failureShare);
    if (this.#failureShare <= OPENS_AT) return;
    this.#isOpen = true;
    this.#probeAtMs = nowMs + OPEN_MS;
  }

  /** The connection is another one, or none: what was before says nothing about it. */
  reset(): void {
    this.#isOpen = false;
    this.#isProbing = false;
    this.#failureShare = 0;
  }
}
