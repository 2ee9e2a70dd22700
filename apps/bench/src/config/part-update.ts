import { setTimeout as sleep } from 'node:timers/promises';
import { sum } from '../sum.ts';
import type { FunctionCounts, ConvexProcess } from './convex-process.ts';
import type { Heard } from './host-calls.ts';
import type { Due, Verdict } from './judge.ts';
import { freshAfterMs, judge, together } from './judge.ts';
import type { Sharing } from './part-start.ts';
import type { Stage } from './stage.ts';
import { Starvation } from './starvation.ts';
import type { Update } from './update.ts';

/** A read that starts later than this after a reply is to have the new version: a time, which fails no run. */
export const PROMISED_MS = 100;
/** No machine's noise takes as long: a read that starts later must have it. */
const ALLOWED_MS = 500;
/** However long processes have waited for a processor, later than this is no delay: it stays. */
const LASTING_MS = 2_000;
/** A read that starts this long after the last update of its agent has nothing to be compared with. */
const COMPARED_MS = 3_000;
/** Of each agent's config, and of its prompt, by each process. */
export const READ_EVERY_MS = 50;
/** Until the last update is everywhere, and has been read. */
const AFTERMATH_MS = 1_500;
const WARM_UP_MS = 300;

/** How much is updated. */
export interface UpdateEffort {
  readonly updates: number;
  readonly perSecond: number;
}

/** Updates of agents while all processes read them. */
export interface UpdateResult {
  readonly sharing: Sharing;
  readonly updates: readonly Update[];
  /** The time for which Convex, the host service or the reader waited for a processor is not counted. */
  readonly configs: Verdict;
  readonly prompts: Verdict;
  /** The same, of reads that start after `ALLOWED_MS`. */
  readonly lasting: { readonly configs: Verdict; readonly prompts: Verdict };
  /** The same reads by the clock alone. */
  readonly byClock: { readonly configs: Verdict; readonly prompts: Verdict };
  /** The share of its time for which the worst of these processes waited. */
  readonly starved: number;
  readonly freshAfterMs: readonly number[];
  readonly promptFreshAfterMs: readonly number[];
  /** From each reply until each host was told of it by its feed; below 0 where it was sooner. */
  readonly toldAfterMs: readonly number[];
  /** From each reply until each host had invalidated it for its processes; below 0 where it was sooner. */
  readonly appliedAfterMs: readonly number[];
  readonly failed: number;
  /** How often Convex did not answer in time, so that what was last good was served: old, as it should be. */
  readonly lastGoodEvents: number;
  /** Updates without a reply: they are not judged. */
  readonly updatesFailed: number;
  /** Why, without repetitions. */
  readonly failures: readonly string[];
  /** By the ledger, while updates went on. */
  readonly gets: FunctionCounts;
  readonly pushes: FunctionCounts;
  readonly probes: FunctionCounts;
  readonly seconds: number;
  readonly lagMs: { readonly calls: number; readonly hosts: number; readonly updater: number };
}

/** On a stage that is set. */
export async function updateWhileRead(
  stage: Stage,
  convex: ConvexProcess,
  sharing: Sharing,
  { updates: count, perSecond }: UpdateEffort,
): Promise<UpdateResult> {
  const { agentIds, calls, machines, updater } = stage;
  await stage.warm();
  await Promise.all(calls.map((child) => child.ask('beginReading', { agentIds, everyMs: READ_EVERY_MS })));
  await sleep(WARM_UP_MS);
  await Promise.all(machines.map(({ host }) => host.ask('heard', {})));
  const starvation = new Starvation([convex, ...machines.map(({ host }) => host), ...calls].map(({ pid }) => pid));
  const startedMs = performance.now();
  const { result: ran, of } = await convex.calls(async () => {
    const all = await updater.ask('run', { agents: [...agentIds.keys()], count, perSecond });
    await sleep(AFTERMATH_MS);
    return all;
  });
  const seconds = (performance.now() - startedMs) / 1000;
  const served = await Promise.all(calls.map((child) => child.ask('endReading', {})));
  const heard = await Promise.all(machines.map(({ host }) => host.ask('heard', {})));
  const { updates } = ran;
  const lagMs = {
    calls: Math.max(...served.map((each) => each.lagMs)),
    hosts: Math.max(...heard.map((each) => each.lagMs)),
    updater: ran.lagMs,
  };
  starvation.end();
  const readers = machines.flatMap(({ host, calls: own }) => own.map(({ pid }) => [convex.pid, host.pid, pid]));
  const verdict = (
    kind: 'configs' | 'prompts',
    dueMs: (repliedMs: number, pids: readonly number[]) => number,
  ): Verdict =>
    together(
      served.map((each, index) =>
        judge(
          each[kind],
          duesOf(updates, (ms) => dueMs(ms, readers[index] ?? [])),
        ),
      ),
    );
  const runningFor =
    (ms: number) =>
    (repliedMs: number, pids: readonly number[]): number =>
      starvation.runFor(ms, repliedMs, pids, LASTING_MS);
  const [promised, allowed] = [runningFor(PROMISED_MS), runningFor(ALLOWED_MS)];
  const byClock = (repliedMs: number): number => repliedMs + PROMISED_MS;
  return {
    sharing,
    updates,
    configs: verdict('configs', promised),
    prompts: verdict('prompts', promised),
    lasting: { configs: verdict('configs', allowed), prompts: verdict('prompts', allowed) },
    byClock: { configs: verdict('configs', byClock), prompts: verdict('prompts', byClock) },
    starved: starvation.worstShare,
    freshAfterMs: freshAfterMs(
      served.map(({ configs }) => configs),
      updates,
    ),
    promptFreshAfterMs: freshAfterMs(
      served.map(({ prompts }) => prompts),
      updates,
    ),
    toldAfterMs: heard.flatMap(({ told }) => afterReplyMs(told, updates, agentIds)),
    appliedAfterMs: heard.flatMap(({ applied }) => afterReplyMs(applied, updates, agentIds)),
    failed: sum(served.map(({ failed }) => failed)),
    failures: [...new Set([...served.flatMap(({ failures }) => failures), ...ran.failures])],
    lastGoodEvents: sum(served.map((each) => each.lastGoodEvents)),
    updatesFailed: ran.failures.length,
    gets: of('agents:get'),
    pushes: of('feed:changes'),
    probes: of('feed:probe'),
    seconds,
    lagMs,
  };
}

/** Updates of one agent come one after another, and so do the words of them. */
function afterReplyMs(words: Heard['applied'], updates: readonly Update[], agentIds: readonly string[]): number[] {
  const byAgent = Map.groupBy(words, ({ agentId }) => agentId);
  return updates.flatMap(({ agent, sentMs, repliedMs }) => {
    const first = byAgent.get(agentIds[agent] ?? '')?.find(({ atMs }) => atMs > sentMs);
    return first === undefined ? [] : [first.atMs - repliedMs];
  });
}

function duesOf(updates: readonly Update[], dueMs: (repliedMs: number) => number): Due[] {
  return updates.map(({ agent, edition, repliedMs }) => ({
    agent,
    edition,
    fromMs: dueMs(repliedMs),
    untilMs: repliedMs + COMPARED_MS,
  }));
}
