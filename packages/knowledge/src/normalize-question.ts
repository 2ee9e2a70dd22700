import { contentWords } from './content-words.ts';
import { withoutFillers } from './fillers.ts';
import { foldText } from './fold-text.ts';
import { questionTokens } from './question-tokens.ts';

/**
 * How far apart two questions may be written and still share a search.
 * `exact`: white space and Unicode composition. `normalised`: also case, punctuation, digits of another script, contractions, and
 * fillers. `strong`: also words that carry little, like articles and the `do` of questions. Numbers, negations, names and the
 * order of words tell questions apart at every level.
 */
export type QuestionLevel = 'exact' | 'normalised' | 'strong';

/** Grows whenever {@link normalizeQuestion} gives another text for the same question. */
export const NORMALIZER_VERSION = 1;

/** In UTF-16 units: longer text is no question, and composing its characters alone may take minutes. */
const LONGEST_QUESTION = 2_000;

/**
 * The form in which a question is looked up; never empty unless the question is, and its own form. What consists of fillers
 * only keeps them, what has no letter, digit or meaningful sign stays as it is. So does, untouched and at every level, what is longer than 2,000 UTF-16 units.
 * @param language BCP 47. Fillers and light words are known in English and Hindi, also in Latin script: in other languages none are left out
 * (the Portuguese `um` is a number). @default taken for one of these
 */
export function normalizeQuestion(text: string, level: QuestionLevel = 'normalised', language?: string): string {
  if (text.length > LONGEST_QUESTION) return text;
  const exact = text.normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
  if (level === 'exact') return exact;
  const tokens = questionTokens(foldText(exact));
  const kept = isKnown(language) ? (level === 'strong' ? contentWords : withoutFillers)(tokens) : tokens;
  // Without what stood between them two signs may be one.
  return kept.length === 0
    ? exact
    : kept
        .map(({ text: word }) => word)
        .join(' ')
        .normalize('NFC');
}

function isKnown(language: string | undefined): boolean {
  return language === undefined || /^(?:en|hi)(?:[-_]|$)/iu.test(language);
}
