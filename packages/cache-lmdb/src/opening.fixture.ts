import { openHostTier } from './host-tier.ts';

/** What a call process does at its start, and nothing more. */
openHostTier({ directory: process.argv[2] ?? '' });
process.exit(0);
