/** What one agent says in one call, turn by turn; the caller's side is not needed to measure speech. */
export interface Dialogue {
  /** Unique in the workload, for instance `bank-en-3`. */
  readonly dialog: string;
  /** The script's owner: dialogues of one agent share its greetings, fillers, confirmations and closings. */
  readonly agent: string;
  /** What the voice is asked for; Hinglish, Hindi in Latin script, is `hi-IN`. */
  readonly language: 'en-IN' | 'hi-IN';
  /** One to three sentences each, in the order of the call. */
  readonly turns: readonly string[];
}

/** The dialogues of one agent from their turns, numbered from 1 in the given order. */
export function dialoguesOf(
  agent: string,
  language: Dialogue['language'],
  scripts: readonly (readonly string[])[],
): readonly Dialogue[] {
  return scripts.map((turns, index) => ({ dialog: `${agent}-${index + 1}`, agent, language, turns }));
}
