import { hash } from 'node:crypto';
import type { HostTier } from '@warmline/cache-lmdb';
import type { CachedTts, Warmed } from '@warmline/tts-cache';
import { every, pause } from './clock.ts';

/** @see Host.warm */
export interface WarmListOptions {
  /** Sentences sent to the provider in any minute; what is warm already does not count. @default 60 */
  readonly perMinute?: number;
  /** Sentences spoken at the same time, each on a connection of the provider. @default 2 */
  readonly concurrency?: number;
  /** Speak anew what has expired, every six hours. @default true */
  readonly again?: boolean;
}

const LEASE_MS = 5000;
const RENEW_MS = 1500;
const LOOK_MS = 250;
/** Well before the 24 hours after which phrases expire. */
const AGAIN_MS = 6 * 3_600_000;

/**
 * Warms lists of phrases, one process of a machine at a time: who comes second finds everything warm, and sends nothing. When
 * the process that warms dies, the next one goes on where it stopped.
 */
export class Warmer {
  readonly #host: HostTier | undefined;
  readonly #stops = new Set<() => void>();

  constructor(host: HostTier | undefined) {
    this.#host = host;
  }

  async warm(voice: CachedTts, phrases: Iterable<string>, options: WarmListOptions = {}): Promise<Warmed> {
    const { perMinute = 60, concurrency = 2, again = true } = options;
    const list = [...phrases];
    const run = (): Promise<Warmed> => this.#alone(list, () => voice.warmPhrases(list, { perMinute, concurrency }));
    const warmed = await run();
    if (!again) return warmed;
    this.#stops.add(
      every(AGAIN_MS, () => {
        run().catch((error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)));
      }),
    );
    return warmed;
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#stops.clear();
  }

  async #alone<T>(list: readonly string[], run: () => Promise<T>): Promise<T> {
    if (this.#host === undefined) return run();
    const name = `warm/${hash('sha256', JSON.stringify(list), 'hex').slice(0, 32)}`;
    let lease = await this.#host.leases.acquire(name, LEASE_MS);
    while (lease === undefined) {
      await pause(LOOK_MS);
      lease = await this.#host.leases.acquire(name, LEASE_MS);
    }
    const held = lease;
    // One that cannot be renewed costs at worst a phrase that is spoken twice.
    const stop = every(RENEW_MS, () => void held.renew(LEASE_MS).catch(() => false));
    try {
      return await run();
    } finally {
      stop();
      await held.release();
    }
  }
}
