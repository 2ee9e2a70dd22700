import type { Clock } from '../contracts/clock.ts';
import { pickInteger, seededRandom } from './seeded-random.ts';

/** From how many to how many milliseconds, both included. */
export type RangeMs = readonly [minMs: number, maxMs: number];

/** What may happen to any call; chances from 0 (never, the default) to 1 (always). */
export interface CallFaults {
  /** Chance that the call is late, by `delayMs`. */
  readonly delay?: number;
  /** @default [1, 50] */
  readonly delayMs?: RangeMs;
  /** Chance that the call does not settle before `heal()`; then it is carried out, late. */
  readonly hang?: number;
}

/** As {@link CallFaults}, for calls that may reject. */
export interface FailingCallFaults extends CallFaults {
  /** Chance that the call rejects: half of them before it was carried out, half of them after. */
  readonly failure?: number;
}

/** What an injected failure rejects with. */
export class ChaosError extends Error {
  override readonly name = 'ChaosError';
}

/** How many faults were injected, by `operation.fault`. */
export type FaultCounts = Readonly<Record<string, number>>;

const DEFAULT_DELAY_MS: RangeMs = [1, 50];

/**
 * Throws the dice for {@link ChaosTier} and {@link ChaosBus}: the same calls in the same order get the same faults for the
 * same seed. While it is calm nothing is thrown.
 */
export class Chaos {
  readonly #random: () => number;
  readonly #clock: Clock;
  readonly #onFault: ((fault: string) => void) | undefined;
  readonly #counts: Record<string, number> = {};
  #raging = true;
  readonly #hanging = new Set<() => void>();

  constructor(seed: number, clock: Clock, onFault: ((fault: string) => void) | undefined) {
    this.#random = seededRandom(seed);
    this.#clock = clock;
    this.#onFault = onFault;
  }

  get counts(): FaultCounts {
    return { ...this.#counts };
  }

  /** How many calls hang now. */
  get hanging(): number {
    return this.#hanging.size;
  }

  storm(): void {
    this.#raging = true;
  }

  calm(): void {
    this.#raging = false;
  }

  heal(): void {
    this.calm();
    for (const resume of this.#hanging) resume();
    this.#hanging.clear();
  }

  /** True by this chance; then the fault is counted. */
  strikes(fault: string, chance: number | undefined): boolean {
    if (!this.#raging || chance === undefined || chance <= 0 || this.#random() >= chance) return false;
    this.#counts[fault] = (this.#counts[fault] ?? 0) + 1;
    this.#onFault?.(fault);
    return true;
  }

  /** A whole number from `min` to `max`. */
  pick(min: number, max: number): number {
    return pickInteger(this.#random, min, max);
  }

  pickMs([minMs, maxMs]: RangeMs = DEFAULT_DELAY_MS): number {
    return this.pick(minMs, maxMs);
  }

  /** Carries out a call with the faults it draws; all of them are drawn before anything is awaited, in the order of calls. */
  async call<T>(operation: string, faults: FailingCallFaults | undefined, run: () => Promise<T>): Promise<T> {
    const delayMs = this.strikes(`${operation}.delay`, faults?.delay) ? this.pickMs(faults?.delayMs) : undefined;
    const hangs = this.strikes(`${operation}.hang`, faults?.hang);
    const fails = this.strikes(`${operation}.failure`, faults?.failure);
    const before = fails && this.pick(0, 1) === 0;
    if (delayMs !== undefined) await this.#after(delayMs);
    if (hangs) await new Promise<void>((resume) => this.#hanging.add(resume));
    if (before) throw new ChaosError(`${operation} was not carried out`);
    const answer = await run();
    if (fails) throw new ChaosError(`${operation} was carried out, but its answer is lost`);
    return answer;
  }

  #after(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(delayMs, resolve);
    });
  }
}

/** @throws TypeError naming the first chance that is not a number from 0 to 1, or range of milliseconds that is none. */
export function checkFaults(operation: string, faults: object | undefined): void {
  for (const [name, value] of Object.entries(faults ?? {}) as [string, unknown][]) {
    if (name.endsWith('Ms')) {
      const [min, max]: unknown[] = Array.isArray(value) ? value : [];
      if (typeof min === 'number' && typeof max === 'number' && min >= 0 && min <= max && max < Infinity) continue;
      throw new TypeError(`${operation}.${name} must be [min, max] in milliseconds, got ${String(value)}`);
    }
    if (typeof value === 'number' && value >= 0 && value <= 1) continue;
    throw new TypeError(`${operation}.${name} must be a chance from 0 to 1, got ${String(value)}`);
  }
}
