/** A piece of knowledge that was found. JSON values only: a passage may be read in another process. */
export interface Passage {
  /** Names the passage in its source. */
  readonly id: string;
  readonly text: string;
  /** Of the document it is from. @default none */
  readonly title?: string;
  /** How well it fits, by the source's own scale; more is better. */
  readonly score: number;
}
