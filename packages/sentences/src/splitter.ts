import { abbreviationKey, judgeFullStop, STARTS_SENTENCE } from './full-stop.ts';
import type { Verdict } from './full-stop.ts';
import { hardCut } from './hard-cut.ts';
import { isSpeakable } from './speakable.ts';

/** Cuts a text that arrives in pieces into sentences. The same text gives the same sentences however it is cut. */
export interface SentenceSplitter {
  /** Takes the next piece of text and returns the sentences whose end is now certain: trimmed, in order, never empty. */
  push(text: string): string[];
  /** Ends the text and returns what is left of it. The next `push` starts a new text. */
  flush(): string[];
}

/** Settings of a splitter. */
export interface SentenceSplitterOptions {
  /**
   * The longest sentence, in UTF-16 units, an integer of at least 2. A longer one is cut at its last clause mark or white space.
   * @default 500
   */
  maxLength?: number;
  /**
   * Words whose full stop never ends a sentence, beside the built-in ones; with or without that full stop, in any case.
   * @default none
   */
  abbreviations?: Iterable<string>;
}

const CASELESS = /\p{Lo}/u;
const SPACE = /\s/u;
const NEWLINE = /[\n\r\u2028\u2029]/u;
const ALWAYS = /[।॥۔᱾᱿꯫。｡！？]/u;
const EXCLAIMED = /[?!؟]/u;
const ELLIPSIS = /…|\.[^.]*\./u;
const TERMINATOR = /[.?!؟…।॥۔᱾᱿꯫。｡！？]/u;
// What may follow a terminator and still belong to it: closing quotes, brackets and Markdown, and what a grapheme may end with.
const TRAILER =
  /["'”’»›)\]}」』）】》〉*_~`\p{M}\p{Grapheme_Extend}\u200D\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]/u;
const GRAPHEME_TAIL = /[\p{M}\p{Grapheme_Extend}\u200D\p{Emoji_Modifier}]/u;
const CLAUSE_BEFORE_SPACE = /[,;:—–،؛]/u;
const CLAUSE_ALONE = /[—，、；：،]/u;
const TAG = /<[/a-z][^<>\n\r]{0,254}>/iy;
const TAGS = new RegExp(TAG.source, 'gi');
const TAG_BEGUN = /<(?:[/a-z][^<>\n\r]{0,254})?$/iy;

/**
 * A splitter for one text at a time.
 * @throws TypeError if `maxLength` is not an integer of at least 2
 */
export function createSentenceSplitter(options: SentenceSplitterOptions = {}): SentenceSplitter {
  return new StreamingSplitter(options);
}

/** The sentences of a text that is there as a whole. Throws what {@link createSentenceSplitter} throws. */
export function splitSentences(text: string, options?: SentenceSplitterOptions): string[] {
  const splitter = createSentenceSplitter(options);
  return [...splitter.push(text), ...splitter.flush()];
}

/**
 * Reads each character once, in states: in a word; in a run of terminators and what belongs to them (`#run`); in the
 * white space after a run that the next word decides (`#undecided`). Every decision looks at the text read so far and
 * never at how it was cut into pieces. Only two things make it wait: half a surrogate pair, and a tag not yet closed.
 */
class StreamingSplitter implements SentenceSplitter {
  readonly #maxLength: number;
  readonly #abbreviations: ReadonlySet<string>;
  /** The text from the start of the sentence, which is never white space. */
  #buffer = '';
  #at = 0;
  #wordStart = 0;
  #run: number | undefined;
  #undecided: { readonly at: number; readonly endsBefore: RegExp } | undefined;
  #lastClause = 0;
  #lastSpace = 0;

  constructor({ maxLength = 500, abbreviations = [] }: SentenceSplitterOptions) {
    if (!Number.isSafeInteger(maxLength) || maxLength < 2) {
      throw new TypeError(`maxLength must be an integer of at least 2, not ${String(maxLength)}`);
    }
    this.#maxLength = maxLength;
    this.#abbreviations = new Set(Array.from(abbreviations, abbreviationKey));
  }

  push(text: string): string[] {
    this.#buffer = this.#buffer === '' ? text.trimStart() : this.#buffer + text;
    return this.#read(false);
  }

  flush(): string[] {
    const sentences = this.#read(true);
    if (this.#buffer !== '') sentences.push(this.#buffer.trimEnd());
    this.#startAt(this.#buffer.length);
    return sentences;
  }

  #read(final: boolean): string[] {
    const sentences: string[] = [];
    for (let end = this.#nextEnd(final); end !== undefined; end = this.#nextEnd(final)) {
      sentences.push(this.#buffer.slice(0, end).trimEnd());
      this.#startAt(end);
    }
    return sentences;
  }

  #startAt(end: number): void {
    this.#buffer = this.#buffer.slice(end).trimStart();
    this.#at = this.#wordStart = this.#lastClause = this.#lastSpace = 0;
    this.#run = this.#undecided = undefined;
  }

  /** Reads on to the end of the sentence; `undefined` when the text does not reach it yet. */
  #nextEnd(final: boolean): number | undefined {
    while (this.#at <= this.#maxLength) {
      const code = this.#buffer.codePointAt(this.#at);
      if (code === undefined) return undefined;
      const char = String.fromCodePoint(code);
      const last = this.#at + char.length === this.#buffer.length;
      if (last && !final && code >= 0xd800 && code <= 0xdbff) return undefined;
      if (char === '<') {
        if (this.#skipTag()) continue;
        if (!final && matchAt(TAG_BEGUN, this.#buffer, this.#at) !== undefined) return undefined;
      }
      const end = this.#endAt(char);
      if (end !== undefined) return end;
      this.#at += char.length;
    }
    return this.#overlongEnd();
  }

  /** Where the sentence ends now that `char` is known to be its next character; `undefined` if it goes on. */
  #endAt(char: string): number | undefined {
    const at = this.#at;
    if (NEWLINE.test(char)) return at;
    const space = SPACE.test(char);
    if (this.#undecided !== undefined && !space) {
      if (this.#undecided.endsBefore.test(char)) return this.#undecided.at;
      this.#undecided = undefined;
    }
    if (TERMINATOR.test(char)) {
      this.#run ??= at;
      return undefined;
    }
    if (this.#run !== undefined && !TRAILER.test(char)) {
      const verdict = this.#judgeRun(this.#run, space);
      this.#run = undefined;
      if (verdict === true) return at;
      if (verdict === 'before-word') return this.#wordStart;
      if (verdict !== false && !space && verdict.test(char)) return at;
      if (verdict !== false && space) this.#undecided = { at, endsBefore: verdict };
    }
    this.#noteCut(char, space);
    return undefined;
  }

  /** The verdict on the run of terminators from `run` to here; `space` is whether white space follows. */
  #judgeRun(run: number, space: boolean): Verdict {
    const marks = this.#buffer.slice(run, this.#at);
    const always = ALWAYS.test(marks);
    const plain = !always && !EXCLAIMED.test(marks) && !ELLIPSIS.test(marks);
    // "3.5", "example.com", "Rs.500"
    if (plain && !space) return false;
    const before = withoutTags(this.#buffer.slice(0, this.#wordStart));
    const word = withoutTags(this.#buffer.slice(this.#wordStart, run));
    // "... Okay", "॥ श्लोक": marks alone are no sentence, they go with what follows.
    if (!isSpeakable(before + word)) return false;
    if (always) return true;
    if (plain) return judgeFullStop(word, before, this.#abbreviations);
    if (EXCLAIMED.test(marks)) return space || CASELESS;
    return STARTS_SENTENCE;
  }

  /** Remembers where an overlong sentence may be cut. */
  #noteCut(char: string, space: boolean): void {
    const before = this.#buffer.charAt(this.#at - 1);
    if (space) {
      this.#lastSpace = this.#at;
      this.#wordStart = this.#at + 1;
    }
    const clause = space ? CLAUSE_BEFORE_SPACE.test(before) : CLAUSE_ALONE.test(before) && !GRAPHEME_TAIL.test(char);
    if (clause) this.#lastClause = this.#at;
  }

  /** Steps over a tag such as `<break time="1.5s"/>`: it is part of the word or run it stands in. */
  #skipTag(): boolean {
    const tag = matchAt(TAG, this.#buffer, this.#at);
    if (tag === undefined || tag.length > this.#maxLength) return false;
    const end = this.#at + tag.length;
    if (end > this.#maxLength) this.#lastSpace = this.#at;
    this.#at = end;
    return true;
  }

  #overlongEnd(): number {
    if (this.#undecided !== undefined) return this.#undecided.at;
    if (this.#lastClause > this.#maxLength / 2) return this.#lastClause;
    return this.#lastSpace || hardCut(this.#buffer, this.#maxLength);
  }
}

function withoutTags(text: string): string {
  return text.replace(TAGS, '');
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
