import { priceOf } from '@warmline/tts-cache';
import type { Price } from '@warmline/tts-cache';
import type { Replayed } from './replay.ts';

/** @see forecastMoney */
export interface MoneyForecast {
  /** One entry a currency. */
  readonly money: readonly {
    readonly currency: string;
    /** Charged for all characters, and of that for the hits. */
    readonly spent: number;
    readonly saved: number;
    /** ISO date on which the list price was looked up; `undefined` for a price of your own. */
    readonly asOf: string | undefined;
  }[];
  /** `provider model` of sentences for which no price is known; their characters are in none of the sums. */
  readonly unpriced: readonly string[];
}

/** Money a day, at your own price or else the list price of each provider and model. */
export function forecastMoney(replayed: readonly Replayed[], days: number, own: Price | undefined): MoneyForecast {
  const money = new Map<string, MoneyForecast['money'][number]>();
  const unpriced = new Set<string>();
  for (const { observation, hit } of replayed) {
    const { provider, model, chars } = observation;
    const price = own ?? priceOf(provider, model);
    if (price === undefined) {
      unpriced.add(`${provider} ${model}`);
      continue;
    }
    const cost = ((chars / 1000) * price.perThousandChars) / days;
    const { spent = 0, saved = 0 } = money.get(price.currency) ?? {};
    money.set(price.currency, {
      currency: price.currency,
      spent: spent + cost,
      saved: saved + (hit ? cost : 0),
      asOf: price.asOf,
    });
  }
  return { money: [...money.values()], unpriced: [...unpriced].toSorted() };
}
