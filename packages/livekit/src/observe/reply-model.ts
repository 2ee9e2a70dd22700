import type { LoggedObservation } from './logged-observation.ts';

/** @see ReplyModel.meet */
export interface Met {
  /** False when the caller had interrupted before it. */
  readonly reached: boolean;
  /** Misses that were whole by the interruption, with this one known; empty in a reply that was not interrupted. */
  readonly whole: readonly LoggedObservation[];
}

/**
 * How far an interrupted reply would have come. With a cache the provider speaks only the misses: by the interruption it has
 * spoken as many characters as it did without one, and so is further on in the reply.
 *
 * Misses are spoken in runs; where `cachedTts` speaks by the sentence, each is a run of its own. A hit ends a run; one that
 * the caller interrupts is lost as a whole.
 */
export class ReplyModel {
  #missedChars = 0;
  #run: LoggedObservation[] = [];
  #beforeRun = 0;

  /** @param observation the next sentence of the reply. */
  meet(observation: LoggedObservation, hit: boolean): Met {
    const { unit, chars, interruption } = observation;
    if (interruption === undefined) return { reached: true, whole: [] };
    const { spokenChars } = interruption;
    const ended = hit ? this.#endRun(spokenChars) : [];
    const reached = this.#beforeRun <= spokenChars;
    if (hit) return { reached, whole: ended };
    this.#missedChars += chars;
    this.#run.push(observation);
    return { reached, whole: unit === 'sentence' ? this.#endRun(spokenChars) : [] };
  }

  #endRun(spokenChars: number): readonly LoggedObservation[] {
    const run = this.#run;
    this.#run = [];
    this.#beforeRun = this.#missedChars;
    return this.#missedChars <= spokenChars ? run : [];
  }
}
