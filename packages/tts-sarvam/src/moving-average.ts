/** An exponentially weighted average: recent values count most. */
export class MovingAverage {
  #value: number | undefined;

  /** `undefined` before the first value. */
  get value(): number | undefined {
    return this.#value;
  }

  add(value: number): void {
    this.#value = this.#value === undefined ? value : this.#value + 0.2 * (value - this.#value);
  }
}
