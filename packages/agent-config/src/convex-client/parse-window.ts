import { z } from 'zod';
import type { ChangeWindow } from '../change-feed.ts';
import { faultOf } from '../fault-of.ts';

const changeWindow = z.object({
  changes: z.array(
    z.object({
      at: z.bigint(),
      kind: z.enum(['agent', 'knowledge']),
      id: z.string(),
      organizationId: z.string(),
      deleted: z.boolean(),
    }),
  ),
  isWhole: z.boolean(),
});

/** @throws TypeError naming the first wrong field, what it is and what it must be. */
export function parseWindow(value: unknown): ChangeWindow {
  const parsed = changeWindow.safeParse(value);
  if (!parsed.success) throw new TypeError(faultOf(parsed.error, value));
  const { changes } = parsed.data;
  const index = changes.findIndex(({ at }, here) => here > 0 && at < (changes[here - 1]?.at ?? at));
  if (index !== -1)
    throw new TypeError(
      `changes must be in the order of their commits, but changes.${index} is older than the one before`,
    );
  return parsed.data;
}
