import type { Effort } from '../effort.ts';
import type { Family } from '../processes/family.ts';
import type { Progress } from '../progress.ts';
import { sum } from '../sum.ts';
import type { ClientResult } from './client.ts';
import { measureClient } from './client.ts';
import type { Growth } from './growth.ts';
import { measureGrowth } from './growth.ts';
import type { PeersEffort } from './peers.ts';
import { Peers } from './peers.ts';
import type { Reads, RoundResult } from './round-result.ts';
import { playRound } from './round.ts';
import type { OutageSabotage } from './sabotage.ts';
import { statesOf } from './states.ts';
import { startTroupe } from './troupe.ts';

/** How much is done in a run. */
export interface OutageEffort {
  readonly reads: Reads;
  /** To a hung server, of 150 KB each. */
  readonly writes: number;
  /** Other libraries; none in a run that is to fail. */
  readonly peers: PeersEffort | undefined;
}

export const EFFORT: Readonly<Record<Effort, OutageEffort>> = {
  quick: { reads: { cold: 80, hot: 800 }, writes: 2_000, peers: { reads: 10, limitMs: 700 } },
  normal: { reads: { cold: 300, hot: 3_000 }, writes: 10_000, peers: { reads: 20, limitMs: 5_000 } },
  full: { reads: { cold: 1_000, hot: 5_000 }, writes: 10_000, peers: { reads: 50, limitMs: 10_000 } },
  sabotaged: { reads: { cold: 60, hot: 500 }, writes: 200, peers: undefined },
};

/** All that the scenario has measured. */
export interface OutageMeasurement {
  readonly rounds: readonly RoundResult[];
  readonly states: number;
  readonly growth: Growth | undefined;
  /** `RedisCache`; nothing of it in a run that is to fail. */
  readonly client: readonly ClientResult[];
  /** Rejections that nobody has handled, in all processes. */
  readonly unhandled: number;
}

/** @see measureOutage */
export interface OutageOptions {
  readonly effort: Effort;
  readonly sabotage: OutageSabotage | undefined;
  readonly folder: string;
  readonly family: Family;
  readonly progress: Progress;
}

/** One state at a time, each with servers of its own; the processes live through all of them. */
export async function measureOutage(options: OutageOptions): Promise<OutageMeasurement> {
  const { effort, sabotage, folder, family, progress } = options;
  const { reads, writes, peers: peersEffort } = EFFORT[effort];
  progress.update('outage · processes start, and one writes to a hung server');
  const grows = sabotage === undefined || sabotage === 'leak';
  // Memory is no time: nothing is measured by the clock meanwhile.
  const [troupe, peers, growth] = await Promise.all([
    startTroupe(family, sabotage),
    peersEffort && Peers.start(family, peersEffort),
    grows ? measureGrowth(family, writes, sabotage === 'leak') : undefined,
  ]);
  const states = statesOf(effort, sabotage);
  const rounds: RoundResult[] = [];
  for (const state of states) {
    progress.update(`outage · ${rounds.length + 1} of ${states.length} states: ${state.name}`);
    rounds.push(await playRound({ state, reads, folder, troupe, peers, sabotage }));
  }
  const all = [troupe.machine, troupe.newcomer, ...troupe.readers.map(({ child }) => child)];
  const unhandled = sum(await Promise.all(all.map((child) => child.ask('unhandled', {}))));
  progress.update('outage · RedisCache');
  const client = sabotage === undefined ? await measureClient(family, reads.hot) : [];
  return { rounds, states: states.length, growth, client, unhandled };
}
