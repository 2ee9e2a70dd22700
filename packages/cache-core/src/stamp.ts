import type { Stamp } from './contracts/shared-tier.ts';
import { randomBits } from './random.ts';

/**
 * A stamp is 48 random bits, which a hard invalidation replaces, and 16 bits that count soft invalidations. So a frame tells
 * by its own stamp whether it was softly invalidated since, whatever was written meanwhile.
 */
const GENERATION_BITS = 16n;
const LAST_GENERATION = (1n << GENERATION_BITS) - 1n;
const RANDOM_BITS = 0xffff_ffff_ffff_ffffn & ~LAST_GENERATION;

/** A stamp for what has none. */
export function freshStamp(): Stamp {
  return randomBits() & ~LAST_GENERATION;
}

/** What a soft invalidation puts in a stamp's place. When the count is used up that is a new stamp: a hard invalidation. */
export function softenedStamp(stamp: Stamp): Stamp {
  return (stamp & LAST_GENERATION) === LAST_GENERATION ? freshStamp() : stamp + 1n;
}

/** How the stamp that a frame carries relates to the one that its tier holds now. Absent is different. */
export function compareStamps(
  carried: Stamp | undefined,
  current: Stamp | undefined,
): 'equal' | 'softened' | 'different' {
  if (carried === undefined || current === undefined) return 'different';
  if (carried === current) return 'equal';
  return carried >> GENERATION_BITS === current >> GENERATION_BITS ? 'softened' : 'different';
}

/** A stamp that guards what two stamps guard. Random bits and generations are added apart, so that a softened part softens the sum. */
export function combinedStamp(one: Stamp, other: Stamp): Stamp {
  const generation = (one + other) & LAST_GENERATION;
  return (((one & ~LAST_GENERATION) + (other & ~LAST_GENERATION)) & RANDOM_BITS) | generation;
}
