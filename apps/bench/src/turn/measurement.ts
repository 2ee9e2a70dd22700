import type { Dataset } from '../dataset.ts';
import type { Billing } from './billing.ts';
import type { HeardSentence, HeardTurn } from '../call/call.ts';
import type { Comparison } from '../call/comparison.ts';
import type { MissPenalty } from './miss-penalty.ts';
import { SPEAKER } from './phases.ts';
import type { Pass } from './phases.ts';
import type { Ledger } from '../call/simulator-process.ts';

/** Everything that was measured. */
export interface TurnMeasurement {
  readonly datasets: readonly Dataset[];
  readonly penalty: MissPenalty;
  readonly plain: Pass;
  readonly cold: Pass;
  readonly warm: Pass;
  /** With a cache and sockets of its own for each call. */
  readonly own: Pass;
  /** The provider's ledger before the first cached pass, and after each of them. */
  readonly ledgers: {
    readonly beforeCache: Ledger;
    readonly afterCold: Ledger;
    readonly afterWarm: Ledger;
    readonly end: Ledger;
  };
  readonly comparison: Comparison;
  /** Of the shared cache over both its passes. */
  readonly sharedBill: Billing;
  /** Of all caches that lived for one call. */
  readonly ownBill: Billing;
  /** Of the shared cache, over both its passes and in the first. */
  readonly evictions: number;
  readonly coldEvictions: number;
  readonly sabotage: string | undefined;
  readonly poolCap: number;
  /** Of the bench and of the simulated provider. */
  readonly pids: readonly [number, number];
}

/** How the provider's sockets were used. */
export interface Sockets {
  readonly peak: number;
  readonly opened: number;
  /** Utterances of the least used socket. */
  readonly utterancesEach: number;
  readonly refused: number;
  readonly byRest: number;
}

/** Socket use up to the end of the passes that share one pool. */
export function socketsOf({ ledgers: { afterWarm } }: TurnMeasurement): Sockets {
  const { auth, limit, fault } = afterWarm.refused;
  return {
    peak: afterWarm.peak_sockets,
    opened: afterWarm.connections_total,
    utterancesEach: Math.min(...afterWarm.connections.map(({ utterances }) => utterances)),
    refused: auth + limit + fault,
    byRest: afterWarm.utterances.filter(({ transport }) => transport !== 'ws').length,
  };
}

/** Characters by the provider's count, per pass. */
export function billedOf({ ledgers }: TurnMeasurement): { cold: number; warm: number; shared: number; own: number } {
  const [before, afterCold, afterWarm, end] = [
    ledgers.beforeCache,
    ledgers.afterCold,
    ledgers.afterWarm,
    ledgers.end,
  ].map(charsOf) as [number, number, number, number];
  return { cold: afterCold - before, warm: afterWarm - afterCold, shared: afterWarm - before, own: end - afterWarm };
}

/** What the voice of these passes was asked for: processes that speak meanwhile have others. */
function charsOf({ utterances }: Ledger): number {
  return utterances.reduce((sum, { speaker, chars }) => (speaker === SPEAKER ? sum + chars : sum), 0);
}

/** Waits for the first audio of turns whose first sentence came from there; of all turns without `source`. */
export function firstAudioMs(turns: readonly HeardTurn[], source?: HeardSentence['source']): number[] {
  return turns
    .filter((turn) => source === undefined || turn.sentences[0]?.source === source)
    .flatMap((turn) => turn.firstAudioMs ?? []);
}

/** Sentences heard in a pass, and how many of them cost nothing. */
export function hitsOf(pass: Pass): { hits: number; said: number } {
  const sentences = pass.calls.flat().flatMap((turn) => turn.sentences);
  return { hits: sentences.filter(({ source }) => source !== 'recorded').length, said: sentences.length };
}

/** Sentences and characters that a pass had to say. */
export function saidIn(pass: Pass): { sentences: number; chars: number } {
  const texts = pass.calls.flat().flatMap((turn) => turn.expected);
  return { sentences: texts.length, chars: texts.reduce((sum, text) => sum + text.length, 0) };
}
