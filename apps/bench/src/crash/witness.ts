import { setTimeout as sleep } from 'node:timers/promises';
import { AccountPermits } from '@warmline/cache-lmdb';
import type { HostTier } from '@warmline/cache-lmdb';
import { monotonicMs } from '../processes/monotonic.ts';
import { accountOf, keyOf, leaseOf, refOf, STAGE } from './stage.ts';
import type { State } from './state-file.ts';

/** What a process held when it was killed, and for how long nobody else could have it; `undefined` where it held none. */
export interface Loss {
  readonly leaseMs: number | undefined;
  readonly loadLeaseMs: number | undefined;
  /** `Infinity` when it was not to be had even after its term. */
  readonly permitMs: number;
}

/** A process that has died. */
export interface Dead {
  readonly pid: number;
  readonly place: number;
  readonly state: State;
  readonly atMs: number;
}

const LOOK_MS = 1;
/** A little more than any term: what is not back by then is lost for good. */
const PATIENCE_FACTOR = 1.5;

/** Asks for whatever the dead had, until it is to be had. @param isStolen sabotage: somebody who lives takes the lease and keeps it. */
export async function probe(tier: HostTier, dead: Dead, isStolen: boolean): Promise<Loss> {
  if (isStolen) await tier.leases.acquire(leaseOf(dead.place), 2 * STAGE.leaseMs);
  const { state } = dead;
  const [leaseMs, loadLeaseMs, permitMs] = await Promise.all([
    state.lease > 0 || isStolen ? untilFree(() => takeLease(tier, dead), dead) : undefined,
    state.loading > 0 ? untilFree(() => takeLoadLease(tier, dead), dead) : undefined,
    takePermit(tier, dead),
  ]);
  return { leaseMs, loadLeaseMs, permitMs };
}

async function untilFree(take: () => Promise<boolean>, { atMs }: Dead): Promise<number> {
  while (!(await take())) {
    if (monotonicMs() - atMs > 2 * PATIENCE_FACTOR * STAGE.leaseMs) return Number.POSITIVE_INFINITY;
    await sleep(LOOK_MS);
  }
  return monotonicMs() - atMs;
}

async function takeLease(tier: HostTier, { place }: Dead): Promise<boolean> {
  const lease = await tier.leases.acquire(leaseOf(place), STAGE.leaseMs);
  await lease?.release();
  return lease !== undefined;
}

/** The lease of a key; it may have gone to another worker, which is as good. */
async function takeLoadLease(tier: HostTier, { pid, state }: Dead): Promise<boolean> {
  const ref = refOf(keyOf(state.loading));
  const { lease } = await tier.begin(ref, { leaseMs: STAGE.leaseMs, stampTtlMs: STAGE.leaseMs });
  if (typeof lease === 'object') await lease.release();
  const holder = tier.leases.holderOf(ref.key);
  return typeof lease === 'object' || (holder !== undefined && holder !== pid);
}

async function takePermit(tier: HostTier, { place, atMs }: Dead): Promise<number> {
  const permits = new AccountPermits(tier, accountOf(place));
  const permit = await permits.acquire(PATIENCE_FACTOR * STAGE.permitTermMs);
  const tookMs = monotonicMs() - atMs;
  await permits.close();
  return permit === undefined ? Number.POSITIVE_INFINITY : tookMs;
}
