/** List price of text-to-speech. */
export interface Price {
  readonly currency: string;
  /** Per 1,000 characters. */
  readonly perThousandChars: number;
  /** ISO date on which the price was looked up; `undefined` for a price of your own. */
  readonly asOf?: string;
}

interface ListPrice extends Price {
  readonly provider: string;
  /** Models whose name begins with this. */
  readonly model: string;
}

/** Public list prices before volume discounts. A contract price belongs into the `price` option. */
const LIST_PRICES: readonly ListPrice[] = [
  // docs.sarvam.ai, pricing: Bulbul v3, Rs 30 per 10,000 characters.
  { provider: 'sarvam', model: 'bulbul:v3', currency: 'INR', perThousandChars: 3, asOf: '2026-09-20' },
];

/** The list price of a provider's model, by LiveKit's names for both; `undefined` where none is known. */
export function priceOf(provider: string, model: string): Price | undefined {
  const name = provider.toLowerCase();
  return LIST_PRICES.find((price) => name === price.provider && model.startsWith(price.model));
}
