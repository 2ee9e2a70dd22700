const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/**
 * Whether a voice has anything to say for this text: it holds at least one letter or digit of any script.
 * False for the empty text, punctuation, emoji, and combining marks without a letter.
 */
export function isSpeakable(text: string): boolean {
  return LETTER_OR_DIGIT.test(text);
}
