import type { Clock } from '@warmline/cache-core';
import type { Heard } from './unheard-changes.ts';
import type { WatchEvent } from './watch-event.ts';
import type { WatchRecord } from './watch-record.ts';

/** How far a machine has heard its source and for how long that is believed, as its record says it. Methods reject as the record does. */
export class WatchProgress {
  readonly #record: WatchRecord;
  readonly #clock: Clock;
  readonly #onEvent: (event: WatchEvent) => void;
  #heard: Heard | undefined;
  #liveUntilMs = Number.NEGATIVE_INFINITY;
  #isLive = false;
  #cancelLapse: (() => void) | undefined;
  #writes: Promise<void> = Promise.resolve();

  constructor(record: WatchRecord, clock: Clock, onEvent: (event: WatchEvent) => void) {
    this.#record = record;
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  /** `undefined` until something has been heard, by this watcher or one before it. */
  get heard(): Heard | undefined {
    return this.#heard;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /** Takes over from another watcher. What that one vouched for is over. */
  async begin(): Promise<void> {
    const position = this.#record.read()?.position;
    this.#heard = position === undefined ? undefined : { upTo: position };
    await this.#write();
  }

  /** Everything up to this commit has been applied. */
  async moveTo(upTo: bigint | undefined): Promise<void> {
    this.#heard = { upTo };
    await this.#write();
  }

  /** The machine hears of commits until then, in the time of the clock. */
  async vouch(untilMs: number): Promise<void> {
    if (untilMs <= this.#clock.now()) return;
    this.#liveUntilMs = untilMs;
    await this.#write();
    // Revoked, or over, while it was written.
    if (this.#liveUntilMs !== untilMs || untilMs <= this.#clock.now()) return;
    this.#setLive(true);
    this.#cancelLapse?.();
    this.#cancelLapse = this.#clock.after(untilMs - this.#clock.now(), () => this.#setLive(false));
  }

  /** Nothing is vouched for any more. */
  async revoke(): Promise<void> {
    this.#liveUntilMs = Number.NEGATIVE_INFINITY;
    this.#cancelLapse?.();
    this.#setLive(false);
    await this.#write();
  }

  #setLive(isLive: boolean): void {
    if (isLive === this.#isLive) return;
    this.#isLive = isLive;
    this.#onEvent({ type: 'watch', state: isLive ? 'live' : 'lapsed' });
  }

  /** One after the other, and each as things stand when its turn comes: what is written last is what is so. */
  #write(): Promise<void> {
    const write = async (): Promise<void> => {
      const position = this.#heard?.upTo;
      const liveForMs = Math.max(0, this.#liveUntilMs - this.#clock.now());
      await this.#record.write({ ...(position !== undefined && { position }), liveForMs });
    };
    const written = this.#writes.then(write);
    this.#writes = written.catch(() => {});
    return written;
  }
}
