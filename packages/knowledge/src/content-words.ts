import { withoutFillers } from './fillers.ts';
import type { Token } from './question-tokens.ts';

/**
 * Words without which a question is still the same one. `do` is not among them: in Hinglish it is a number. Nor are `a`, `an` and
 * `just`, which earned a fifteenth of a point: they name things ("plan a costs", "a positive blood", "call An Nguyen", "Just Dial").
 */
const LIGHT = new Set(['the', 'does', 'did', 'of', 'hai', 'hain', 'है', 'हैं']);

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
  let kept = tokens;
  // Again while something goes: what stood behind a light word may now be at the beginning.
  for (let before = Number.POSITIVE_INFINITY; kept.length < before;) {
    before = kept.length;
    kept = withoutLight(withoutFillers(kept));
  }
  return kept.map((token) => ({ ...token, text: FORMS.get(token.text) ?? token.text }));
}

/** From the end, so that each word is judged by the one that will stand behind it. */
function withoutLight(tokens: readonly Token[]): readonly Token[] {
  const kept: Token[] = [];
  for (const token of tokens.toReversed()) {
    if (!isLight(token.text, kept.at(-1)?.text ?? '')) kept.push(token);
  }
  return kept.length === 0 ? tokens : kept.toReversed();
}

function isLight(word: string, after: string): boolean {
  return LIGHT.has(word) || (AUXILIARIES.has(word) && SUBJECTS.has(after));
}

function formsOf(form: string, others: string): readonly (readonly [string, string])[] {
  return others.split(' ').map((other) => [other, form] as const);
}
