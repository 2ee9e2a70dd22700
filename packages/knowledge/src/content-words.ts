import { withoutFillers } from './fillers.ts';
import { hasDigit } from './question-tokens.ts';
import type { Token } from './question-tokens.ts';

/** Words without which a question is still the same one. `do` is not among them: in Hinglish it is a number. */
const LIGHT = new Set(['the', 'an', 'does', 'did', 'of', 'just', 'really', 'very', 'hai', 'hain', 'है', 'हैं']);

/** Light before a subject only: `may` is a month, too, and a can has a content. */
const AUXILIARIES = new Set(['do', 'can', 'could', 'would', 'may']);
const SUBJECTS = new Set(['i', 'you', 'we', 'they', 'he', 'she', 'it']);

/** One form for what changes with its neighbour's gender or with politeness. */
const FORMS: ReadonlyMap<string, string> = new Map([
  ...formsOf('ka', 'ki ke'),
  ...formsOf('का', 'की के'),
  ...formsOf('kar', 'karo kare karen karein kariye kijiye karna karne'),
  ...formsOf('कर', 'करो करें करे कीजिए कीजिये करना करने'),
]);

/**
 * The words that carry the question, in their order: who does what to whom is told by it. Forms of `be` and `have` stay,
 * because they tell who pays from who is paid; so do question words, negations, pronouns, prepositions and numbers. Nothing is stemmed:
 * that earned a twentieth of a point of hits on real questions, and would take Peters for Peter.
 */
export function contentWords(tokens: readonly Token[]): readonly Token[] {
  const asked = withoutFillers(tokens);
  const heavy = withoutLight(asked);
  const kept = heavy.length === 0 ? asked : heavy;
  // What stood behind a light word may now be at the beginning.
  return withoutFillers(kept.map((token) => ({ ...token, text: FORMS.get(token.text) ?? token.text })));
}

/** From the end, so that each word is judged by the one that will stand behind it. */
function withoutLight(tokens: readonly Token[]): readonly Token[] {
  const kept: Token[] = [];
  for (const [index, token] of [...tokens.entries()].toReversed()) {
    const before = tokens[index - 1]?.text ?? '';
    const after = kept.at(-1)?.text ?? '';
    if (!isLight(token.text, before, after)) kept.push(token);
  }
  return kept.toReversed();
}

function isLight(word: string, before: string, after: string): boolean {
  // Not in "vitamin a", nor where letters are spelled.
  if (word === 'a') return before.length !== 1 && after.length > 1 && !hasDigit(after);
  return LIGHT.has(word) || (AUXILIARIES.has(word) && SUBJECTS.has(after));
}

function formsOf(form: string, others: string): readonly (readonly [string, string])[] {
  return others.split(' ').map((other) => [other, form] as const);
}
