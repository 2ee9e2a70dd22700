import { monotonicMs } from '../processes/monotonic.ts';

/** A time for which a process was held: it could do nothing, whatever came in. */
export interface Hold {
  readonly fromMs: number;
  readonly toMs: number;
}

const BEAT_MS = 5;

/** Watches for how long a process is held, all the time. */
export class Holds {
  #holds: Hold[] = [];
  #beatMs: number = monotonicMs();

  /** @param lateMs a beat that is no later is in time. */
  constructor(lateMs: number) {
    setInterval(() => {
      const nowMs = monotonicMs();
      const dueMs = this.#beatMs + BEAT_MS;
      if (nowMs - dueMs > lateMs) this.#holds.push({ fromMs: dueMs, toMs: nowMs });
      this.#beatMs = nowMs;
    }, BEAT_MS).unref();
  }

  /** Those since the last time. */
  take(): readonly Hold[] {
    const holds = this.#holds;
    this.#holds = [];
    return holds;
  }
}

/** When so much time has passed since `fromMs`, that of the holds not counted. */
export function dueAt(fromMs: number, ms: number, holds: readonly Hold[]): number {
  let dueMs = fromMs + ms;
  let countedMs = fromMs;
  for (const hold of holds.toSorted((a, b) => a.fromMs - b.fromMs)) {
    // What two were held for at the same time counts once.
    const beginMs = Math.max(countedMs, hold.fromMs);
    if (beginMs >= dueMs || hold.toMs <= beginMs) continue;
    dueMs += hold.toMs - beginMs;
    countedMs = hold.toMs;
  }
  return dueMs;
}

/** The longest. */
export function worstMs(holds: readonly Hold[]): number {
  return Math.max(0, ...holds.map(({ fromMs, toMs }) => toMs - fromMs));
}
