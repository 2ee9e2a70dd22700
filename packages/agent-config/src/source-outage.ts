import { createCache } from '@warmline/cache-core';
import type { Cache, CacheOptions } from '@warmline/cache-core';

const NAME = 'agent-source';
const KEY = 'away';
/** Long enough for all who queue behind the one that has failed; no longer than anybody would notice after the source is back. */
const BELIEVED_MS = 500;

/**
 * That the source has just failed, for all processes of the machine. Each call is a process of its own: without it each would find out by
 * itself, one after the other, while a caller waits for the first word.
 */
export class SourceOutage {
  readonly #cache: Cache<boolean>;

  constructor({ tiers = [], ...options }: Pick<CacheOptions<boolean>, 'scope' | 'tiers' | 'clock'>) {
    // The nearest tier only: what one machine cannot reach another may.
    this.#cache = createCache<boolean>({
      ...options,
      name: NAME,
      tiers: tiers.slice(0, 1),
      ttl: BELIEVED_MS,
      immutable: true,
      maxBytes: 4_096,
    });
  }

  async isOn(): Promise<boolean> {
    return (await this.#cache.get(KEY)) === true;
  }

  async begin(): Promise<void> {
    await this.#cache.set(KEY, true);
  }

  /** Somebody has heard of the source since. */
  async end(): Promise<void> {
    if (await this.isOn()) await this.#cache.delete(KEY);
  }

  close(): Promise<void> {
    return this.#cache.close();
  }
}
