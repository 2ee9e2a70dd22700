import { z } from 'zod';
import { runChild } from './child.ts';
import type { OverheadAnswer, Weighed } from './overhead-child.ts';

export const OVERHEAD_ENTRIES = 10_000;

/** What an entry costs besides its key and value. */
export interface Overhead {
  readonly name: Weighed;
  readonly bytes: readonly number[];
  readonly pid: number;
}

const answerSchema: z.ZodType<OverheadAnswer> = z.object({ bytes: z.array(z.number()), entries: z.number() });

/** Weighs Warmline, lru-cache and a plain Map, each in a process of its own. */
export async function measureOverhead(repetitions: number): Promise<Overhead[]> {
  const results: Overhead[] = [];
  for (const name of ['warmline', 'lru_cache', 'map'] as const) {
    const { pid, message } = await runChild('overhead-child', [name, `${OVERHEAD_ENTRIES}`, `${repetitions}`]);
    results.push({ name, pid, bytes: answerSchema.parse(message).bytes });
  }
  return results;
}
