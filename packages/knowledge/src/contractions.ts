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

/** As in `couldn't've`. Nobody says more, and what a stranger writes is not worth more. */
const MOST_ENDINGS = 2;

/** `don't` as `do not`: a negation is a word of its own, however it was written. Other apostrophes are left out. */
export function expandContraction(word: string): readonly string[] {
  let stem = word;
  const seconds: string[] = [];
  while (seconds.length < MOST_ENDINGS) {
    const ending = ENDINGS.find(([letters]) => stem.endsWith(letters));
    if (ending === undefined) break;
    stem = stem.slice(0, -ending[0].length);
    seconds.unshift(ending[1]);
  }
  return [...expandStem(stem), ...seconds];
}

function expandStem(stem: string): readonly string[] {
  const plain = stem.replaceAll("'", '');
  const negation = NEGATIONS.get(plain);
  if (negation !== undefined) return negation;
  const subject = stem.slice(0, -2);
  return stem.endsWith("'s") && BEFORE_IS.has(subject) ? [subject, 'is'] : [plain];
}
