import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../processes/monotonic.ts';
import type { Progress } from '../progress.ts';
import { sum } from '../sum.ts';
import type { Convex } from './convex.ts';
import { dueAt, worstMs } from './holds.ts';
import type { Hold } from './holds.ts';
import { stateOf, timetableQuestion } from './library.ts';
import type { Library } from './library.ts';
import type { Machines } from './machines.ts';
import { READ_FIELDS } from './reading.ts';
import type { ServiceReport } from './service-child.ts';
import { queryOf } from './stage.ts';

/**
 * A read that starts so long after a mutation's reply must show it. Not counted is the time for which a process of its machine
 * is held: any of them may be in the middle of a write.
 */
export const FRESH_AFTER_MS = 100;
/** Later reads say nothing about a change: they are not counted as compared. */
const JUST_MS = 3_000;
const READ_EVERY_MS = 10;
const QUESTIONS = 3;
/** Of one process. */
const MOST_FINDINGS = 2;
/** Until every process has what it asks for, and after the last change. */
const SETTLE_MS = 1_200;

/** A change of the knowledge base, and when its author was told. */
interface Change {
  readonly state: number;
  readonly repliedMs: number;
}

/** A read that should have shown a change and did not. */
export interface Finding {
  readonly pid: number;
  readonly machine: number;
  /** The state that it should have shown, and what it did show. */
  readonly due: number;
  readonly state: number;
  /** From the reply of the change to the begin of the read. */
  readonly afterMs: number;
  readonly waitMs: number;
}

/** What readers saw while a knowledge base was changed. */
export interface UpdateResult {
  readonly changes: number;
  readonly reads: number;
  readonly compared: number;
  readonly old: number;
  /** Old reads that began later than that, but not later than their machine had time for: neither compared nor old. */
  readonly heldReads: number;
  /** Some of the old ones. */
  readonly findings: readonly Finding[];
  readonly failed: number;
  /** Of each change and process: from the reply to the begin of the last read that did not show it; 0 when all did. */
  readonly freshAfterMs: readonly number[];
  readonly waitsMs: readonly number[];
  readonly neighbourReads: number;
  readonly foreign: number;
  /** Searches for the organisation that had not changed. */
  readonly otherOrgSearches: number;
  /** All searches of that time, as the processes and as the simulator counted them. */
  readonly searches: { readonly own: number; readonly ledger: number };
  /** Of each question. */
  readonly searchesAChange: number;
  readonly services: readonly ServiceReport[];
  /** For how long each reader was held at worst. */
  readonly heldMs: readonly number[];
}

/** @see measureUpdate */
export interface UpdatePlan {
  readonly machines: Machines;
  readonly convex: Convex;
  readonly changed: Library;
  readonly neighbour: Library;
  readonly changes: number;
  readonly everyMs: number;
  readonly progress: Progress;
}

/** Readers ask all the time while documents are added and removed. */
export async function measureUpdate(plan: UpdatePlan): Promise<UpdateResult> {
  const { machines, convex, changed, neighbour } = plan;
  const texts = Array.from({ length: QUESTIONS }, (_, number) => timetableQuestion(number));
  const queries = texts.map((text) => queryOf(changed.organizationId, text));
  const others = texts.map((text) => queryOf(neighbour.organizationId, text));
  const reading = { queries, neighbour: { queries: others, name: neighbour.name }, everyMs: READ_EVERY_MS };
  const first = stateOf(await changed.search(texts[0] ?? ''));
  if (first === 0) throw new Error('there is no timetable');
  const ledgerBefore = await convex.searches();
  const before = await machines.searches();
  await Promise.all(machines.members.map((member) => member.ask('read', reading)));
  await sleep(SETTLE_MS);
  const warmed = await machines.searches();
  await machines.reports();
  const changes = await makeChanges(plan, first);
  await sleep(SETTLE_MS);
  const reports = await Promise.all(machines.members.map((member) => member.ask('rest', {})));
  const [after, ledgerAfter] = [await machines.searches(), await convex.searches()];
  const services = await machines.reports();
  const verdicts = reports.map(({ reads }, index) => {
    const isOfSameMachine = (_: unknown, other: number): boolean => other % services.length === index % services.length;
    const holds = [...services.filter(isOfSameMachine), ...reports.filter(isOfSameMachine)].flatMap((one) => one.holds);
    return judge(readsOf(reads), changes, { first, holds });
  });
  return {
    changes: changes.length,
    reads: sum(reports.map(({ reads }) => reads.length / READ_FIELDS)),
    compared: sum(verdicts.map(({ compared }) => compared)),
    old: sum(verdicts.map(({ old }) => old.length)),
    findings: verdicts.flatMap(({ old }, index) =>
      old.slice(0, MOST_FINDINGS).map((found) => findingOf(found, machines, index)),
    ),
    failed: sum(reports.map(({ failed }) => failed)),
    freshAfterMs: verdicts.flatMap(({ freshAfterMs }) => freshAfterMs),
    waitsMs: reports.flatMap(({ reads }) => readsOf(reads).map(({ waitMs }) => waitMs)),
    neighbourReads: sum(reports.map(({ neighbourReads }) => neighbourReads)),
    foreign: sum(reports.map(({ foreign }) => foreign)),
    otherOrgSearches: countOf(after, neighbour) - countOf(warmed, neighbour),
    searchesAChange: (countOf(after, changed) - countOf(warmed, changed)) / changes.length / QUESTIONS,
    searches: { own: sum([...after.values()]) - sum([...before.values()]), ledger: ledgerAfter - ledgerBefore },
    heldReads: sum(verdicts.map(({ held }) => held)),
    services,
    heldMs: reports.map(({ holds }) => worstMs(holds)),
  };
}

