import { z } from 'zod';
import { runChild } from './child.ts';
import type { MillionKeysAnswer } from './million-keys-child.ts';

const answerSchema: z.ZodType<MillionKeysAnswer> = z.object({
  keys: z.number(),
  loaded: z.number(),
  rejected: z.number(),
  aborted: z.number(),
  wrong: z.number(),
  neverSettling: z.number(),
  loading: z.number(),
  entries: z.number(),
  bytes: z.number(),
  maxBytes: z.number(),
  evictions: z.number(),
  heapBeforeMb: z.number(),
  heapGrowthMb: z.number(),
  seconds: z.number(),
});

/** What a cache keeps of keys that are asked for once and never again. */
export interface MillionKeys extends MillionKeysAnswer {
  readonly pid: number;
}

/** Loads, rejects and aborts a third each of so many distinct keys, in a process of its own. */
export async function measureMillionKeys(keys: number): Promise<MillionKeys> {
  const { pid, message } = await runChild('million-keys-child', [`${keys}`]);
  return { ...answerSchema.parse(message), pid };
}
