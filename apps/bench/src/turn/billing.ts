import { admitPhrase } from '@warmline/tts-cache';
import type { HeardTurn } from '../call/call.ts';
import { keyOf } from '../call/comparison.ts';

/** Why characters were billed. The three parts must add up to the provider's own count. */
export interface Billing {
  /** Each admitted sentence of each voice, once. */
  readonly distinctAdmitted: number;
  /** Sentences that the policy does not store, each time they are said. */
  readonly nonAdmitted: number;
  /** Admitted sentences that were spoken again, because they had been evicted. */
  readonly rebilled: number;
  readonly rebilledSentences: number;
}

/** A bill of nothing. */
export const NOTHING_BILLED: Billing = Object.freeze({
  distinctAdmitted: 0,
  nonAdmitted: 0,
  rebilled: 0,
  rebilledSentences: 0,
});

/** Explains the bill of one cache's life from what should have been said and who said it. */
export function explainBill(turns: readonly HeardTurn[]): Billing {
  const admitted = new Map<string, { readonly chars: number; recorded: number }>();
  let nonAdmitted = 0;
  for (const turn of turns) {
    for (const [index, text] of turn.expected.entries()) {
      if (!admitPhrase(text)) {
        nonAdmitted += text.length;
        continue;
      }
      const key = keyOf(turn.language, text);
      const entry = admitted.get(key) ?? { chars: text.length, recorded: 0 };
      if (turn.sentences[index]?.source === 'recorded') entry.recorded++;
      admitted.set(key, entry);
    }
  }
  const result = { ...NOTHING_BILLED, nonAdmitted };
  for (const { chars, recorded } of admitted.values()) {
    const again = Math.max(0, recorded - 1);
    result.distinctAdmitted += chars;
    result.rebilled += again * chars;
    result.rebilledSentences += again;
  }
  return result;
}

/** Characters that the parts explain. */
export function totalOf(bill: Billing): number {
  return bill.distinctAdmitted + bill.nonAdmitted + bill.rebilled;
}
