import type { Backend } from '../backend/backend.ts';
import type { PendingTransition, Session } from './session.ts';

/**
 * Moves every session from one consistent state to the next.
 *
 * A round runs while no mutation does, so that all results of all sessions are of one timestamp. Scheduled mutations keep
 * to no turn: if one writes during a round, what it touched is refreshed again before anything is sent.
 */
export class Broadcaster {
  readonly #backend: Backend;
  readonly #sessions: Set<Session> = new Set();
  #wake: () => void = () => undefined;
  #isAwake = false;

  constructor(backend: Backend) {
    this.#backend = backend;
    backend.onWrite = () => this.wake();
    // Started here, outside of any function: a call from inside of one would run in its transaction.
    void this.#loop();
  }

  add(session: Session): void {
    this.#sessions.add(session);
  }

  delete(session: Session): void {
    this.#sessions.delete(session);
  }

  /** Says that something may have changed. */
  wake(): void {
    this.#isAwake = true;
    this.#wake();
  }

  async #loop(): Promise<never> {
    for (;;) {
      if (!this.#isAwake) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      this.#isAwake = false;
      await this.#backend.turns.take(() => this.#round(), { isUrgent: true });
    }
  }

  async #round(): Promise<void> {
    const pending = [...this.#sessions].map((session) => session.begin()).filter((one) => one !== undefined);
    if (pending.length === 0) return;
    await this.#refresh(pending);
    const ts = this.#backend.clock.current;
    for (const one of pending) one.send(ts);
  }

  async #refresh(pending: readonly PendingTransition[]): Promise<void> {
    let seen: number;
    do {
      seen = this.#backend.writes;
      await Promise.all(pending.map((one) => one.refresh()));
    } while (this.#backend.writes !== seen);
  }
}
