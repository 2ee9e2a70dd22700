import { startHost } from '@warmline/livekit';
import type { Comparison } from '../../call/comparison.ts';
import { compare } from '../../call/comparison.ts';
import type { Ledger } from '../../call/simulator-process.ts';
import { startSimulator } from '../../call/simulator-process.ts';
import type { Family } from '../../processes/family.ts';
import type { Progress } from '../../progress.ts';
import type { Dialogue } from '../../workload/dialogue.ts';
import type { Billing } from '../billing.ts';
import { explainBill } from '../billing.ts';
import { turnsOf } from './figures.ts';
import { refusedIn } from './followed-ledger.ts';
import type { ForkedCall } from './forked-calls.ts';
import { speakForked } from './forked-calls.ts';
import { ReadyProcesses } from './ready-processes.ts';

/** @see prepareCrowd */
export interface CrowdPlan {
  readonly processes: number;
  /** Sockets that the account may have, by the provider's own count. */
  readonly limit: number;
  readonly dialogues: readonly Dialogue[];
  readonly directory: string;
  readonly compiled: string;
  readonly sabotage: string | undefined;
}

/** Many calls open at once on an empty machine, and an account with few sockets. */
export interface Crowded extends Pick<CrowdPlan, 'processes' | 'limit'> {
  readonly speakingAtOnce: number;
  readonly calls: readonly ForkedCall[];
  readonly comparison: Comparison;
  readonly billedChars: number;
  /** In parts: what one shared cache would have been billed for, and what was spoken twice at the same time. */
  readonly bill: Billing;
  readonly refused: number;
  readonly peak: number;
  readonly opened: number;
  readonly byRest: number;
  readonly utterances: number;
  readonly simulatorPid: number;
}

/** A few turns are enough to want a socket, and leave time for a hundred processes. */
const TURNS = 3;
/** Agents mostly listen. A hundred that began to speak at once would wait for two processor cores until LiveKit gives up. */
const SPEAKING_AT_ONCE = 8;

/** How real a provider this is: that of the rest of the scenario, with an account of its own. */
export interface Provider {
  readonly realTimeFactor: number;
  readonly seed: number;
}

/** A crowd whose processes are being started. */
export interface PreparedCrowd {
  readonly directory: string;
  /** Waits until all are ready. No call ends before all have spoken: each keeps its sockets until others want them. */
  speak(progress: Progress): Promise<Crowded>;
  close(): Promise<void>;
}

/** @param after when to begin with starting processes, one after the other: others speak meanwhile. */
export async function prepareCrowd(
  { processes, limit, dialogues, directory, compiled, sabotage }: CrowdPlan,
  { realTimeFactor, seed }: Provider,
  family: Family,
  after: Promise<unknown>,
): Promise<PreparedCrowd> {
  const simulator = await startSimulator(realTimeFactor, seed, limit);
  const host = await startHost({ directory });
  const setup = { url: simulator.url, directory, socketLimit: limit, compiled, sabotage };
  const ready = new ReadyProcesses(family, {
    role: 'crowded call',
    setup,
    total: processes,
    startsAtOnce: 1,
    after,
  });
  const short = dialogues.map((dialogue) => ({ ...dialogue, turns: dialogue.turns.slice(0, TURNS) }));
  return {
    directory: host.warmline.host?.directory ?? 'none',
    speak: async (progress) => {
      progress.update(`turn · ${processes} processes at once · waiting until they are ready`);
      await ready.all();
      const atOnce = Math.min(processes, SPEAKING_AT_ONCE);
      const plan = { name: `${processes} processes at once`, dialogues: short, atOnce, staysOpen: true, ready };
      const calls = await speakForked(plan, progress);
      const { pid: simulatorPid } = simulator;
      return crowdedBy(calls, await simulator.ledger(), { processes, limit, speakingAtOnce: atOnce, simulatorPid });
    },
    close: async () => {
      await host.close();
      await simulator.close();
    },
  };
}

function crowdedBy(
  calls: readonly ForkedCall[],
  ledger: Ledger,
  plan: Pick<Crowded, 'processes' | 'limit' | 'speakingAtOnce' | 'simulatorPid'>,
): Crowded {
  const turns = turnsOf(calls);
  return {
    ...plan,
    calls,
    comparison: compare(turns, ledger),
    billedChars: ledger.utterances.reduce((sum, { chars }) => sum + chars, 0),
    bill: explainBill(turns),
    refused: refusedIn(ledger),
    peak: ledger.peak_sockets,
    opened: ledger.connections_total,
    byRest: ledger.utterances.filter(({ transport }) => transport !== 'ws').length,
    utterances: ledger.utterances.length,
  };
}
