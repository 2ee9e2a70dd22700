import { hash } from 'node:crypto';
import { systemClock } from '@warmline/cache-core';
import type { HostTier } from '@warmline/cache-lmdb';
import type { CachedTts, Warmed } from '@warmline/tts-cache';

/** @see Host.warm */
export interface WarmListOptions {
  /** Sentences sent to the provider in any minute; what is warm already does not count. @default 60 */
  readonly perMinute?: number;
  /** Sentences spoken at the same time, each on a connection of the provider. @default 2 */
  readonly concurrency?: number;
  /** Speak anew what has expired, every six hours. @default true */
  readonly again?: boolean;
}

/** Well before the 24 hours after which phrases expire. */
const AGAIN_MS = 6 * 3_600_000;

/**
 * Warms lists of phrases, one process of a machine at a time: who comes second finds everything warm, and sends nothing. When
 * the process that warms dies, the next one goes on where it stopped.
 */
export class Warmer {
  readonly #host: HostTier | undefined;
  readonly #cancels = new Set<() => void>();

  constructor(host: HostTier | undefined) {
    this.#host = host;
  }

  async warm(voice: CachedTts, phrases: Iterable<string>, options: WarmListOptions = {}): Promise<Warmed> {
    const { perMinute = 60, concurrency = 2, again = true } = options;
    const list = [...phrases];
    const run = (): Promise<Warmed> =>
      this.alone(JSON.stringify(list), () => voice.warmPhrases(list, { perMinute, concurrency }));
    const warmed = await run();
    if (again) this.#repeat(run);
    return warmed;
  }

  close(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #repeat(run: () => Promise<Warmed>): void {
    const cancel = systemClock.after(AGAIN_MS, () => {
      this.#cancels.delete(cancel);
      this.#repeat(run);
      run().catch((error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)));
    });
    this.#cancels.add(cancel);
  }

  /** One process of the machine at a time. Without a host tier, or when that fails, something may be warmed twice. */
  async alone<T>(what: string, run: () => Promise<T>): Promise<T> {
    const name = `warm/${hash('sha256', what, 'hex').slice(0, 32)}`;
    const held = await this.#host?.leases.hold(name).catch(() => undefined);
    try {
      return await run();
    } finally {
      await held?.release();
    }
  }
}
