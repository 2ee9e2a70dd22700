import { CONNECTING, EITHER, NUMBERED } from './abbreviations.ts';
import { isSpeakable } from './speakable.ts';

/** Matches the first character of a word that can start a sentence: upper case, or of a script without case. */
export const STARTS_SENTENCE: RegExp = /[\p{Lu}\p{Lt}\p{Lo}]/u;

const NOT_A_DIGIT = /\P{Nd}/u;
const LIST_MARKER = /^(?:\p{Nd}{1,2}|\p{Ll})$/u;
const INITIAL = /^\p{Lu}\p{M}*$/u;
// "M.G", "A.P.J", "d.o.b", and in a script without case "कि.मी", "उ.प्र", "एस.बी.आई".
const DOTTED = /^(?:[\p{Lu}\p{Ll}](?:\.[\p{Lu}\p{Ll}])+|\p{Lo}[\p{Lo}\p{M}]{0,4}(?:\.\p{Lo}[\p{Lo}\p{M}]{0,4})+)$/u;
const LABEL =
  /(?:^|\P{L})(?:option|plan|vitamin|grade|rated|type|class|gate|terminal|seat|section|block|wing|tower|platform|coach|part|group|schedule|row)\s+$/iu;

/**
 * What a full stop says about its sentence: it ends here (`true`) or goes on (`false`); it ends here if the first
 * character of the next word matches (a pattern); or its last word begins the next item of a list (`'before-word'`).
 */
export type Verdict = boolean | RegExp | 'before-word';

/**
 * The verdict on the full stop after `word` and before white space.
 *
 * @param before the sentence up to `word`, with its white space
 * @param added abbreviations beyond the built-in ones, in the form of {@link abbreviationKey}
 */
export function judgeFullStop(word: string, before: string, added: ReadonlySet<string>): Verdict {
  const bare = word.replace(/^[^\p{L}\p{N}]+/u, '');
  if (LIST_MARKER.test(bare)) {
    if (!isSpeakable(before) || /:[^\p{L}\p{N}]*$/u.test(before)) return false;
    // "1. Economy 2. Business": a list without line ends.
    if (` ${before}`.includes(` ${Number(bare) - 1}. `)) return 'before-word';
  }
  const key = abbreviationKey(bare);
  if (CONNECTING.has(key) || added.has(key)) return false;
  if (EITHER.has(key)) return STARTS_SENTENCE;
  if (NUMBERED.has(key)) return NOT_A_DIGIT;
  if (DOTTED.test(bare)) return /\p{Ll}/u.test(bare) ? STARTS_SENTENCE : false;
  // "I" is the pronoun but where no pronoun can stand; "option B." is a label, "J." a name that goes on.
  if (INITIAL.test(bare)) return (bare === 'I' && isSpeakable(before)) || LABEL.test(before);
  return true;
}

/** The form in which abbreviations are compared: "7.30p.m." is "p.m", "Dr." is "dr". */
export function abbreviationKey(word: string): string {
  const folded = word.normalize('NFC').toLowerCase();
  return folded.replace(/\.$/u, '').replace(/^[\p{N}:.,]+(?=\p{L})/u, '');
}
