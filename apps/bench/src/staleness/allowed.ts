import type { Line, Outage } from './line.ts';
import type { MachineName } from './stage.ts';
import type { Strike } from './strike.ts';

/**
 * What G3 allows. An invalidation has resolved at T; a read that starts later must not be served an older version
 *
 *   - in the same process: from T;
 *   - in another process of the same machine: from T + 5 ms, pending or not;
 *   - on another machine: from T + 100 ms (p99) while the bus is up. Where the reader's machine was cut off from the bus at T or
 *     within these 100 ms, or the invalidation is pending, T counts as the moment at which the reader (the machine's host
 *     service) and the publisher (the process that invalidated, or its machine's host service if that process has died) are
 *     seen to be back. A machine that is cut off for longer than 5 s must not serve anything older from then on.
 *
 * 100 ms is a p99, and a target of the report: times never fail a run. What fails it is a read that is older and starts later
 * than the other terms, to the millisecond; or on another machine more than half a second after T: that is no delay, it stays.
 */
export const SAME_MACHINE_MS = 5;
export const PROMISED_MS = 100;
export const LASTING_MS = 500;
/** How long after its last proof a machine may believe what it holds: the default of `Pump`. */
export const LIVE_MS = 5_000;

export const RELATIONS = ['same_process', 'same_machine', 'other_machine'] as const;
export type Relation = (typeof RELATIONS)[number];

/** A process that reads and invalidates. */
export interface Party {
  readonly pid: number;
  readonly machine: MachineName;
  /** Its own way to Redis. */
  readonly line: Line;
  /** That of its machine's host service, which hears for the machine and delivers for the dead. */
  readonly serviceLine: Line;
  isDead: boolean;
}

/** By when what a strike named must be gone for a reader. */
export interface Terms {
  readonly relation: Relation;
  /** From when on the promise counts: T, or when reader and publisher were back. */
  readonly fromMs: number;
  /** A read that starts later and is older counts. */
  readonly allowedMs: number;
}

export function termsOf(strike: Strike, by: Party, reader: Party): Terms {
  const { resolvedMs } = strike;
  if (by.pid === reader.pid) return { relation: 'same_process', fromMs: resolvedMs, allowedMs: resolvedMs };
  if (by.machine === reader.machine) {
    return { relation: 'same_machine', fromMs: resolvedMs, allowedMs: resolvedMs + SAME_MACHINE_MS };
  }
  const relation = 'other_machine';
  let fromMs = publishedMs(strike, by);
  for (const { fromMs: cutMs, backMs } of reader.serviceLine.outages) {
    if (cutMs > fromMs + PROMISED_MS || backMs <= fromMs) continue;
    const deafMs = cutMs + LIVE_MS;
    if (deafMs < backMs) {
      // A load may have been under way, that nobody here could know to be overtaken.
      const lastsMs = fromMs < deafMs ? deafMs + SAME_MACHINE_MS : fromMs + LASTING_MS;
      return { relation, fromMs: Math.max(fromMs, deafMs), allowedMs: lastsMs };
    }
    fromMs = backMs;
  }
  return { relation, fromMs, allowedMs: fromMs + LASTING_MS };
}

/** When it can have gone out: a pending one when its publisher is back. */
function publishedMs({ calledMs, resolvedMs, pending }: Strike, by: Party): number {
  if (!pending) return resolvedMs;
  const isMeanwhile = ({ fromMs, backMs }: Outage): boolean => fromMs <= resolvedMs && backMs > calledMs;
  const line = by.isDead ? by.serviceLine : by.line;
  return Math.max(resolvedMs, ...line.outages.filter(isMeanwhile).map(({ backMs }) => backMs));
}
