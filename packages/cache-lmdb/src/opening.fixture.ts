import { openHostTier } from './open-host-tier.ts';

const TIMES = 20;

/** What call processes do at their start, and nothing more; many times, because a start takes much longer than an opening. */
for (let time = 0; time < TIMES; time++) await openHostTier({ directory: process.argv[2] ?? '' })?.close();
process.exit(0);
