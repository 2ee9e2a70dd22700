/** One reply of an agent. */
export interface Reply {
  readonly text: string;
  /** The caller speaks up so long after the first audio; `undefined` for a caller who listens to the end. */
  readonly interruptedAfterMs: number | undefined;
}

/** One call. */
export interface Call {
  readonly agent: string;
  readonly language: string;
  readonly startMs: number;
  readonly replies: readonly Reply[];
  /** Silence between the end of a reply and the next one. */
  readonly pauseMs: number;
}

const CALLS_A_SHIFT = 30;
/** A phrase of one shift is there in the next one, and too old for the one after. */
const BREAK_MS = 13 * 3_600_000;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = ['Asha', 'Bela', 'Chitra', 'Devi', 'Esha', 'Farah', 'Gita', 'Hema', 'Isha', 'Jaya', 'Kavya', 'Lata'];
const NUMBERS = ['40312', '51877', '60021', '77310', '80945'];
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'];

/** `#n` is a name, `#d` a day, `#h` an hour, `#p` a number too long to be admitted, although it recurs. */
const SCRIPTS = [
  {
    agent: 'appointments',
    language: 'en-IN',
    sentences: [
      'Welcome to the clinic.',
      'How may I help you today?',
      'Sure.',
      'One moment, please.',
      'Doctor #n is in on #d.',
      'She can see you on #d at #h.',
      'Would that suit you?',
      'Your number is #p, is that right?',
      'I have put you down with Doctor #n at #h on #d.',
      'Is there anything else that I can do for you?',
      'Thank you for calling.',
      'Please bring your papers, and come ten minutes early.',
    ],
  },
  {
    agent: 'orders',
    language: 'hi-IN',
    sentences: [
      'नमस्ते, दुकान में आपका स्वागत है।',
      'आपका ऑर्डर #p मिल गया है।',
      'वह #d को #h बजे पहुँचेगा।',
      'एक मिनट रुकिए।',
      'क्या मैं और कुछ मदद करूँ?',
      'जी हाँ।',
      '#n जी आपसे बात करेंगी।',
      'धन्यवाद, आपका दिन शुभ हो।',
    ],
  },
] as const;

/** Calls of two agents, many at a time, in shifts: some sentences recur, some never do, some are not admitted, some are cut short. */
export function generateTraffic(seed: number, calls: number): Call[] {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const fill = (sentence: string): string =>
    sentence.replaceAll(/#[ndhp]/gu, (slot) => {
      if (slot === '#n') return pick(NAMES);
      if (slot === '#d') return pick(DAYS);
      return slot === '#h' ? String(1 + Math.floor(random() * 12)) : pick(NUMBERS);
    });
  let startMs = 0;
  return Array.from({ length: calls }, (_, index) => {
    const { agent, language, sentences } = pick(SCRIPTS);
    startMs += index > 0 && index % CALLS_A_SHIFT === 0 ? BREAK_MS : random() * 2000;
    const replies = Array.from({ length: 2 + Math.floor(random() * 4) }, () => ({
      text: Array.from({ length: 1 + Math.floor(random() * 4) }, () => fill(pick(sentences))).join(' '),
      interruptedAfterMs: random() < 0.25 ? random() * 2000 : undefined,
    }));
    return { agent, language, startMs, replies, pauseMs: 500 + random() * 3000 };
  });
}
