/** What one function was asked for. Calls over HTTP, over sockets and by actions count alike. */
export interface FunctionLedger {
  /** Calls of a query, first answers of a subscription included. */
  readonly queries: number;
  /** Those of them that the query cache answered. */
  readonly cached: number;
  readonly mutations: number;
  readonly actions: number;
  /** Runs that the scheduler started. */
  readonly scheduled: number;
  /** Changed results that were pushed to a subscriber. */
  readonly updates: number;
  /** Calls and updates that ended with an error. */
  readonly errors: number;
  /** How often a query's code ran: fewer than its calls and updates, as the cache answered the others. */
  readonly runs: number;
  /** What Convex bills as function calls: queries, cached or not, mutations, actions, scheduled runs and updates. */
  readonly billable: number;
}

/** A mutation that committed. */
export interface LedgerCommit {
  readonly path: string;
  /** Convex's timestamp, in ns, as a decimal. */
  readonly ts: string;
  /** When the simulator knew of it, in ms of the machine's monotonic clock (`process.hrtime`). */
  readonly at_ms: number;
  /** The same in ms since the epoch. */
  readonly wall_ms: number;
}

/** What the simulator itself counted since its start or the last reset. */
export interface Ledger {
  readonly functions: Readonly<Record<string, FunctionLedger>>;
  readonly totals: FunctionLedger;
  readonly sockets: { readonly open: number; readonly opened: number; readonly peak: number };
  readonly requests: number;
  /** Payload bytes, without headers and framing. */
  readonly bytes: {
    readonly http_in: number;
    readonly http_out: number;
    readonly socket_in: number;
    readonly socket_out: number;
  };
  /** The newest 10,000, oldest first. */
  readonly commits: readonly LedgerCommit[];
}
