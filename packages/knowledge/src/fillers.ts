import type { Token } from './question-tokens.ts';

/** Fillers wherever they stand. */
const ANYWHERE = words(`
  um umm uh uhh uhm erm hmm hm
  please pls plz kindly
  toh
  कृपया प्लीज हम्म
`);

/** Fillers at the beginning. */
const OPENERS = phrases(`
  hi
  hello
  hey
  good morning
  good afternoon
  good evening
  yeah
  can you tell me
  could you tell me
  would you tell me
  can i know
  may i know
  i want to know
  i wanted to know
  i would like to know
  i need to know
  tell me
  namaste
  namaskar
  haan
  haan ji
  ji
  arre
  suniye
  mujhe batao
  mujhe bataiye
  mujhe bataye
  kya aap bata sakte hain
  kya aap bata sakte hai
  kya aap mujhe bata sakte hain
  kya aap mujhe bata sakte hai
  नमस्ते
  नमस्कार
  हाँ
  हां
  हाँ जी
  हां जी
  जी
  अरे
  सुनिए
  मुझे बताओ
  मुझे बताइए
  मुझे बताइये
  क्या आप बता सकते हैं
  क्या आप मुझे बता सकते हैं
`);

/** They mean something, too: fillers at the beginning only where the speaker pauses after them. */
const OPENERS_BEFORE_PAUSE = phrases(`
  ok
  okay
  so
  well
  oh
  ah
  right
  yes
  thanks
  thank you
  sir
  madam
  maam
  acha
  accha
  achha
  matlab
  yaar
  अच्छा
  मतलब
  यार
  तो
`);

/** Fillers at the end, where the speaker pauses before them. */
const CLOSERS_AFTER_PAUSE = phrases(`
  thanks
  thank you
  sir
  madam
  maam
  ji
  yaar
  जी
  यार
  धन्यवाद
`);

/** Questions about words: there a filler may be what is asked for ("how do I say please"). */
const MENTIONS = words(`
  say says said saying word words phrase mean means meaning spell spelling translate translation pronounce
  kehte kahte kaho kahen kehna kahna bolte bolo bolen bolna likho कहते कहो कहें कहना बोलते बोलो बोलें बोलना लिखो अर्थ अनुवाद
`);

/** Without what is said out of politeness or to win time; something is always left. */
export function withoutFillers(tokens: readonly Token[]): readonly Token[] {
  if (tokens.some(({ text }) => MENTIONS.has(text))) return tokens;
  const rest = withoutAnywhere(tokens);
  let start = 0;
  for (let length = 1; length > 0; start += length) length = openerAt(rest, start);
  let end = rest.length;
  for (let length = 1; length > 0; end -= length) length = closerBefore(rest, end, start);
  return rest.length === 0 ? tokens : rest.slice(start, end);
}

function withoutAnywhere(tokens: readonly Token[]): readonly Token[] {
  const rest: Token[] = [];
  for (const token of tokens) {
    const last = rest.at(-1);
    if (!ANYWHERE.has(token.text)) rest.push(token);
    else if (last !== undefined && token.pause) rest[rest.length - 1] = { ...last, pause: true };
  }
  return rest;
}

function openerAt(tokens: readonly Token[], start: number): number {
  const paused = phraseAt(tokens, start, OPENERS_BEFORE_PAUSE);
  const isFiller = tokens[start + paused - 1]?.pause === true;
  return Math.max(phraseAt(tokens, start, OPENERS), isFiller ? paused : 0);
}

/** @returns the length, in tokens, of the longest of the phrases that stands here and is not all there is. */
function phraseAt(tokens: readonly Token[], start: number, list: Phrases): number {
  const candidates = list.get(tokens[start]?.text ?? '') ?? [];
  const fits = candidates.filter((phrase) => start + phrase.length < tokens.length && isAt(tokens, start, phrase));
  return Math.max(0, ...fits.map((phrase) => phrase.length));
}

function closerBefore(tokens: readonly Token[], end: number, first: number): number {
  for (const length of [2, 1]) {
    const start = end - length;
    if (start <= first || tokens[start - 1]?.pause !== true) continue;
    const candidates = CLOSERS_AFTER_PAUSE.get(tokens[start]?.text ?? '') ?? [];
    if (candidates.some((phrase) => phrase.length === length && isAt(tokens, start, phrase))) return length;
  }
  return 0;
}

function isAt(tokens: readonly Token[], start: number, phrase: readonly string[]): boolean {
  return phrase.every((word, at) => tokens[start + at]?.text === word);
}

type Phrases = ReadonlyMap<string, readonly (readonly string[])[]>;

/** By their first word. */
function phrases(list: string): Phrases {
  const lines = list.trim().split(/\s*\n\s*/u);
  return Map.groupBy(
    lines.map((line) => line.split(' ')),
    ([first = '']) => first,
  );
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/u));
}
