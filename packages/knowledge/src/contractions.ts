const NEGATED =
  'do does did is are was were have has had could should would must need might ought dare can will shall ai'.split(' ');

/** What is left of a verb before `n't`, where that is not the verb. */
const CLIPPED: Readonly<Record<string, string>> = { can: 'ca', will: 'wo', shall: 'sha' };

/** By how recognisers and people in a hurry write them: `dont`. None of them is a common word itself. */
const NEGATIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ...NEGATED.map((verb) => [`${CLIPPED[verb] ?? verb}nt`, [verb === 'ai' ? 'is' : verb, 'not']] as const),
  ['cannot', ['can', 'not']] as const,
]);

const ENDINGS: readonly (readonly [ending: string, word: string])[] = [
  ["'m", 'am'],
  ["'re", 'are'],
  ["'ve", 'have'],
  ["'ll", 'will'],
  ["'d", 'would'],
];

/** After these it is `is`; after others it may be whose something is. */
const BEFORE_IS = new Set(['what', 'where', 'who', 'how', 'when', 'why', 'it', 'that', 'there', 'here', 'he', 'she']);

/** `don't` as `do not`: a negation is a word of its own, however it was written. Other apostrophes are left out. */
export function expandContraction(word: string): readonly string[] {
  const plain = word.replaceAll("'", '');
  const negation = NEGATIONS.get(plain);
  if (negation !== undefined) return negation;
  for (const [ending, second] of ENDINGS) {
    if (word.endsWith(ending)) return [...expandContraction(word.slice(0, -ending.length)), second];
  }
  const subject = word.slice(0, -2);
  return word.endsWith("'s") && BEFORE_IS.has(subject) ? [subject, 'is'] : [plain];
}
