import { setTimeout as sleep } from 'node:timers/promises';
import { openHostTier } from './open-host-tier.ts';
import type { HostTier } from './host-tier.ts';
import { serve } from './machine.fixture.ts';
import { AccountPermits } from './permits.ts';
import type { AccountPermit } from './permits.ts';

let tier: HostTier | undefined;
let permits: AccountPermits | undefined;
const held: AccountPermit[] = [];

function opened(): AccountPermits {
  if (permits === undefined) throw new Error('no permits');
  return permits;
}

/** Straight from the machine's clock: to the microsecond the same in all processes. */
function stamp(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A process that needs permits. */
serve({
  open: (directory: string, limit: number) => {
    tier = openHostTier({ directory });
    permits = tier && new AccountPermits(tier, { account: 'a', limit });
    return permits !== undefined;
  },
  /** Takes one so many times. Answers with when it held it, and how long it has waited: `from, to, waited, ...`. */
  useOften: async (times: number, holdMs: number, waitMs: number): Promise<Float64Array> => {
    const log: number[] = [];
    for (let time = 0; time < times; time++) {
      const askedMs = stamp();
      const permit = await opened().acquire(waitMs);
      if (permit === undefined) continue;
      const fromMs = stamp();
      await sleep(holdMs);
      log.push(fromMs, stamp(), fromMs - askedMs);
      permit.release();
    }
    return Float64Array.from(log);
  },
  hold: async (count: number, waitMs: number) => {
    for (let at = 0; at < count; at++) {
      const permit = await opened().acquire(waitMs);
      if (permit !== undefined) held.push(permit);
    }
    return held.length;
  },
  isWanted: () => permits?.isWanted(),
});
