import type { CacheEvent, TierOperation } from './contracts/events.ts';
import type { SharedTier } from './contracts/shared-tier.ts';

/** Large values take their time on any network; they are judged among themselves. */
type SizeClass = 'small' | 'large';

/** What breakers guard: a tier that is full answers reads, and takes no writes. */
export type GuardedOperation = Extract<TierOperation, 'read' | 'begin' | 'write'>;

/** One breaker's place: calls of one kind with values of one size. */
export interface Line {
  readonly tier: SharedTier;
  readonly operation: GuardedOperation;
  readonly sizeClass: SizeClass;
}

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
  admit(nowMs: number): 'call' | 'probe' | 'skip' {
    if (this.state === 'closed') return 'call';
    if (this.state === 'half-open' || nowMs < this.#probeAtMs) return 'skip';
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

/** The breakers of one cache: one per shared tier, operation and size class. */
export class Breakers {
  readonly #breakers = new Map<SharedTier, Map<string, Breaker>>();
  readonly #onEvent: (event: CacheEvent) => void;
  /** What this cache's values are like: the class of a read is not known before its answer. */
  #usual: SizeClass = 'small';

  constructor(onEvent: (event: CacheEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** @param bytes the size of what is written; `undefined` for reads. */
  lineOf(tier: SharedTier, operation: GuardedOperation, bytes: number | undefined): Line {
    return { tier, operation, sizeClass: bytes === undefined ? this.#usual : classOf(bytes) };
  }

  /** A value of this size has passed. */
  noteSize(bytes: number): void {
    this.#usual = classOf(bytes);
  }

  admit(line: Line, nowMs: number): 'call' | 'probe' | 'skip' {
    const admission = this.#of(line).admit(nowMs);
    if (admission === 'probe') this.#tell(line, 'half-open');
    return admission;
  }

  report(line: Line, ok: boolean, isProbe: boolean, nowMs: number): void {
    const breaker = this.#of(line);
    if (breaker.report(ok, isProbe, nowMs)) this.#tell(line, breaker.state);
  }

  /** The tier has been away: it is judged anew. */
  forget(tier: SharedTier): void {
    this.#breakers.delete(tier);
  }

  #tell({ tier, operation, sizeClass }: Line, state: Breaker['state']): void {
    this.#onEvent({ type: 'breaker', tier: tier.name, operation, sizeClass, state });
  }

  #of({ tier, operation, sizeClass }: Line): Breaker {
    const lines = this.#breakers.get(tier) ?? new Map<string, Breaker>();
    this.#breakers.set(tier, lines);
    const line = `${operation} ${sizeClass}`;
    const breaker = lines.get(line) ?? new Breaker();
    lines.set(line, breaker);
    return breaker;
  }
}

function classOf(bytes: number): SizeClass {
  return bytes > LARGE_BYTES ? 'large' : 'small';
}
