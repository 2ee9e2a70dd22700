/** The right to hold one connection of an account. */
export interface Permit {
  /** Gives it back. Never throws; a second call does nothing. */
  release(): void;
}

/** The connections of an account, shared by everybody who uses it: a provider counts them over all processes. */
export interface Permits {
  /** Resolves to a permit, or to `undefined` when none was free within `waitMs`. Rejects only with the signal's reason. */
  acquire(waitMs: number, signal?: AbortSignal): Promise<Permit | undefined>;
  /** Whether somebody waits for a permit now: idle connections should be given up. Synchronous and cheap. */
  isWanted(): boolean;
}
