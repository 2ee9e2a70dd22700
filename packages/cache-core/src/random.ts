import { getRandomValues } from 'node:crypto';
import type { Stamp } from './contracts/shared-tier.ts';

const pool = new BigUint64Array(512);
let next = pool.length;

/** A random 64-bit token, drawn from a pool because a system call per stamp would cost more than the rest of `begin`. */
export function randomStamp(): Stamp {
  if (next === pool.length) {
    getRandomValues(pool);
    next = 0;
  }
  const stamp = pool[next++];
  // Index `next` was checked above; 0n would be a legal token too.
  return stamp ?? 0n;
}
