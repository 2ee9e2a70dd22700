import { expandContraction } from './contractions.ts';

/** A word, a number with all that stands close to it, or a sign that means something. */
export interface Token {
  readonly text: string;
  /** True when the speaker paused: a comma, a full stop. */
  readonly pause: boolean;
}

/** What follows a word: no colon, exclamation mark or inner full stop, because names have them ("Hello! Magazine", "hello.com"). */
const PAUSE = /^(?:[,;?…।॥]|\.+$)/u;
/** Before a full stop it is an initial, also as it is spelled: "जी. एस. टी." */
const INITIAL = /^\p{L}\p{M}*$/u;
const WORD_OR_SIGN = /[\p{L}\p{M}]+(?:'\p{L}[\p{L}\p{M}]*)*[+#]*|[\p{Sc}\p{Sm}\p{So}\p{Extended_Pictographic}%&@#]/gu;
const QUOTES = new Set(['"', "'"]);
const BEFORE_NUMBER = new Set(['(', '[', '{', ',', ';', ':', '¿', '¡', ...QUOTES]);
const AFTER_NUMBER = new Set(['.', ',', ';', ':', '!', '?', '…', '।', '॥', ')', ']', '}']);

/**
 * The tokens of folded text. What stands close to a digit is one token and stays as it is, so that 1.5, 1,5 and 15, -5 and 5,
 * 10:30 and 1030, dates, times, phone numbers, prices and codes keep apart; elsewhere punctuation is left out.
 */
export function questionTokens(folded: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const chunk of folded.split(/\s+/u)) {
    if (chunk === '') continue;
    const found = isKeptWhole(chunk) ? [wholeToken(chunk)] : wordTokens(chunk);
    if (found.length === 0 && PAUSE.test(chunk)) markPause(tokens);
    for (const token of found) tokens.push(token);
  }
  return tokens.filter(({ text }, index) => text !== '-' || hasDigit(tokens[index + 1]?.text ?? ''));
}

/** Numbers, and addresses like name@host. */
function isKeptWhole(chunk: string): boolean {
  return hasDigit(chunk) || /[\p{L}\p{N}]@[\p{L}\p{N}]/u.test(chunk);
}

/** Whether there is a number in it, in digits of any script or as a sign like ½. */
function hasDigit(text: string): boolean {
  return /\p{N}/u.test(text);
}

function wholeToken(chunk: string): Token {
  let start = 0;
  let end = chunk.length;
  let quotes = 0;
  for (; BEFORE_NUMBER.has(chunk.charAt(start)); start++) if (QUOTES.has(chunk.charAt(start))) quotes++;
  // A quote that was not opened means feet or inches.
  for (; end > start; end--) {
    const last = chunk.charAt(end - 1);
    if (QUOTES.has(last) ? quotes-- <= 0 : !AFTER_NUMBER.has(last)) break;
  }
  return { text: ungrouped(chunk.slice(start, end)), pause: PAUSE.test(chunk.slice(end)) };
}

/** 1,000 and 1,00,000 without their commas; every other comma stays. */
function ungrouped(text: string): string {
  return text.replaceAll(/[\d,]+/gu, (digits) => (isGrouped(digits) ? digits.replaceAll(',', '') : digits));
}

function isGrouped(digits: string): boolean {
  return /^(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3})$/u.test(digits);
}

function wordTokens(chunk: string): readonly Token[] {
  // Kept for now: before a number it is a sign.
  if (chunk === '-') return [{ text: '-', pause: true }];
  return [...chunk.matchAll(WORD_OR_SIGN)].flatMap(({ 0: word, index }) => {
    const rest = chunk.slice(index + word.length);
    const pause = PAUSE.test(rest) && !(rest.startsWith('.') && INITIAL.test(word));
    const texts = expandContraction(word);
    return texts.map((text, at) => ({ text, pause: pause && at === texts.length - 1 }));
  });
}

function markPause(tokens: Token[]): void {
  const last = tokens.at(-1);
  if (last !== undefined) tokens[tokens.length - 1] = { ...last, pause: true };
}
