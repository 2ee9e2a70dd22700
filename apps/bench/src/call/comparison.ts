import type { HeardSentence, HeardTurn } from './call.ts';
import type { Ledger } from './simulator-process.ts';

/** What was heard, held against what the provider says it has sent. */
export interface Comparison {
  /** Sentences whose bytes were compared. */
  readonly compared: number;
  /** Sentences whose bytes are no take of that sentence in the ledger. */
  readonly mismatches: number;
  /** Sentences whose bytes are a take of another sentence. */
  readonly orderViolations: number;
  /** Sentences from the cache that are shorter than every complete take. */
  readonly truncatedStored: number;
  /** Sentences that should have been heard and were not, or the other way round. */
  readonly unheard: number;
  /** Bytes at the output that belong to no sentence. */
  readonly strayBytes: number;
}

/** A comparison of nothing. */
export const NOTHING_COMPARED: Comparison = Object.freeze({
  compared: 0,
  mismatches: 0,
  orderViolations: 0,
  truncatedStored: 0,
  unheard: 0,
  strayBytes: 0,
});

export function compare(turns: readonly HeardTurn[], ledger: Ledger): Comparison {
  const takes = Map.groupBy(
    ledger.utterances.filter(({ complete }) => complete),
    ({ language, text }) => keyOf(language, text),
  );
  const owners = new Map(ledger.utterances.map(({ sha256, language, text }) => [sha256, keyOf(language, text)]));
  const result = { ...NOTHING_COMPARED };
  for (const turn of turns) {
    result.unheard += Math.abs(turn.expected.length - turn.sentences.length);
    result.strayBytes += Math.abs(turn.strayBytes);
    for (const sentence of turn.sentences) {
      result.compared++;
      const own = takes.get(keyOf(sentence.language, sentence.text)) ?? [];
      if (own.some(({ sha256 }) => sha256 === sentence.sha256)) continue;
      result.mismatches++;
      const owner = owners.get(sentence.sha256);
      if (owner !== undefined && owner !== keyOf(sentence.language, sentence.text)) result.orderViolations++;
      if (sentence.source === 'stored' && own.every(({ bytes }) => bytes > sentence.bytes)) result.truncatedStored++;
    }
  }
  return result;
}

/** One sentence in one voice. */
export function keyOf(language: HeardSentence['language'], text: string): string {
  return `${language}/${text}`;
}
