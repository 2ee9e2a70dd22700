/** A question, and what its right answer depends on. */
export interface LabelledQuestion {
  readonly text: string;
  /** Questions with the same label have the same answer. */
  readonly label: string;
  /** Who is asked: questions of different scopes never meet. */
  readonly scope: string;
}

/** @param byLabel the questions that have the same answer, by a name for it. */
export function labelled(scope: string, byLabel: Readonly<Record<string, readonly string[]>>): LabelledQuestion[] {
  return Object.entries(byLabel).flatMap(([label, texts]) => texts.map((text) => ({ text, label, scope })));
}
