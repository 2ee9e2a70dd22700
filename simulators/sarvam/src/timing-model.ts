import { SeededRandom } from './seeded-random.ts';

/**
 * How long Sarvam takes, fitted to a live trace: the handshake 120-210 ms; the first chunk 130 ms (sigma 30) after the
 * flush or the full buffer; from then on 0.2-0.25 of the audio's own length. All delays are already scaled by `speed`.
 */
export class TimingModel {
  readonly #random: SeededRandom;
  readonly #speed: number;
  readonly #realTimeFactor: number | undefined;

  constructor(seed: number, speed: number, realTimeFactor?: number) {
    this.#random = new SeededRandom(seed);
    this.#speed = speed;
    this.#realTimeFactor = realTimeFactor;
  }

  handshakeMs(): number {
    return this.#speed * this.#random.between(120, 210);
  }

  firstChunkMs(): number {
    return this.#speed * Math.min(300, Math.max(60, this.#random.normal(130, 30)));
  }

  /** Time to synthesise one ms of audio. Drawn once per piece: load on the real service changes slowly. */
  realTimeFactor(): number {
    return this.#speed * (this.#realTimeFactor ?? this.#random.between(0.2, 0.25));
  }
}
