/** One commit to the source. */
export interface Change {
  /** Orders commits; strictly growing. Opaque but for its order: a timestamp, a sequence number. */
  readonly at: bigint;
  readonly kind: 'agent' | 'knowledge';
  /** Of the agent or the knowledge base. */
  readonly id: string;
  readonly organizationId: string;
  /** True when it was deleted. */
  readonly deleted: boolean;
}

/** The newest commits, oldest first. */
export interface ChangeWindow {
  readonly changes: readonly Change[];
  /** True when there is no older commit: then a first look needs no doubt. */
  readonly isWhole: boolean;
}

/** @see ChangeFeed.subscribe */
export interface ChangeListener {
  /** The window as it is now: once after each (re)connect, and after each commit. Windows overlap; some may be skipped. */
  onWindow(window: ChangeWindow): void;
  /** The feed cannot be read: a refused secret, a function that fails, a lost connection. It goes on trying by itself. */
  onError(error: unknown): void;
}

/** @see ChangeFeed.subscribe */
export interface ChangeSubscription {
  /**
   * Proves that the way from the source to this process is open: when it resolves, every commit that the source had
   * acknowledged before the call has been handed to `onWindow`.
   * @throws when that cannot be proven before the signal ends.
   */
  probe(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Tells of commits to the source as they happen. */
export interface ChangeFeed {
  /** Returns at once and connects in the background. */
  subscribe(listener: ChangeListener): ChangeSubscription;
}
