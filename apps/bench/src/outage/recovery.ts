import type { Child } from '../processes/child.ts';
import { untilBack } from './observer.ts';
import type { PlayerCalls } from './player-child.ts';
import type { Stage } from './stage.ts';
import type { OutageState } from './state.ts';

/** How a process came back to Redis; from the moment when a fresh client of the server had read what it had written. */
export interface Back {
  /** Until the first read that found, in the cluster tier, what another process had stored since; `undefined`: it never did. */
  readonly mutableMs: number | undefined;
  readonly immutableMs: number | undefined;
  /** Invalidations of the outage that still had not arrived everywhere. */
  readonly owed: number;
}

/** @see recover */
export interface RecoveryPlan {
  readonly state: OutageState;
  readonly stage: Stage;
  readonly readers: readonly Child<PlayerCalls>[];
  readonly newcomer: Child<PlayerCalls>;
  readonly openNewcomer: () => Promise<void>;
}

const KEY = 'stored afterwards';
/** Generous: only what never comes back is wrong. */
const LIMIT_MS = 15_000;

/** Ends an outage and watches the readers come back: a process that starts now stores something, and they look for it. */
export async function recover({ state, stage, readers, newcomer, openNewcomer }: RecoveryPlan): Promise<Back[]> {
  const finding = Promise.all(readers.map((reader) => reader.ask('find', { key: KEY, limitMs: LIMIT_MS })));
  finding.catch(() => {});
  await state.lift(stage);
  const backMs = await untilBack(stage.parts.connect, stage.keys);
  await openNewcomer();
  await newcomer.ask('store', { key: KEY });
  const found = await finding;
  const owed = await Promise.all(readers.map((reader) => reader.ask('settle', { limitMs: LIMIT_MS })));
  return found.map(({ mutableMs, immutableMs }, index) => ({
    mutableMs: mutableMs && mutableMs - backMs,
    immutableMs: immutableMs && immutableMs - backMs,
    owed: owed[index] ?? 0,
  }));
}
