import { monotonicMs } from '../processes/monotonic.ts';
import { sum } from '../sum.ts';
import type { Convex } from './convex.ts';
import type { CrowdPart, CrowdPartAnswer } from './crowd-part.ts';
import { topicQuestion } from './library.ts';
import type { Library } from './library.ts';
import type { Machines } from './machines.ts';
import { fingerprintOf, queryOf } from './stage.ts';

export const ASKERS = 1000;
/** All processes are told to begin at the same time, so long after they were told. */
const NOTICE_MS = 80;

/** One question that nobody has asked before, asked by many at once. */
export interface Crowd {
  readonly askers: number;
  readonly rejected: number;
  /** By the simulator's ledger. */
  readonly searches: number;
  /** Answers that were not the passages that the action itself gives. */
  readonly wrong: number;
  readonly compared: number;
  /** Then the same question by each process for another organisation: answers that were not that one's passages. */
  readonly foreign: number;
  readonly foreignCompared: number;
  readonly waitsMs: readonly number[];
  readonly lagMs: number;
}

/** @see gather */
export interface CrowdPlan {
  readonly machines: Machines;
  readonly convex: Convex;
  readonly asked: Library;
  readonly neighbour: Library;
  readonly topic: number;
  readonly wrongPassages: boolean;
}

/** Not counted: nothing has been compiled and nobody is connected then. */
export async function warmUp(machines: Machines, { organizationId }: Library): Promise<void> {
  const query = queryOf(organizationId, 'warm up');
  await askAll(machines, { query, askers: 1, wrongPassages: false });
}

/** All processes are released together. */
export async function gather(plan: CrowdPlan): Promise<Crowd> {
  const { convex, asked, neighbour, wrongPassages } = plan;
  const text = topicQuestion(plan.topic);
  const truths = await Promise.all([asked.search(text), neighbour.search(text)]);
  const [truth, otherTruth] = truths.map(fingerprintOf);
  if (truth === undefined || otherTruth === undefined) throw new Error('two were asked');
  if (truth === '[]' || truth === otherTruth) throw new Error('the two organisations must know different things');
  const before = await convex.searches();
  const { length: processes } = plan.machines.members;
  const askers = Math.ceil(ASKERS / processes);
  const answers = await askAll(plan.machines, { query: queryOf(asked.organizationId, text), askers, wrongPassages });
  const searches = (await convex.searches()) - before;
  const query = queryOf(neighbour.organizationId, text);
  const others = await askAll(plan.machines, { query, askers: 1, wrongPassages: false });
  const neighbours = differences(others, otherTruth);
  return {
    askers: askers * processes,
    rejected: sum(answers.map(({ rejected }) => rejected)),
    searches,
    ...differences(answers, truth),
    foreign: neighbours.wrong,
    foreignCompared: neighbours.compared,
    waitsMs: answers.flatMap(({ waitsMs }) => waitsMs),
    lagMs: Math.max(...answers.map(({ lagMs }) => lagMs)),
  };
}

type Answers = readonly CrowdPartAnswer[];

function askAll({ members }: Machines, part: Omit<CrowdPart, 'startAtMs'>): Promise<Answers> {
  const startAtMs = monotonicMs() + NOTICE_MS;
  return Promise.all(
    members.map((member, index) =>
      member.ask('crowd', { ...part, startAtMs, wrongPassages: part.wrongPassages && index === 0 }),
    ),
  );
}

function differences(answers: Answers, truth: string): { readonly wrong: number; readonly compared: number } {
  const given = answers.flatMap((answer) => [...answer.given]);
  return {
    wrong: sum(given.map(([fingerprint, times]) => (fingerprint === truth ? 0 : times))),
    compared: sum(given.map(([, times]) => times)),
  };
}
