import { sum } from '../sum.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { ConvexProcess } from './convex-process.ts';
import type { Stage } from './stage.ts';

/** All processes are told to begin at the same time, so long after they were told. */
const NOTICE_MS = 60;

/** What machines share: nothing but Convex, or a Redis too. */
export type Sharing = 'host' | 'redis';

/** One round: everybody starts at once, with cold caches. */
export interface StartRound {
  readonly sharing: Sharing;
  readonly agents: number;
  readonly clients: number;
  /** `agents:get` by the ledger. */
  readonly gets: number;
  /** The same as the processes have noted it: how often each agent was asked for by each machine. */
  readonly getsOfAgents: readonly number[];
  readonly right: number;
  readonly wrong: number;
  readonly firstConfigMs: readonly number[];
  readonly lagMs: number;
}

/** Every client of every process loads the config and the prompt of every agent. */
export async function startTogether(
  stage: Stage,
  convex: ConvexProcess,
  {
    name,
    clientsEach,
    redis,
  }: { readonly name: string; readonly clientsEach: number; readonly redis: string | undefined },
): Promise<StartRound> {
  await stage.set({ name, convex, redis });
  const { agentIds, calls } = stage;
  const { result: parts, of } = await convex.calls(() => {
    const startAtMs = monotonicMs() + NOTICE_MS;
    return Promise.all(calls.map((child) => child.ask('start', { agentIds, clients: clientsEach, startAtMs })));
  });
  const each = calls.length / stage.machines.length;
  const shares =
    redis === undefined ? stage.machines.map((_, index) => parts.slice(index * each, (index + 1) * each)) : [parts];
  const getsOfAgents = shares.flatMap((share) => {
    const reads = share.flatMap((part) => part.reads);
    return agentIds.map((agentId) => reads.filter((read) => read.agentId === agentId).length);
  });
  return {
    sharing: redis === undefined ? 'host' : 'redis',
    agents: agentIds.length,
    clients: calls.length * clientsEach,
    gets: of('agents:get').queries,
    getsOfAgents,
    right: sum(parts.map(({ right }) => right)),
    wrong: sum(parts.map(({ wrong }) => wrong)),
    firstConfigMs: parts.flatMap(({ firstConfigMs }) => firstConfigMs),
    lagMs: Math.max(...parts.map(({ lagMs }) => lagMs)),
  };
}
