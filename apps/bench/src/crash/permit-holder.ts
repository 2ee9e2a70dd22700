import { setTimeout as sleep } from 'node:timers/promises';
import { AccountPermits } from '@warmline/cache-lmdb';
import type { HostTier } from '@warmline/cache-lmdb';
import { monotonicMs } from '../processes/monotonic.ts';
import { tell } from '../processes/serve.ts';
import type { Counters } from './counters.ts';
import { COMMON_ACCOUNT } from './stage.ts';
import type { StateFile } from './state-file.ts';

/** Told once a permit is held, and before it is given back; on the clock that all processes share. */
export interface PermitNote {
  readonly type: 'permit-held' | 'permit-released';
  readonly serial: number;
  readonly atMs: number;
}

const LOOPS = 2;
const WAIT_MS = 500;
const MAX_HOLD_MS = 40;

/** Takes permits of the account that all share, more often than there are any. */
export class PermitHolder {
  readonly #permits: AccountPermits;
  readonly #state: StateFile;
  readonly #counters: Counters;
  #serial = 0;
  #ended = false;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(tier: HostTier, state: StateFile, counters: Counters) {
    this.#permits = new AccountPermits(tier, COMMON_ACCOUNT);
    this.#state = state;
    this.#counters = counters;
  }

  begin(): void {
    this.#loops = Promise.all(Array.from({ length: LOOPS }, () => this.#loop()));
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#loops;
    await this.#counters.watch(() => this.#permits.close(), 'failed');
  }

  async #loop(): Promise<void> {
    while (!this.#ended) {
      const permit = await this.#counters.watch(() => this.#permits.acquire(WAIT_MS), 'refused');
      if (permit === undefined) continue;
      const serial = this.#serial++;
      this.#note('permit-held', serial);
      this.#state.add('permits', 1);
      await sleep(Math.random() * MAX_HOLD_MS);
      this.#state.add('permits', -1);
      this.#note('permit-released', serial);
      permit.release();
    }
  }

  #note(type: PermitNote['type'], serial: number): void {
    tell({ type, serial, atMs: monotonicMs() } satisfies PermitNote);
  }
}
