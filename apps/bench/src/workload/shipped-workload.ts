import type { Dialogue } from './dialogue.ts';
import { english } from './english.ts';
import { hindi } from './hindi.ts';
import { hinglish } from './hinglish.ts';

/**
 * The bench's own workload, for when no data is given: call-centre agents for India, written for this repository.
 * Within one agent, fixed phrases recur verbatim and the values in the others vary, as in a scripted call centre: a
 * cache finds more to reuse here than in open conversation.
 */
export const shippedWorkload: readonly Dialogue[] = [...english, ...hindi, ...hinglish];
