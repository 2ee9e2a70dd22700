import { initializeLogger } from '@livekit/agents';
import { cachedTts, createPhraseCache } from '@warmline/tts-cache';
import type { PhraseEvent } from '@warmline/tts-cache';
import * as sarvam from '@warmline/tts-sarvam';
import type { CallVoice, HeardTurn } from '../call/call.ts';
import { speakDialogue } from '../call/call.ts';
import { compare } from '../call/comparison.ts';
import { sabotaged } from '../call/sabotage.ts';
import type { SimulatorProcess } from '../call/simulator-process.ts';
import { startSimulator } from '../call/simulator-process.ts';
import type { Check, Scenario, ScenarioContext, ScenarioResult } from '../scenario.ts';
import { table } from '../tables.ts';
import { FAULT_CASES } from './cases.ts';
import type { FaultCase } from './cases.ts';

/** Short, so that a run is: a real call waits up to 10 s. */
const TIMEOUTS = { connectTimeoutMs: 600, socketWaitMs: 800, receiveTimeoutMs: 600 } as const;
/** Far beyond all timeouts and retries on any machine: what takes longer hangs. */
const HANG_MS = 60_000;
const REAL_TIME_FACTOR = 0.02;

/** What became of one case. */
interface CaseResult {
  readonly name: string;
  readonly faulty: HeardTurn;
  readonly healed: HeardTurn;
  readonly ms: number;
  readonly errors: number;
  readonly unspoken: number;
  readonly cures: string;
}

/** The provider fails in every way it is known to; the caller hears the next sentence, and nothing broken is kept. */
export const faults: Scenario = {
  name: 'faults',
  summary: 'two sentences while the provider fails, then the same two again when it is well',
  byDefault: false,
  sabotages: ['truncate'],
  run,
};

async function run(context: ScenarioContext): Promise<ScenarioResult> {
  initializeLogger({ pretty: false, level: 'silent' });
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  const simulator = await startSimulator(REAL_TIME_FACTOR, context.seed);
  try {
    const results: CaseResult[] = [];
    const closing: Promise<void>[] = [];
    for (const [index, fault] of FAULT_CASES.entries()) {
      context.progress.update(`faults · ${fault.name} · ${index + 1} of ${FAULT_CASES.length}`);
      results.push(await runCase(simulator, fault, index, context.sabotage, closing));
    }
    await Promise.all(closing);
    const ledger = await simulator.ledger();
    const heard = results.flatMap(({ faulty, healed }) => [faulty, healed]);
    const kept = heard.map((turn) => ({
      ...turn,
      sentences: turn.sentences.filter(({ source }) => source === 'stored'),
    }));
    const healed = compare(
      results.map((result) => result.healed),
      ledger,
    );
    const stored = compare(
      kept.map((turn) => ({ ...turn, expected: turn.sentences.map(({ text }) => text) })),
      ledger,
    );
    const slowest = Math.max(...results.map(({ ms }) => ms));
    const silent = results.filter(
      ({ faulty, errors }) => faulty.sentences.length < faulty.expected.length && errors === 0,
    );
    return {
      processes: { bench: process.pid, simulator: simulator.pid },
      overrides: { sarvam_real_time_factor: REAL_TIME_FACTOR, ...TIMEOUTS },
      metrics: {
        cases: results.length,
        unhandled_rejections: rejections.length,
        incomplete_stored: stored.mismatches,
        stored_compared: stored.compared,
        not_spoken_after_recovery: healed.unheard + healed.mismatches,
        silent_without_trace: silent.length,
        hangs: results.filter((result) => result.ms > HANG_MS).length,
        slowest_ms: slowest,
      },
      checks: [
        none('unhandled_rejections', rejections.length, `in ${results.length} cases`),
        none('incomplete_stored', stored.mismatches, `of ${stored.compared} replayed`),
        { name: 'stored_compared', holds: stored.compared >= 20, detail: `${stored.compared}, at least 20` },
        none('not_spoken_after_recovery', healed.unheard + healed.mismatches, `of ${healed.compared}`),
        none('silent_without_trace', silent.length, `in ${results.length} cases`),
        none('hangs', results.filter((result) => result.ms > HANG_MS).length, `in ${results.length} cases`),
      ],
      sections: [{ title: 'Fault by fault', body: faultTable(results) }],
    };
  } finally {
    process.off('unhandledRejection', onRejection);
    await simulator.close();
  }
}

