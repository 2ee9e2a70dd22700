import { startConvexSimulator } from '@warmline/convex-simulator';
import type { ConvexSimulator } from '@warmline/convex-simulator';
import { sum } from '../sum.ts';
import { ONE_WAY_MS, SEARCH, SEARCH_MS, SECRET } from './stage.ts';

/** What a search calls in turn. */
const READ_BY_SEARCH = ['passages:byText', 'passages:byEmbedding'];

/** The repository's functions as the simulator runs them. */
export interface Convex {
  readonly simulator: ConvexSimulator;
  /** Searches so far, by the simulator's ledger. */
  searches(): Promise<number>;
  /** Function calls of one search as Convex bills them, by the same. */
  billedCallsASearch(): Promise<number>;
}

export async function startConvex(): Promise<Convex> {
  const simulator = await startConvexSimulator({
    delayMs: ONE_WAY_MS,
    functionDelays: { [SEARCH]: SEARCH_MS },
    env: { WARMLINE_SERVICE_SECRET: SECRET },
  });
  return {
    simulator,
    searches: async () => (await simulator.ledger()).functions[SEARCH]?.actions ?? 0,
    billedCallsASearch: async () => {
      const { functions } = await simulator.ledger();
      const calls = [SEARCH, ...READ_BY_SEARCH].map((name) => functions[name]?.billable ?? 0);
      return sum(calls) / (functions[SEARCH]?.actions ?? Number.NaN);
    },
  };
}
