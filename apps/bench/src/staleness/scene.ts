import { setTimeout as sleep } from 'node:timers/promises';
import { LASTING_MS } from './allowed.ts';
import type { Fleet, Member, Route } from './fleet.ts';
import type { MemberReport } from './member-child.ts';
import type { Strike } from './strike.ts';

/** How much of everything happens. */
export interface Plan {
  /** A process invalidates every so often, on average, and how long that takes. */
  readonly everyMs: number;
  readonly calmMs: number;
  readonly volleys: number;
  readonly killsAVolley: number;
  /** Each fault of the other phases so many times; each time the next variant. */
  readonly rounds: number;
}

/** What was done to the fleet. */
export interface Deeds {
  busKills: number;
  blackholes: number;
  pumpStops: number;
  trims: number;
  fillings: number;
  callersKilled: number;
  restarts: number;
}

/** What a process has told in the middle of a phase, and what it was made to invalidate then. */
export interface Legacy {
  readonly member: Member;
  readonly report: MemberReport;
  readonly strikes: readonly Strike[];
  /** It was killed afterwards. */
  readonly isLast: boolean;
}

/** What a phase plays with. */
export interface Scene {
  readonly fleet: Fleet;
  readonly plan: Plan;
  readonly deeds: Deeds;
  readonly legacies: Legacy[];
}

/** A fault, or none, while everybody reads and invalidates. Ends healed, at rest, and after {@link quiet}. */
export interface Phase {
  readonly name: string;
  readonly what: string;
  play(scene: Scene): Promise<void>;
}

/** What is still older then, stays so: see `allowed.ts`. */
const QUIET_MS = LASTING_MS + 250;

/** Waits until all are connected again, and long enough for what stays stale to be seen. Nobody invalidates meanwhile. */
export async function quiet({ fleet }: Scene): Promise<void> {
  await fleet.back();
  await sleep(QUIET_MS);
}

/** Nothing passes any more, in either direction, and connecting does not end. */
export function blackhole({ proxy, line }: Route): void {
  line.cut();
  proxy.set({ blackhole: true, blackholeConnect: true });
}

export function heal({ proxy, line }: Route): void {
  line.mend();
  proxy.set({ blackhole: false, blackholeConnect: false });
}
