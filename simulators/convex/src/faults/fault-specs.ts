/** How often a fault strikes; without limits, always. */
export interface FaultLimits {
  /** Only the next so many occurrences. */
  readonly count?: number;
  /** Only calls of these functions, `module:name`. Not for `refuse`, `silent` and `close`. */
  readonly functions?: readonly string[];
}

/** What each fault does, by name. Delays are in ms. */
export interface FaultSpecs {
  /** The call takes so much longer on the server. */
  readonly slow: { readonly ms: number };
  /** The HTTP call is answered with this status and Convex's body `{ code, message }`; the function does not run. */
  readonly status: { readonly status: number; readonly code?: string; readonly message?: string };
  /** The HTTP call's connection is cut; with `after_run` after the function has run, and its answer is lost. */
  readonly drop: { readonly after_run?: boolean };
  /** An error in place of the function's answer, which does not run: a `ConvexError` with `data`, or a plain error. */
  readonly function_error: { readonly data?: unknown; readonly message?: string };
  /** Every connection is cut the moment it asks for something, sockets that are open at once. */
  readonly refuse: FaultLimits;
  /** Sockets stay open, nothing is sent any more, and what comes in is swallowed. A silent socket stays so. */
  readonly silent: FaultLimits;
  /** Not kept: closes open sockets at once, at most `count`. */
  readonly close: { readonly code?: number; readonly reason?: string };
}

/** The name of a fault. */
export type FaultName = keyof FaultSpecs;

/** Faults to switch on, or with `null` off. */
export type Faults = { readonly [N in FaultName]?: (FaultSpecs[N] & FaultLimits) | null };

/** A fault that is switched on, with how often it struck. `remaining` is `null` without a `count`. */
export interface ActiveFaultState extends FaultLimits {
  readonly remaining: number | null;
  readonly fired: number;
}
