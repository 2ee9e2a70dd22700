import type { Family } from '../processes/family.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import { sum } from '../sum.ts';
import type { EmbeddingPartAnswer } from './embedding-part.ts';
import type { EmbeddingLedger, EmbeddingServerCalls } from './embedding-server-child.ts';
import type { Machines } from './machines.ts';

const DIMENSIONS = 1536;
const LATENCY_MS = 150;
const TEXTS_A_CALL = 10;
/** How often each process asks for each text. */
const REPEATS = 4;
const NOTICE_MS = 80;

/** Texts that all processes want embedded. */
export interface EmbeddingResult {
  readonly processes: number;
  /** One process after the other. */
  readonly inTurn: EmbeddingCount;
  /** Other texts, all processes at once. */
  readonly together: EmbeddingCount;
}

/** What became of some texts. */
export interface EmbeddingCount {
  /** Asked for, repeats included. */
  readonly asked: number;
  readonly distinct: number;
  /** By the provider's ledger. */
  readonly embedded: number;
  readonly calls: number;
  /** Vectors that were not bit by bit what the provider gave. */
  readonly wrong: number;
  readonly waitsMs: readonly number[];
  /** Calls of the host tier that took too long for it to be used. */
  readonly late: number;
}

/** @see measureEmbedding */
export interface EmbeddingPlan {
  readonly machines: Machines;
  readonly family: Family;
  readonly texts: number;
  readonly wrongVector: boolean;
}

/** Each process asks for all texts, each several times and in an order of its own. */
export async function measureEmbedding(plan: EmbeddingPlan): Promise<EmbeddingResult> {
  const { machines, family } = plan;
  const file = { from: import.meta.url, file: 'embedding-server-child' };
  const server = await family.start<EmbeddingServerCalls>('provider of embeddings', file);
  const { url } = await server.ask('listen', { latencyMs: LATENCY_MS, dimensions: DIMENSIONS });
  const ask = (name: string, index: number, startAtMs: number): Promise<EmbeddingPartAnswer> => {
    const wrongVector = plan.wrongVector && index === 0;
    const part = { calls: callsOf(name, plan.texts, index), startAtMs, wrongVector, url, dimensions: DIMENSIONS };
    return machines.members[index]?.ask('embed', part) ?? Promise.reject(new Error(`there is no process ${index}`));
  };
  const indices = machines.members.map((_, index) => index);
  // Not counted: nothing has been compiled and nobody is connected then.
  await Promise.all(indices.map((index) => ask('warm-up', index, 0)));
  const beforeTurns = await server.ask('ledger', {});
  const inTurn: EmbeddingPartAnswer[] = [];
  for (const index of indices) inTurn.push(await ask('in turn', index, 0));
  const afterTurns = await server.ask('ledger', {});
  const startAtMs = monotonicMs() + NOTICE_MS;
  const together = await Promise.all(indices.map((index) => ask('together', index, startAtMs)));
  const ledger = await server.ask('ledger', {});
  await server.close();
  return {
    processes: indices.length,
    inTurn: countOf(plan.texts, inTurn, afterTurns, beforeTurns),
    together: countOf(plan.texts, together, ledger, afterTurns),
  };
}

function countOf(
  distinct: number,
  answers: readonly EmbeddingPartAnswer[],
  ledger: EmbeddingLedger,
  before: EmbeddingLedger,
): EmbeddingCount {
  const truth = new Map(ledger.texts.map(([text, , sha256]) => [text, sha256]));
  const vectors = answers.flatMap((answer) => answer.vectors);
  return {
    asked: vectors.length,
    distinct,
    embedded: embeddedBy(ledger) - embeddedBy(before),
    calls: ledger.calls - before.calls,
    wrong: vectors.filter(([text, sha256]) => truth.get(text) !== sha256).length,
    waitsMs: answers.flatMap(({ waitsMs }) => waitsMs),
    late: sum(answers.map(({ late }) => late)),
  };
}

function embeddedBy({ texts }: EmbeddingLedger): number {
  return sum(texts.map(([, times]) => times));
}

/** Every text as often as it repeats; each process begins somewhere else. */
function callsOf(name: string, texts: number, process: number): string[][] {
  const order = Array.from({ length: texts * REPEATS }, (_, at) => `text ${name} ${(at * 7 + process * 13) % texts}`);
  return Array.from({ length: Math.ceil(order.length / TEXTS_A_CALL) }, (_, call) =>
    order.slice(call * TEXTS_A_CALL, (call + 1) * TEXTS_A_CALL),
  );
}