function countOf(searches: ReadonlyMap<string, number>, { organizationId }: Library): number {
  return searches.get(organizationId) ?? 0;
}

/** In turn a new edition and the end of the one before. */
async function makeChanges({ changed, changes, everyMs, progress }: UpdatePlan, first: number): Promise<Change[]> {
  const made: Change[] = [];
  for (let state = first + 1; made.length < changes; state += 2) {
    progress.update(`rag · update ${made.length + 1} of ${changes}`);
    const { before } = await changed.addEdition();
    made.push({ state, repliedMs: monotonicMs() });
    await sleep(everyMs);
    await changed.removeEdition(before);
    made.push({ state: state + 1, repliedMs: monotonicMs() });
    await sleep(everyMs);
  }
  return made;
}

interface Read {
  readonly state: number;
  readonly startedMs: number;
  readonly waitMs: number;
}

function readsOf(reads: Float64Array): Read[] {
  return Array.from({ length: reads.length / READ_FIELDS }, (_, index) => {
    const [state = 0, startedMs = 0, waitMs = 0] = reads.subarray(index * READ_FIELDS);
    return { state, startedMs, waitMs };
  });
}

interface MachineTime {
  /** The state before the first change. */
  readonly first: number;
  /** Of the machine's processes. */
  readonly holds: readonly Hold[];
}

type OldRead = Omit<Finding, 'pid' | 'machine'>;

function findingOf(found: OldRead, { members, directories }: Machines, index: number): Finding {
  return { pid: members[index]?.pid ?? 0, machine: (index % directories.length) + 1, ...found };
}

/** The reads of one process. */
function judge(reads: readonly Read[], changes: readonly Change[], machine: MachineTime) {
  const { first, holds } = machine;
  const dues = changes.map(({ state, repliedMs }) => ({
    state,
    repliedMs,
    dueMs: dueAt(repliedMs, FRESH_AFTER_MS, holds),
  }));
  let [compared, held] = [0, 0];
  const old: OldRead[] = [];
  const lastOld = changes.map(({ repliedMs }) => repliedMs);
  for (const { state, startedMs, waitMs } of reads) {
    const due = dues.findLast(({ dueMs }) => dueMs < startedMs);
    if (due !== undefined && startedMs - due.repliedMs <= JUST_MS) compared++;
    const dueState = due?.state ?? first;
    if (state < dueState)
      old.push({ state, due: dueState, afterMs: startedMs - (due?.repliedMs ?? startedMs), waitMs });
    else if (dues.some((change) => state < change.state && change.repliedMs + FRESH_AFTER_MS < startedMs)) held++;
    changes.forEach((change, index) => {
      if (state < change.state && startedMs > (lastOld[index] ?? 0)) lastOld[index] = startedMs;
    });
  }
  return {
    compared,
    old,
    held,
    freshAfterMs: changes.map(({ repliedMs }, index) => (lastOld[index] ?? 0) - repliedMs),
  };
}
