import { setTimeout as sleep } from 'node:timers/promises';
import { sum } from '../sum.ts';
import type { CallCalls, FirstAnswer } from './call-calls.ts';
import type { Child } from '../processes/child.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import { ConvexProcess } from './convex-process.ts';
import type { Stage } from './stage.ts';
import { MACHINES } from './stage.ts';

/** How Convex is away. */
export interface DownCase {
  readonly name: 'answers_503' | 'stopped' | 'hung';
  readonly withRedis: boolean;
}

/** Calls that start while Convex is away. */
export interface DownResult {
  readonly downCase: DownCase;
  readonly answers: readonly FirstAnswer[];
  /** Told by the processes that had a config, at least; and those that got what was there before the update. */
  readonly lastGoodEventsMin: number;
  readonly lastGood: number;
  readonly withoutConfig: number;
  readonly withoutPrompt: number;
  /** When Convex is there again: processes that did not get the update within the time, and how long it took. */
  readonly again: { readonly processes: number; readonly old: number } | undefined;
}

/** @see callsWhileDown */
export interface DownPlan {
  readonly name: string;
  readonly downCase: DownCase;
  readonly callsEach: number;
  readonly delayMs: number;
  readonly redis: string | undefined;
}

/** Until every machine has heard of the update. */
const HEARD_MS = 500;
/** Longer than anybody waits. */
const HUNG_MS = 60_000;
/** Reading the update again takes a trip, and a source that has failed is not asked at every read. */
const AGAIN_MS = 5_000;
const LOOK_MS = 50;

/**
 * All processes know all agents. `agents:get` fails from before the update of one agent, so that no machine can load what it
 * hears of; then Convex is away altogether, and new call processes ask for that agent.
 */
export async function callsWhileDown(stage: Stage, plan: DownPlan): Promise<DownResult> {
  const { name, downCase, callsEach, delayMs, redis } = plan;
  await using convex = await ConvexProcess.start({ delayMs });
  await stage.set({ name, convex, redis });
  const { agentIds, updater } = stage;
  await stage.warm();
  const get = { functions: ['agents:get'] };
  await convex.setFaults(
    downCase.name === 'hung' ? { slow: { ms: HUNG_MS, ...get } } : { status: { status: 503, ...get } },
  );
  const { updates } = await updater.ask('run', { agents: [0], count: 1, perSecond: 1 });
  await sleep(HEARD_MS);
  if (downCase.name === 'stopped') await convex.kill();
  else await convex.setFaults(downCase.name === 'hung' ? { slow: { ms: HUNG_MS } } : { status: { status: 503 } });
  const children = (
    await Promise.all(MACHINES.map((machine) => stage.newcomers(callsEach, machine, `calls, Convex ${downCase.name}`)))
  ).flat();
  const agentId = agentIds[updates[0]?.agent ?? 0] ?? '';
  const answers = await Promise.all(children.map((child) => child.ask('first', { agentId })));
  const edition = updates[0]?.edition ?? 0;
  const again = downCase.name === 'stopped' ? undefined : await readAgain(convex, children, agentId, edition);
  await Promise.all(children.map((child) => child.close()));
  const found = answers.filter(({ configEdition }) => configEdition !== undefined);
  return {
    downCase,
    answers,
    lastGoodEventsMin: Math.min(...answers.map(({ lastGoodEvents }) => lastGoodEvents)),
    lastGood: found.filter(({ configEdition = edition }) => configEdition < edition).length,
    withoutConfig: answers.length - found.length,
    withoutPrompt: sum(answers.map(({ promptEdition }) => (promptEdition === undefined ? 1 : 0))),
    again,
  };
}

/** Everybody asks until he has the update, or for so long. */
async function readAgain(
  convex: ConvexProcess,
  children: readonly Child<CallCalls>[],
  agentId: string,
  edition: number,
): Promise<{ processes: number; old: number }> {
  await convex.setFaults({});
  const endMs = monotonicMs() + AGAIN_MS;
  for (let old = children; ; await sleep(LOOK_MS)) {
    const answers = await Promise.all(
      old.map(async (child) => ({ child, ...(await child.ask('first', { agentId })) })),
    );
    const isOld = ({ configEdition, promptEdition }: FirstAnswer): boolean =>
      configEdition !== edition || promptEdition !== edition;
    old = answers.filter(isOld).map(({ child }) => child);
    if (old.length === 0 || monotonicMs() > endMs) return { processes: children.length, old: old.length };
  }
}
