/** Published prices of Convex Professional, beyond what is included; dollars. */
export const PRICES = { aMillionCalls: 2, aGigabyteOfDatabase: 0.2 } as const;
const DAYS = 30;
const DAY_MS = 86_400_000;
const READS_A_CALL = 7;
/** Beside a config of a few hundred bytes, its prompt. */
const AGENT_BYTES = 8_192;
/** Defaults of Warmline: how long a config is believed, and how often a feed is proven to be open. */
const TTL_MS = { low: 60_000, high: 300_000 } as const;
const PROBE_MS = 2_000;

/** A day of a deployment. */
export interface Load {
  readonly callsADay: number;
  readonly agents: number;
  readonly machines: number;
  readonly updatesADay: number;
  readonly profile: keyof typeof TTL_MS;
}

/** Loads as the report shows them. */
export const LOADS: readonly Load[] = [
  { callsADay: 10_000, agents: 20, machines: 2, updatesADay: 200, profile: 'low' },
  { callsADay: 10_000, agents: 20, machines: 2, updatesADay: 200, profile: 'high' },
  { callsADay: 100_000, agents: 20, machines: 4, updatesADay: 200, profile: 'high' },
  { callsADay: 1_000_000, agents: 100, machines: 20, updatesADay: 1_000, profile: 'high' },
];

/** What was measured of an update, and of a machine that watches. */
export interface Rates {
  readonly getsAnUpdate: number;
  readonly pushesAnUpdate: number;
}

/** Function calls in 30 days. */
export interface Bill {
  readonly load: Load;
  /** Every read is a call, whether Convex's own cache answers it or not. */
  readonly withoutCache: number;
  readonly gets: number;
  readonly pushes: number;
  readonly probes: number;
  readonly withCache: number;
  readonly savedDollars: number;
  /** What the reads of the database would cost if Convex had no cache of its own: it has, and they do not. */
  readonly databaseDollars: number;
}

/**
 * Reads of each agent come at random over the day and machines. A machine that has an agent asks for it again when it is asked
 * after the ttl; the update rates are those that the ledger has measured for two machines.
 */
export function billOf(load: Load, { getsAnUpdate, pushesAnUpdate }: Rates): Bill {
  const { callsADay, agents, machines, updatesADay, profile } = load;
  const reads = callsADay * READS_A_CALL * DAYS;
  const betweenReadsMs = (DAY_MS * agents * machines) / (callsADay * READS_A_CALL);
  const refreshes = (agents * machines * DAYS * DAY_MS) / (TTL_MS[profile] + betweenReadsMs);
  const updates = updatesADay * DAYS;
  const gets = refreshes + (updates * getsAnUpdate * machines) / 2;
  const pushes = (updates * pushesAnUpdate * machines) / 2;
  const probes = (machines * DAYS * DAY_MS) / PROBE_MS;
  const withCache = gets + pushes + probes;
  return {
    load,
    withoutCache: reads,
    gets,
    pushes,
    probes,
    withCache,
    savedDollars: ((reads - withCache) / 1e6) * PRICES.aMillionCalls,
    databaseDollars: ((reads * AGENT_BYTES) / 1e9) * PRICES.aGigabyteOfDatabase,
  };
}
