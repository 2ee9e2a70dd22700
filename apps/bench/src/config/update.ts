/** One update of an agent; times on the clock that all processes share. */
export interface Update {
  /** Its place in the list of agents. */
  readonly agent: number;
  readonly edition: number;
  readonly sentMs: number;
  /** When the mutation's answer had arrived. */
  readonly repliedMs: number;
}
