import type { Voice } from './voice.ts';

/** Counts how often the account has asked for a text in a voice: 1 for the first time. */
export class Takes {
  readonly #counts: Map<string, number> = new Map();

  next(voice: Voice, text: string): number {
    const key = JSON.stringify([voice, text]);
    const take = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, take);
    return take;
  }

  reset(): void {
    this.#counts.clear();
  }
}
