/** Decides whether a sentence that is not in the inventory may be stored. */
export type Admission = (sentence: string) => boolean;

/** Requirement: phrases under 200 characters are stored on first use. */
const MAX_CHARACTERS = 200;
/** More digits than a time ("7:20") or a small price has: phone and account numbers, one-time passwords, card endings. */
const MAX_DIGITS = 3;

/**
 * The default policy: short sentences without what looks personal or will not be said again: e-mail addresses, and more
 * than three digits in any script. Names cannot be recognised; an agent that speaks them may pass a stricter policy.
 */
export const admitPhrase: Admission = (sentence) => {
  if (sentence.length >= MAX_CHARACTERS) return false;
  if (/\S@\S/u.test(sentence)) return false;
  return (sentence.match(/\p{Nd}/gu)?.length ?? 0) <= MAX_DIGITS;
};
