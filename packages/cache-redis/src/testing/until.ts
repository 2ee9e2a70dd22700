import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@warmline/cache-core';

const LOOK_EVERY_MS = 10;

/**
 * Looks every 10 ms until `isSo` answers something truthy; an error of it counts as "not yet".
 *
 * @returns after how many milliseconds it was so.
 * @throws Error after `limitMs`, with `what` and the last error as its cause.
 */
export async function until(isSo: () => unknown, limitMs: number, what: string): Promise<number> {
  const from = systemClock.now();
  let cause: unknown;
  for (;;) {
    try {
      if (await isSo()) return systemClock.now() - from;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (systemClock.now() - from > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`, { cause });
    await sleep(LOOK_EVERY_MS);
  }
}