async function runCase(
  simulator: SimulatorProcess,
  fault: FaultCase,
  index: number,
  sabotage: string | undefined,
  closing: Promise<void>[],
): Promise<CaseResult> {
  const pool = sarvam.createSocketPool({ connectTimeoutMs: TIMEOUTS.connectTimeoutMs });
  const cache = sabotaged(createPhraseCache(), sabotage);
  const closed: Promise<void>[] = [];
  const told: string[] = [];
  const count = { errors: 0, unspoken: 0 };
  const text = `This is what case ${index} says first. And then case ${index} goes on.`;
  const speak = async (access: FaultCase['access'], words: string): Promise<HeardTurn> => {
    const voice = openVoice(simulator.url, pool, access, told, count, cache);
    const call = await speakDialogue({ dialog: fault.name, agent: 'faults', language: 'en-IN', turns: [words] }, voice);
    const [turn] = await call.turns;
    closed.push(call.closed);
    if (turn === undefined) throw new Error('a call of one turn has one turn');
    return turn;
  };
  if (fault.pooled === true) await speak(undefined, `Case ${index} begins well.`);
  await simulator.setFaults(fault.faults);
  told.length = 0;
  const startedMs = performance.now();
  const faulty = await speak(fault.access, text);
  const ms = performance.now() - startedMs;
  const { errors, unspoken } = count;
  const cures = [...new Set(told.filter((type) => CURES.has(type)))].join(', ');
  await simulator.setFaults({});
  const healed = await speak(undefined, text);
  closing.push(
    Promise.all(closed)
      .then(() => pool.close())
      .then(() => cache.close()),
  );
  return { name: fault.name, faulty, healed, ms, errors, unspoken, cures };
}

const CURES: ReadonlySet<string> = new Set(['retry', 'rest-fallback', 'socket-replaced', 'sentence-failed']);

function openVoice(
  url: string,
  pool: sarvam.SarvamPool,
  access: FaultCase['access'],
  told: string[],
  count: { errors: number; unspoken: number },
  cache: ReturnType<typeof createPhraseCache>,
): CallVoice {
  let events: PhraseEvent[] = [];
  const inner = new sarvam.TTS({
    ...TIMEOUTS,
    apiKey: access === 'wrong-key' ? 'nobody' : 'test-key',
    baseUrl: access === 'nobody-there' ? 'http://127.0.0.1:9' : url,
    language: 'en-IN',
    pool,
    onEvent: ({ type }) => told.push(type),
  });
  const tts = cachedTts(inner, {
    // Where the provider is does not change how it sounds: what was stored with the wrong key must serve with the right one.
    voice: () => ({ ...inner.voice, endpoint: url }),
    cache,
    onEvent: (event) => {
      events.push(event);
      if (event.type === 'unspoken') count.unspoken++;
    },
  });
  tts.on('error', () => count.errors++);
  return {
    tts,
    takeEvents: () => {
      const taken = events;
      events = [];
      return taken;
    },
    close: () => tts.close(),
  };
}

function faultTable(results: readonly CaseResult[]): string {
  return table(
    ['fault', 'heard of 2', 'errors', 'cure', 'ms', 'heard after', 'of these from cache'],
    results.map(({ name, faulty, healed, ms, errors, cures }) => [
      name,
      faulty.sentences.length,
      errors,
      cures === '' ? '–' : cures,
      ms.toFixed(0),
      healed.sentences.length,
      healed.sentences.filter(({ source }) => source === 'stored').length,
    ]),
  );
}

function none(name: string, found: number, of: string): Check {
  return { name, holds: found === 0, detail: `${found} ${of}` };
}
