import { admitPhrase } from '@warmline/tts-cache';
import type { HeardSentence, HeardTurn } from '../../call/call.ts';
import { keyOf } from '../../call/comparison.ts';
import type { ForkedCall } from './forked-calls.ts';

/** Who had a sentence, seen from the process that spoke it. */
export type SpokenBy = 'host' | 'process' | 'provider';

/** What other callers of the same process are recording is its own as well. */
export function spokenBy({ source, tier }: HeardSentence): SpokenBy {
  if (source === 'recorded') return 'provider';
  return source === 'stored' && tier === 'host' ? 'host' : 'process';
}

export function turnsOf(calls: readonly ForkedCall[]): readonly HeardTurn[] {
  return calls.flatMap(({ turns }) => turns);
}

export function sentencesOf(calls: readonly ForkedCall[]): readonly HeardSentence[] {
  return turnsOf(calls).flatMap(({ sentences }) => sentences);
}

/** Waits for the first audio of the turns whose first sentence came from there. */
export function firstAudioMs(calls: readonly ForkedCall[], from: SpokenBy): number[] {
  return turnsOf(calls).flatMap(({ sentences: [first], firstAudioMs: ms }) =>
    first !== undefined && ms !== undefined && spokenBy(first) === from ? [ms] : [],
  );
}

/** The same of the first turn of each call: what the process does for the first time it does slower. */
export function firstTurnMs(calls: readonly ForkedCall[], from: SpokenBy): number[] {
  return calls.flatMap((call) => firstAudioMs([{ ...call, turns: call.turns.slice(0, 1) }], from));
}

export function countOf(calls: readonly ForkedCall[], from: SpokenBy): number {
  return sentencesOf(calls).filter((sentence) => spokenBy(sentence) === from).length;
}

/** Sentences of some calls that may be stored and that a call before had spoken. */
export interface HeardBefore {
  readonly expected: number;
  /** What the provider spoke all the same. */
  readonly spokenAgain: readonly HeardSentence[];
}

/** @param earlier calls before these. */
export function heardBefore(calls: readonly ForkedCall[], earlier: readonly ForkedCall[] = []): HeardBefore {
  const admitted = (call: ForkedCall): readonly HeardSentence[] =>
    sentencesOf([call]).filter(({ text }) => admitPhrase(text));
  const keysOf = (call: ForkedCall): string[] => admitted(call).map(({ language, text }) => keyOf(language, text));
  const known = new Set(earlier.flatMap(keysOf));
  const before: HeardSentence[] = [];
  for (const call of calls) {
    before.push(...admitted(call).filter(({ language, text }) => known.has(keyOf(language, text))));
    for (const key of keysOf(call)) known.add(key);
  }
  return { expected: before.length, spokenAgain: before.filter((sentence) => spokenBy(sentence) === 'provider') };
}

/** Calls of the host tier that failed or were late: what is loaded then is not written down for other processes. */
export function tierErrorsOf(calls: readonly ForkedCall[]): number {
  return calls.reduce((sum, { tierErrors }) => sum + tierErrors, 0);
}

export function charsOf(sentences: readonly HeardSentence[]): number {
  return sentences.reduce((sum, { text }) => sum + text.length, 0);
}
