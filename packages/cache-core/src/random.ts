import { getRandomValues } from 'node:crypto';

const pool = new BigUint64Array(512);
let next = pool.length;

/** 64 random bits, drawn from a pool because a system call per stamp would cost more than the rest of `begin`. */
export function randomBits(): bigint {
  if (next === pool.length) {
    getRandomValues(pool);
    next = 0;
  }
  const bits = pool[next++];
  // Index `next` was checked above; 0n would be legal too.
  return bits ?? 0n;
}

/** A random number from 0 up to, not including, 1. */
export function randomFraction(): number {
  return Number(randomBits() >> 11n) / 2 ** 53;
}
