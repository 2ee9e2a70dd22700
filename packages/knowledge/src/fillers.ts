import type { Token } from './question-tokens.ts';

/** Fillers wherever they stand: what is a word or an abbreviation, too (`kindly`, `erm`, `pls`), is not among them. */
const ANYWHERE = words(`
  um umm uh uhh uhm hmm
  please plz
  कृपया प्लीज हम्म
`);

/** Fillers at the beginning, before a pause or a word with which a question goes on: not in "Hello Fresh", "Ji Hoon", "जी मेल". */
const GREETINGS = phrases(`
  hi
  hello
  hey
  good morning
  good afternoon
  good evening
  yeah
  namaste
  namaskar
  haan
  haan ji
  ji
  arre
  suniye
  toh
  नमस्ते
  नमस्कार
  हाँ
  हां
  हाँ जी
  हां जी
  जी
  अरे
  सुनिए
`);

/** Words with which a question goes on, and hardly the rest of a name. */
const STARTERS = words(`
  what whats when where which who whom whose why how
  is are am was were do does did can could will would shall should may might have has had
  i my we our you your it this that there tell
  kya kab kahan kaha kidhar kaise kitna kitne kitni kaun kis kisko kyon kyun
  mera meri mere mujhe main hum hamara hamari hamare aap aapka aapki aapke aapko yeh ye woh
  क्या कब कहाँ कहां किधर कैसे कितना कितने कितनी कौन किस किसको क्यों
  मेरा मेरी मेरे मुझे मैं हम हमारा हमारी हमारे आप आपका आपकी आपके आपको यह ये वह
`);

/** Fillers at the beginning, whatever follows. */
const REQUESTS = phrases(`
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
  mujhe batao
  mujhe bataiye
  mujhe bataye
  kya aap bata sakte hain
  kya aap bata sakte hai
  kya aap mujhe bata sakte hain
  kya aap mujhe bata sakte hai
  मुझे बताओ
  मुझे बताइए
  मुझे बताइये
  क्या आप बता सकते हैं
  क्या आप मुझे बता सकते हैं
`);

/** They mean something, too: fillers at the beginning only where the speaker pauses after them. MATLAB is asked about. */
const ASIDES = phrases(`
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
  yaar
  अच्छा
  मतलब
  यार
  तो
`);

/** Fillers at the end, where the speaker pauses before them. `ji` is none: in "एल. जी." it is a letter. */
const CLOSERS = phrases(`
  thanks
  thank you
  sir
  madam
  maam
  yaar
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
  const start = behindOpeners(rest);
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

/** Openers may follow one another; those before one that is a filler are fillers, too. */
function behindOpeners(tokens: readonly Token[]): number {
  let start = 0;
  for (let at = 0; ;) {
    const greeting = phraseAt(tokens, at, GREETINGS);
    const request = phraseAt(tokens, at, REQUESTS);
    const length = Math.max(greeting, request, phraseAt(tokens, at, ASIDES));
    if (length === 0) return start;
    at += length;
    const isGreeting = length === greeting && STARTERS.has(tokens[at]?.text ?? '') && at + 1 < tokens.length;
    if (isGreeting || length === request || tokens[at - 1]?.pause === true) start = at;
  }
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
    const candidates = CLOSERS.get(tokens[start]?.text ?? '') ?? [];
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
