import type { CacheEvent } from './contracts/events.ts';
import type { SharedTier } from './contracts/shared-tier.ts';

/** Large values take their time on any network; they are judged among themselves. */
export type SizeClass = 'small' | 'large';

const LARGE_BYTES = 32 * 1024;
/** Weight of the newest call in the share of failed ones: four failures in a row, or half of many, open the breaker. */
const NEWEST = 0.2;
const OPENS_AT = 0.5;
const OPEN_MS = 500;

/**
 * Leaves a failing tier alone. It opens on errors and on answers that do not come within their budget, because a tier that
 * hangs is worse than one that fails. While it is open its calls are left out; every half second one is made that nobody
 * waits for, and when that succeeds the breaker closes. Calls under way when it opens are not counted.
 */
class Breaker {
  state: 'closed' | 'open' | 'half-open' = 'closed';
  #failureShare = 0;
  #probeAtMs = 0;

  /** `skip`: leave it out. `probe`: make it, but do not wait. */
  admit(nowMs: number, mayProbe: boolean): 'call' | 'probe' | 'skip' {
    if (this.state === 'closed') return 'call';
    if (this.state === 'half-open' || nowMs < this.#probeAtMs || !mayProbe) return 'skip';
    this.state = 'half-open';
    return 'probe';
  }

  /** @returns whether the state has changed. */
  report(ok: boolean, isProbe: boolean, nowMs: number): boolean {
    if (this.state !== 'closed') {
      if (!isProbe) return false;
      this.state = ok ? 'closed' : 'open';
      this.#failureShare = 0;
      this.#probeAtMs = nowMs + OPEN_MS;
      return true;
    }
    this.#failureShare += NEWEST * ((ok ? 0 : 1) - this.#failureShare);
    if (this.#failureShare <= OPENS_AT) return false;
    this.state = 'open';
    this.#probeAtMs = nowMs + OPEN_MS;
    return true;
  }
}

/** The breakers of one cache: one per shared tier and size class. */
export class Breakers {
  readonly #breakers = new Map<SharedTier, Record<SizeClass, Breaker>>();
  readonly #onEvent: (event: CacheEvent) => void;
  /** What this cache's values are like: the class of a read is not known before its answer. */
  #usual: SizeClass = 'small';

  constructor(tiers: readonly SharedTier[], onEvent: (event: CacheEvent) => void) {
    for (const tier of tiers) this.#breakers.set(tier, { small: new Breaker(), large: new Breaker() });
    this.#onEvent = onEvent;
  }

  /** @param bytes the size of what is written; `undefined` for reads. */
  classOf(bytes: number | undefined): SizeClass {
    if (bytes === undefined) return this.#usual;
    return bytes > LARGE_BYTES ? 'large' : 'small';
  }

  /** A value of this size has passed. */
  noteSize(bytes: number): void {
    this.#usual = this.classOf(bytes);
  }

  /** @param mayProbe whether the call does no harm if nobody takes its answer. */
  admit(tier: SharedTier, sizeClass: SizeClass, nowMs: number, mayProbe: boolean): 'call' | 'probe' | 'skip' {
    const admission = this.#of(tier, sizeClass).admit(nowMs, mayProbe);
    if (admission === 'probe') this.#onEvent({ type: 'breaker', tier: tier.name, sizeClass, state: 'half-open' });
    return admission;
  }

  report(tier: SharedTier, sizeClass: SizeClass, ok: boolean, isProbe: boolean, nowMs: number): void {
    const breaker = this.#of(tier, sizeClass);
    if (!breaker.report(ok, isProbe, nowMs)) return;
    this.#onEvent({ type: 'breaker', tier: tier.name, sizeClass, state: breaker.state });
  }

  #of(tier: SharedTier, sizeClass: SizeClass): Breaker {
    const breakers = this.#breakers.get(tier);
    if (breakers === undefined) throw new Error(`tier '${tier.name}' is not one of this cache's`);
    return breakers[sizeClass];
  }
}
