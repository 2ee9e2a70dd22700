/** The longest that a timer can wait, in ms. */
const MAX_MS = 2 ** 31 - 1;

/** @returns the value. @throws TypeError naming the option, unless it is a number of milliseconds that a timer can wait. */
export function duration(option: string, value: number): number {
  if (typeof value !== 'number' || !(value > 0 && value <= MAX_MS))
    throw new TypeError(`${option} must be a number of milliseconds above 0, at most ${MAX_MS}, got ${String(value)}`);
  return value;
}
