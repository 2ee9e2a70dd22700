import type { Cache } from '@warmline/cache-core';
import type { PhraseEvent } from './events.ts';
import type { Price } from './prices.ts';
import { priceOf } from './prices.ts';
import type { Provider } from './provider.ts';
import type { Speech } from './speech.ts';

/** Money, with the day its price was true. */
export interface Money {
  readonly amount: number;
  /** ISO 4217 */
  readonly currency: string;
  /** ISO date on which the list price was looked up, or `undefined` for a price of your own. */
  readonly asOf: string | undefined;
}

/** What a wrapped TTS has done since its creation. Characters are UTF-16 units, durations milliseconds. */
export interface PhraseCacheStats {
  /** Sentences handed over from a tier. */
  readonly hits: number;
  /** Hits by the tier that had them. */
  readonly hitsByTier: Readonly<Record<string, number>>;
  /** Sentences heard from a recording that another caller of this process had under way. */
  readonly shared: number;
  /** Sentences spoken by the provider. */
  readonly misses: number;
  /** (hits + shared) / all; 0 when nothing was spoken. */
  readonly hitRate: number;
  readonly spokenChars: number;
  readonly billedChars: number;
  /** spokenChars - billedChars */
  readonly savedChars: number;
  /** Waiting saved: hits and shared sentences × the mean wait for a miss, less what they waited themselves. */
  readonly savedMs: number;
  /** At the list price of each provider; one entry a currency, none where no price is known. */
  readonly saved: readonly Money[];
  /** Sentences spoken but not stored, by reason. */
  readonly notStored: Readonly<Record<string, number>>;
  /** Sentences that could not be spoken, or had nothing to say. */
  readonly unspoken: number;
  /** Sentences now in the process tier, and their bytes. */
  readonly phrases: number;
  readonly bytes: number;
}

/** Adds up the events of one wrapped TTS. */
export class PhraseStatsRecorder {
  readonly #cache: Cache<Speech>;
  readonly #providers: readonly Provider[];
  readonly #price: Price | undefined;
  readonly #hitsByTier = new Map<string, number>();
  readonly #notStored = new Map<string, number>();
  readonly #savedChars = new Map<number, number>();
  #shared = 0;
  #misses = 0;
  #spokenChars = 0;
  #billedChars = 0;
  #missWaitMs = 0;
  #otherWaitMs = 0;
  #unspoken = 0;

  constructor(cache: Cache<Speech>, providers: readonly Provider[], price: Price | undefined) {
    this.#cache = cache;
    this.#providers = providers;
    this.#price = price;
  }

  record(event: PhraseEvent): void {
    if (event.type === 'unspoken') this.#unspoken++;
    if (event.type === 'not-stored') add(this.#notStored, event.reason, 1);
    if (event.type !== 'speech') return;
    this.#spokenChars += event.spokenChars;
    this.#billedChars += event.billedChars;
    add(this.#savedChars, event.provider, event.spokenChars - event.billedChars);
    if (event.source === 'recorded') {
      this.#misses++;
      this.#missWaitMs += event.waitMs;
      return;
    }
    this.#otherWaitMs += event.waitMs;
    if (event.source === 'shared') this.#shared++;
    else add(this.#hitsByTier, event.tier ?? 'process', 1);
  }

  snapshot(): PhraseCacheStats {
    const hits = [...this.#hitsByTier.values()].reduce((sum, count) => sum + count, 0);
    const served = hits + this.#shared;
    const all = served + this.#misses;
    const missWaitMs = this.#misses === 0 ? 0 : this.#missWaitMs / this.#misses;
    const { entries, bytes } = this.#cache.stats();
    return {
      hits,
      hitsByTier: Object.fromEntries(this.#hitsByTier),
      shared: this.#shared,
      misses: this.#misses,
      hitRate: all === 0 ? 0 : served / all,
      spokenChars: this.#spokenChars,
      billedChars: this.#billedChars,
      savedChars: this.#spokenChars - this.#billedChars,
      savedMs: Math.max(0, served * missWaitMs - this.#otherWaitMs),
      saved: this.#saved(),
      notStored: Object.fromEntries(this.#notStored),
      unspoken: this.#unspoken,
      phrases: entries,
      bytes,
    };
  }

  #saved(): readonly Money[] {
    const byCurrency = new Map<string, Money>();
    for (const provider of this.#providers) {
      const price = this.#price ?? priceOf(provider.inner.provider, provider.inner.model);
      if (price === undefined) continue;
      const amount = ((this.#savedChars.get(provider.index) ?? 0) / 1000) * price.perThousandChars;
      const before = byCurrency.get(price.currency)?.amount ?? 0;
      byCurrency.set(price.currency, { amount: before + amount, currency: price.currency, asOf: price.asOf });
    }
    return [...byCurrency.values()];
  }
}

function add<K>(counts: Map<K, number>, key: K, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
