import { hash, randomInt } from 'node:crypto';
import { every, hostNow, pause } from './clock.ts';
import type { HostLease } from './host-lease.ts';
import type { HostTier } from './host-tier.ts';
import { recordKey } from './names.ts';

/** The right to hold one connection of an account. */
export interface AccountPermit {
  /** Gives it back. Never throws; a second call does nothing. */
  release(): void;
}

/** @see AccountPermits */
export interface AccountPermitsOptions {
  /** Whose connections are counted, for example the provider and its API key; only a hash of it is written down. */
  readonly account: string;
  /** Connections that all processes of this machine may hold together. */
  readonly limit: number;
}

/** A holder that dies is seen at once; one that hangs loses its permits after so long. */
const TERM_MS = 15_000;
const RENEW_MS = 4_000;
const WANTED_MS = 120;
const FIRST_PAUSE_MS = 4;
const LAST_PAUSE_MS = 20;

/**
 * The connections of a provider's account, shared by all processes of this machine: a provider that allows 30 refuses the 31st,
 * whichever process opens it.
 */
export class AccountPermits {
  readonly #tier: HostTier;
  readonly #limit: number;
  readonly #name: string;
  /** With the number of the permit that each is. */
  readonly #held = new Map<HostLease, number>();
  #stopRenewing: (() => void) | undefined;

  /** @throws TypeError when the limit is not a whole number of at least 1. */
  constructor(tier: HostTier, { account, limit }: AccountPermitsOptions) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new TypeError(`limit must be a whole number of at least 1, got ${String(limit)}`);
    }
    this.#tier = tier;
    this.#limit = limit;
    this.#name = `permit/${hash('sha256', account, 'hex').slice(0, 32)}`;
  }

  /** @returns `undefined` when none was free within `waitMs`. Rejects with the signal's reason, or when the tier fails. */
  async acquire(waitMs: number, signal?: AbortSignal): Promise<AccountPermit | undefined> {
    const untilMs = hostNow() + waitMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 1.5)) {
      signal?.throwIfAborted();
      const first = randomInt(this.#limit);
      const permit = await this.#tryAll(first);
      if (permit !== undefined && signal?.aborted === true) permit.release();
      signal?.throwIfAborted();
      if (permit !== undefined) return permit;
      if (hostNow() >= untilMs) return undefined;
      await this.#want(first);
      await pause(Math.min(pauseMs, Math.max(0, untilMs - hostNow())));
    }
  }

  /** Whether somebody waits for one of this process's permits: a connection that is not in use should be given up. */
  isWanted(): boolean {
    try {
      this.#tier.file.renew();
      return [...this.#held.values()].some((slot) => this.#isWanted(slot));
    } catch {
      // Without a host tier nobody can be waiting here.
      return false;
    }
  }

  /** Gives all permits of this process back. */
  async close(): Promise<void> {
    this.#stopRenewing?.();
    await Promise.all([...this.#held.keys()].map((lease) => lease.release()));
    this.#held.clear();
  }

  /** Each begins somewhere else, so that they do not all run for the same one. */
  async #tryAll(first: number): Promise<AccountPermit | undefined> {
    for (let step = 0; step < this.#limit; step++) {
      const slot = (first + step) % this.#limit;
      if (this.#tier.leases.holderOf(this.#leaseOf(slot)) !== undefined) continue;
      const lease = await this.#tier.leases.acquire(this.#leaseOf(slot), TERM_MS);
      if (lease !== undefined) return this.#permit(lease, slot);
    }
    return undefined;
  }

  #permit(lease: HostLease, slot: number): AccountPermit {
    this.#held.set(lease, slot);
    this.#stopRenewing ??= every(RENEW_MS, () => void this.#renewAll());
    return {
      release: () => {
        if (!this.#held.delete(lease)) return;
        if (this.#held.size === 0) {
          this.#stopRenewing?.();
          this.#stopRenewing = undefined;
        }
        void lease.release();
      },
    };
  }

  async #renewAll(): Promise<void> {
    // One that could not be renewed is tried again in time; one that is lost was this process's own standstill.
    await Promise.allSettled([...this.#held.keys()].map((lease) => lease.renew(TERM_MS)));
  }

  /** Asks one holder, and at the next turn another: if all were asked, all would give up what only one needs. */
  async #want(slot: number): Promise<void> {
    if (this.#isWanted(slot)) return;
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(hostNow() + WANTED_MS);
    await this.#tier.file.commit(undefined, (batch) => batch.put(this.#wantedOf(slot), bytes, 1));
  }

  #isWanted(slot: number): boolean {
    const view = this.#tier.file.view(this.#wantedOf(slot), 8);
    return view !== undefined && hostNow() < view.getFloat64(0, true);
  }

  #leaseOf(slot: number): string {
    return `${this.#name}/${slot}`;
  }

  #wantedOf(slot: number): string {
    return recordKey('head', `wanted/${this.#name}/${slot}`);
  }
}
