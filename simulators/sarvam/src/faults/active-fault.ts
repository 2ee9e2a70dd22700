import { SeededRandom } from '../seeded-random.ts';
import type { FaultLimits } from './fault-specs.ts';

/** A fault that is switched on. `remaining` is `null` without a `count`. */
export interface ActiveFaultState extends FaultLimits {
  readonly remaining: number | null;
  readonly fired: number;
}

/** Decides for each occasion whether its fault strikes. */
export class ActiveFault {
  readonly #spec: FaultLimits;
  readonly #random: SeededRandom;
  #remaining: number;
  #fired = 0;

  constructor(spec: FaultLimits) {
    this.#spec = spec;
    this.#random = new SeededRandom(spec.seed ?? 1);
    this.#remaining = spec.count ?? Infinity;
  }

  /** The fault's own fields if it strikes now. */
  draw(text: string): FaultLimits | undefined {
    const { match, probability } = this.#spec;
    if (this.#remaining === 0) return undefined;
    if (match !== undefined && !text.includes(match)) return undefined;
    if (probability !== undefined && this.#random.next() >= probability) return undefined;
    this.#remaining -= 1;
    this.#fired += 1;
    return this.#spec;
  }

  state(): ActiveFaultState {
    const remaining = this.#remaining === Infinity ? null : this.#remaining;
    return { ...this.#spec, remaining, fired: this.#fired };
  }
}
