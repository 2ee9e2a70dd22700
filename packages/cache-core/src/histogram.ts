import type { Histogram } from './contracts/stats.ts';

/** Values of 2 ** 30 and more share the last count. */
const COUNTS = 32;

/**
 * Counts values by powers of two: three instructions a value, and the histograms of many processes add up.
 * Built-in histograms of Node cost more than a hit, and cannot be added.
 */
export class Log2Histogram {
  readonly #counts = Array.from({ length: COUNTS }, () => 0);
  #count = 0;
  #sum = 0;
  #max = 0;

  /** @param value at least 0. */
  add(value: number): void {
    const index = value >= 2 ** (COUNTS - 2) ? COUNTS - 1 : 32 - Math.clz32(value);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count++;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  snapshot(): Histogram {
    return Object.freeze({
      counts: Object.freeze([...this.#counts]),
      count: this.#count,
      sum: this.#sum,
      max: this.#max,
    });
  }
}
