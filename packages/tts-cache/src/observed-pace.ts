/** Speech until one has been heard: 15 characters a second (live Sarvam speech has 16). */
const USUAL_MS_PER_CHAR = 1000 / 15;

/** How long a character takes to say, learned from whole replies: an interrupted one does not tell how long it would have been. */
export class ObservedPace {
  #chars = 0;
  #audioMs = 0;

  get msPerChar(): number {
    return this.#chars === 0 ? USUAL_MS_PER_CHAR : this.#audioMs / this.#chars;
  }

  learn(chars: number, audioMs: number): void {
    this.#chars += chars;
    this.#audioMs += audioMs;
  }
}
