import type { LoggedObservation } from './logged-observation.ts';

/** Audio that was, or was being, recorded. */
interface Recorded {
  readonly call: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * The phrases of one machine: a process tier in each call and a host tier for all, which starts empty and loses nothing
 * before its time.
 *
 * The process tier needs no model of its own: what it holds, the host tier holds as long. But only the call that records a
 * sentence can hear it before it is whole (`shared` in the statistics of `cachedTts`): another call is not made to wait,
 * and records it once more.
 */
export class HostModel {
  readonly #ttlMs: number;
  readonly #recorded = new Map<string, Recorded[]>();

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  has({ key, call, unit, admitted, startedAtMs }: LoggedObservation): boolean {
    if (!admitted) return false;
    // A sentence of a run has no recording of its own.
    const heardAlong = (by: string): boolean => by === call && unit === 'sentence';
    return this.#alive(key, startedAtMs).some(({ call: by, fromMs }) => fromMs <= startedAtMs || heardAlong(by));
  }

  /** Keeps a sentence from when it was whole, if it ever was. As in the cache, its time counts from when it was looked for. */
  store({ key, call, admitted, startedAtMs, wouldBeStoredAtMs, interruption }: LoggedObservation): void {
    const fromMs = wouldBeStoredAtMs ?? interruption?.atMs;
    if (!admitted || fromMs === undefined) return;
    const recorded = { call, fromMs, untilMs: startedAtMs + this.#ttlMs };
    this.#recorded.set(key, [...this.#alive(key, startedAtMs), recorded]);
  }

  #alive(key: string, atMs: number): readonly Recorded[] {
    return this.#recorded.get(key)?.filter(({ untilMs }) => atMs < untilMs) ?? [];
  }
}
