import { join } from 'node:path';
import { startHost } from '@warmline/livekit';
import type { SarvamPool } from '@warmline/tts-sarvam';
import type { Comparison } from '../../call/comparison.ts';
import { compare } from '../../call/comparison.ts';
import type { SimulatorProcess } from '../../call/simulator-process.ts';
import { Family } from '../../processes/family.ts';
import { withScratch } from '../../processes/scratch.ts';
import type { ScenarioContext } from '../../scenario.ts';
import type { Dialogue } from '../../workload/dialogue.ts';
import type { AgentCalls } from './agent-calls.ts';
import { callsOfOneAgent, repeated } from './agent-calls.ts';
import type { Crowded, Provider } from './crowded.ts';
import { prepareCrowd } from './crowded.ts';
import { turnsOf } from './figures.ts';
import { FollowedLedger } from './followed-ledger.ts';
import type { ForkedCall } from './forked-calls.ts';
import { speakForked } from './forked-calls.ts';
import { ReadyProcesses } from './ready-processes.ts';
import { billOfOneSharedCache } from './reference.ts';
import { FORKED_SPEAKER } from './voices.ts';

/** Calls of one agent in forked processes, on an empty machine and again on the same one. */
export interface ForkedMeasurement {
  readonly calls: AgentCalls;
  readonly fresh: ForkedSeries;
  readonly warm: ForkedSeries;
  /** Of both series, with the provider's ledger. */
  readonly comparison: Comparison;
  /** What the host service added up: processes that spoke, and what they say that they were billed for. */
  readonly statistics: { readonly processes: number; readonly billedChars: number };
  /** Handshakes and requests that the provider turned away meanwhile. */
  readonly refused: number;
  readonly crowded: Crowded;
  /** Directory of the host tier of the calls. */
  readonly machine: string;
  readonly directories: Readonly<Record<string, string>>;
  readonly pids: Readonly<Record<string, string>>;
}

interface SpokenSeries {
  readonly atOnce: number;
  readonly calls: readonly ForkedCall[];
  /** Characters by the provider's ledger. */
  readonly billedChars: number;
}

/** One series of calls. */
export interface ForkedSeries extends SpokenSeries {
  /** Of the same calls one after the other through one cache in one process, by the same ledger. */
  readonly sharedCacheChars: number;
}

/** How much of it: by the run that was asked for. */
const SIZES = {
  quick: { calls: 4, crowd: 4, sockets: 2 },
  normal: { calls: 10, crowd: 20, sockets: 6 },
  full: { calls: 24, crowd: 100, sockets: 30 },
} as const;
const AT_ONCE = 2;
const STARTS_AT_ONCE = 2;
/** Of the account's 30; the others are the bench's own, which speaks meanwhile. */
const SOCKET_LIMIT = 10;

/**
 * @param meanwhile what no times are reported of: it goes on while the processes are started. They are all ready before the
 * first call, so that starting processes does not disturb it.
 */
export async function measureForked(
  context: ScenarioContext,
  simulator: SimulatorProcess,
  pool: SarvamPool,
  provider: Provider,
  meanwhile: Promise<unknown>,
): Promise<ForkedMeasurement> {
  const family = new Family();
  try {
    return await withScratch('turn', (folder) =>
      measure(context, { simulator, pool, provider, family, folder, meanwhile }),
    );
  } finally {
    await family.close();
  }
}

interface Stage {
  readonly simulator: SimulatorProcess;
  readonly pool: SarvamPool;
  readonly provider: Provider;
  readonly family: Family;
  readonly folder: string;
  readonly meanwhile: Promise<unknown>;
}

async function measure(
  { datasets, quick, full, sabotage, progress }: ScenarioContext,
  { simulator, pool, provider, family, folder, meanwhile }: Stage,
): Promise<ForkedMeasurement> {
  const size = SIZES[quick ? 'quick' : full ? 'full' : 'normal'];
  const all = datasets.flatMap((dataset) => dataset.dialogues);
  const calls = callsOfOneAgent(all, size.calls);
  const again = calls.dialogues.toReversed();
  const [directory, compiled] = [join(folder, 'machine'), join(folder, 'compiled')];
  const host = await startHost({ directory });
  const setup = { url: simulator.url, directory, socketLimit: SOCKET_LIMIT, compiled, sabotage };
  const total = 2 * calls.dialogues.length;
  const ready = new ReadyProcesses(family, { role: 'call', setup, total, startsAtOnce: STARTS_AT_ONCE });
  const crowdPlan = {
    processes: size.crowd,
    limit: size.sockets,
    dialogues: repeated(all, size.crowd),
    directory: join(folder, 'crowded-machine'),
    compiled,
    sabotage,
  };
  const crowd = await prepareCrowd(crowdPlan, provider, family, ready.all());
  try {
    progress.update(`turn · ${total} processes are being started`);
    const [[freshShared, warmShared]] = await Promise.all([
      billOfOneSharedCache(simulator, pool, calls.dialogues, again),
      ready.all(),
      meanwhile,
    ]);
    const ledger = await FollowedLedger.begin(simulator, FORKED_SPEAKER);
    const speak = async (name: string, dialogues: readonly Dialogue[], atOnce: number): Promise<SpokenSeries> => {
      const spoken = await speakForked({ name, dialogues, atOnce, ready }, progress);
      return { atOnce, calls: spoken, billedChars: (await ledger.next()).chars };
    };
    const fresh = await speak('a process per call, empty machine', calls.dialogues, 1);
    const warm = await speak('a process per call, warm machine', again, AT_ONCE);
    const { ledger: end, refused } = await ledger.next();
    const { total: counted = {} } = host.statistics() ?? {};
    const machine = host.warmline.host?.directory ?? 'none';
    return {
      machine,
      calls,
      fresh: { ...fresh, sharedCacheChars: freshShared },
      warm: { ...warm, sharedCacheChars: warmShared },
      comparison: compare(turnsOf([...fresh.calls, ...warm.calls]), end),
      statistics: { processes: counted['processes'] ?? 0, billedChars: counted['speech.billed_chars'] ?? 0 },
      refused,
      crowded: await crowd.speak(progress),
      directories: {
        'of the calls': machine,
        'of the processes at once': crowd.directory,
      },
      pids: family.pids(),
    };
  } finally {
    await crowd.close();
    await host.close();
  }
}
