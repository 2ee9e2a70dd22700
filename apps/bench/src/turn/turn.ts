import { initializeLogger } from '@livekit/agents';
import { isSpeakable, splitSentences } from '@warmline/sentences';
import { createPhraseCache } from '@warmline/tts-cache';
import * as sarvam from '@warmline/tts-sarvam';
import { addUp } from '../add-up.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { explainBill, NOTHING_BILLED } from './billing.ts';
import { CALL_OVERRIDES } from '../call/call.ts';
import { checksOf } from './checks.ts';
import { compare, NOTHING_COMPARED } from '../call/comparison.ts';
import type { TurnMeasurement } from './measurement.ts';
import { measureMissPenalty } from './miss-penalty.ts';
import type { PairSentence } from './miss-penalty.ts';
import { forkedChecksOf } from './forked/checks.ts';
import type { ForkedMeasurement } from './forked/measurement.ts';
import { measureForked } from './forked/measurement.ts';
import { forkedMetricsOf } from './forked/metrics.ts';
import { forkedSectionsOf } from './forked/report.ts';
import { FORKED_OVERRIDES } from './forked/voices.ts';
import { cachedVoice, callOwnVoice, OWN_VOICE_OVERRIDES, plainVoice, speakAll } from './phases.ts';
import type { Pass } from './phases.ts';
import { reportTurn } from './report.ts';
import { sabotaged, TURN_SABOTAGES } from '../call/sabotage.ts';
import { startSimulator } from '../call/simulator-process.ts';
import type { Ledger, SimulatorProcess } from '../call/simulator-process.ts';

/** Sarvam needs 0.2-0.25 s for a second of audio; with that the bench would take ten times as long and show the same first audio. */
const REAL_TIME_FACTOR = 0.02;
const POOL_CAP = 4;
const PENALTY_PAIRS = { quick: 10, normal: 40 } as const;
/** Only of the forked processes: without a host tier, and without permits for sockets. */
const FORKED_SABOTAGES = ['no-host', 'no-permits'];

/** An AgentSession speaks real dialogues, without a cache, with an empty one, with a full one, and with one per call. */
export const turn: Scenario = {
  name: 'turn',
  summary:
    'real dialogues spoken by a LiveKit AgentSession through Sarvam (simulated), without and with the phrase cache',
  byDefault: true,
  sabotages: [...TURN_SABOTAGES, ...FORKED_SABOTAGES],
  run,
};

async function run(context: ScenarioContext): Promise<ScenarioResult> {
  initializeLogger({ pretty: false, level: 'fatal' });
  const simulator = await startSimulator(REAL_TIME_FACTOR, context.seed);
  const pool = sarvam.createSocketPool({ maxConnections: POOL_CAP });
  try {
    const { measurement, forked } = await measure(context, simulator, pool);
    const { metrics, sections } = reportTurn(measurement);
    return {
      metrics: { ...metrics, ...(forked && forkedMetricsOf(forked)) },
      sections: [...sections, ...(forked ? forkedSectionsOf(forked) : [])],
      checks: [...checksOf(measurement, context.quick), ...(forked ? forkedChecksOf(forked) : [])],
      processes: { bench: process.pid, simulator: simulator.pid, ...forked?.pids },
      overrides: {
        sarvam_real_time_factor: REAL_TIME_FACTOR,
        ...CALL_OVERRIDES,
        ...OWN_VOICE_OVERRIDES,
        ...FORKED_OVERRIDES,
      },
    };
  } finally {
    await pool.close();
    await simulator.close();
  }
}

async function measure(
  context: ScenarioContext,
  simulator: SimulatorProcess,
  pool: sarvam.SarvamPool,
): Promise<{ measurement: TurnMeasurement; forked: ForkedMeasurement | undefined }> {
  const { datasets, progress, quick } = context;
  const sabotage = FORKED_SABOTAGES.includes(context.sabotage ?? '') ? undefined : context.sabotage;
  const { url } = simulator;
  const dialogues = datasets.flatMap((dataset) => dataset.dialogues);
  const sentences = distinctSentences(context, PENALTY_PAIRS[quick ? 'quick' : 'normal']);
  const penalty = await measureMissPenalty(simulator, pool, sentences, progress);
  const plain = await speakAll('no cache', dialogues, plainVoice(url, pool), progress);
  const beforeCache = await simulator.ledger();

  const cache = sabotaged(createPhraseCache(), sabotage);
  const cold = await speakAll('empty cache', dialogues, cachedVoice(url, pool, cache), progress);
  const afterCold = await simulator.ledger();
  const coldEvictions = cache.stats().evictions;
  // Newest first: a workload larger than the cache would else meet each sentence just after its eviction.
  const warm = await speakAll('full cache', dialogues.toReversed(), cachedVoice(url, pool, cache), progress);
  const afterWarm = await simulator.ledger();
  const evictions = cache.stats().evictions;
  await cache.close();

  const speakOwn = async (): Promise<{ own: Pass; ledger: Ledger }> => {
    const pass = await speakAll(
      'a cache per call',
      dialogues,
      callOwnVoice(url, (each) => sabotaged(each, sabotage)),
      progress,
    );
    return { own: pass, ledger: await simulator.ledger() };
  };
  const speakingOwn = speakOwn();
  const provider = { realTimeFactor: REAL_TIME_FACTOR, seed: context.seed };
  // A short run with damaged audio has shown what it is for.
  const isEnough = quick && sabotage !== undefined;
  const [{ own, ledger }, forked] = await Promise.all([
    speakingOwn,
    isEnough ? undefined : measureForked(context, simulator, pool, provider, speakingOwn),
  ]);
  const sharedTurns = [...cold.calls, ...warm.calls].flat();
  const measurement = {
    datasets,
    penalty,
    plain,
    cold,
    warm,
    own,
    ledgers: { beforeCache, afterCold, afterWarm, end: ledger },
    comparison: addUp(NOTHING_COMPARED, [compare(sharedTurns, ledger), compare(own.calls.flat(), ledger)]),
    sharedBill: explainBill(sharedTurns),
    ownBill: addUp(NOTHING_BILLED, own.calls.map(explainBill)),
    evictions,
    coldEvictions,
    sabotage,
    poolCap: POOL_CAP,
    pids: [process.pid, simulator.pid] as const,
  };
  return { measurement, forked };
}

/** Sentences for the pairs, from all datasets alike. */
function distinctSentences(
  { datasets }: ScenarioContext,
  count: number,
): { text: string; language: 'en-IN' | 'hi-IN' }[] {
  const perDataset = Math.ceil(count / datasets.length);
  return datasets.flatMap(({ dialogues }) => {
    const found = new Map<string, PairSentence>();
    for (const { language, turns } of dialogues) {
      for (const text of turns.flatMap((each) => splitSentences(each)).filter(isSpeakable))
        found.set(text, { text, language });
    }
    return [...found.values()].slice(0, perDataset);
  });
}
