import { randomInt } from 'node:crypto';

const LIMIT = 2 ** 47;

/** A version that no record has had before: what is replaced only at this version is still the one that was seen. */
export function freshVersion(): number {
  return randomInt(1, LIMIT);
}
