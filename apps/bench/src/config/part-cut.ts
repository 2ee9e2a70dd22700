import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy } from '@warmline/cache-redis/testing';
import { monotonicMs } from '../processes/monotonic.ts';
import { sum } from '../sum.ts';
import type { ConvexProcess } from './convex-process.ts';
import type { Heard } from './host-calls.ts';
import type { Due, Verdict } from './judge.ts';
import { judge, together } from './judge.ts';
import { PROMISED_MS, READ_EVERY_MS } from './part-update.ts';
import type { Served } from './reading.ts';
import type { Stage } from './stage.ts';
import type { Update } from './update.ts';

/** A machine that cannot hear may serve nothing that has been older for longer. */
const DEAF_MS = 5_000;
/** After a reconnect, so long. */
const RECONNECT_MS = 1_000;
const WARM_UP_MS = 300;
const UPDATES_PER_SECOND = 25;
/** How long before the end of the cut. */
const LATE_MS = 1_000;

/** How long everything takes. */
export interface CutEffort {
  /** At the beginning of the cut, of one half of the agents; and as many shortly before its end, of the other. */
  readonly updates: number;
  readonly cutMs: number;
  /** Reads after that. */
  readonly afterwardsMs: number;
}

/** What became of one machine. */
export interface CutResult {
  /** `refused`: its sockets were closed and no new one was let in. `silent`: they stayed open and nothing passed. */
  readonly how: 'refused' | 'silent';
  readonly updates: number;
  /** While it could not hear: reads begun more than 5 s after an update's reply. */
  readonly deaf: Verdict;
  /** Of the same time: reads that were older than a machine that hears would have served. Else nothing was cut. */
  readonly unheard: number;
  /** Begun more than 1 s after it was heard from again. */
  readonly back: Verdict;
  /** Since the end of the cut: the first window of the feed, and when it vouched for hearing again. */
  readonly windowAfterMs: number | undefined;
  readonly liveAfterMs: number | undefined;
  /** From the cut until it no longer vouched for hearing. */
  readonly lapsedAfterMs: number | undefined;
  readonly failed: number;
  readonly lagMs: number;
}

/** One machine's feed is refused, the other's falls silent, while agents are updated; Convex itself answers both. */
export async function cutFeeds(
  stage: Stage,
  convex: ConvexProcess,
  {
    name,
    redis,
    updates: count,
    cutMs,
    afterwardsMs,
  }: CutEffort & { readonly name: string; readonly redis?: string | undefined },
): Promise<CutResult[]> {
  const target = { port: Number(new URL(convex.url).port) };
  await using refused = await FaultProxy.start(target);
  await using silent = await FaultProxy.start(target);
  const feedUrls = { a: `http://127.0.0.1:${refused.port}`, b: `http://127.0.0.1:${silent.port}` };
  await stage.set({ name, convex, redis, feedUrls });
  const { agentIds, machines, updater } = stage;
  const half = Math.floor(agentIds.length / 2);
  const all = [...agentIds.keys()];
  const update = async (agents: readonly number[]): Promise<readonly Update[]> => {
    const run = { agents, count, perSecond: UPDATES_PER_SECOND };
    return (await updater.ask('run', run)).updates;
  };
  await stage.warm();
  await Promise.all(stage.calls.map((child) => child.ask('beginReading', { agentIds, everyMs: READ_EVERY_MS })));
  await sleep(WARM_UP_MS);
  await Promise.all(machines.map(({ host }) => host.ask('heard', {})));
  const fromMs = monotonicMs();
  silent.set({ blackhole: true });
  await refused.refuse(true);
  refused.reset();
  const before = await update(all.slice(0, half));
  await sleep(Math.max(0, fromMs + cutMs - LATE_MS - monotonicMs()));
  // What is changed so late is old when the feed is heard again.
  const updates = [...before, ...(await update(all.slice(half)))];
  await sleep(Math.max(0, fromMs + cutMs - monotonicMs()));
  const healedMs = monotonicMs();
  await Promise.all([silent.heal(), refused.heal()]);
  await sleep(Math.max(0, healedMs + afterwardsMs - monotonicMs()));
  return Promise.all(
    machines.map(async ({ name: machine, host, calls }) => {
      const served = await Promise.all(calls.map((child) => child.ask('endReading', {})));
      const heard = await host.ask('heard', {});
      const how = machine === 'a' ? 'refused' : 'silent';
      return resultOf(how, served, heard, { fromMs, healedMs, updates });
    }),
  );
}

function resultOf(
  how: CutResult['how'],
  served: readonly Served[],
  { windowsMs, states, lagMs }: Heard,
  {
    fromMs,
    healedMs,
    updates,
  }: { readonly fromMs: number; readonly healedMs: number; readonly updates: readonly Update[] },
): CutResult {
  const windowMs = windowsMs.find((atMs) => atMs > healedMs);
  const liveMs = states.find(({ state, atMs }) => state === 'live' && atMs > healedMs)?.atMs;
  const lapsedMs = states.find(({ state, atMs }) => state === 'lapsed' && atMs > fromMs)?.atMs;
  const deaf = updates.map((update) => due(update, update.repliedMs + DEAF_MS, healedMs));
  const backMs = windowMs === undefined ? Number.POSITIVE_INFINITY : windowMs + RECONNECT_MS;
  const back = updates.map((update) => due(update, backMs, Number.POSITIVE_INFINITY));
  const heard = updates.map((update) => due(update, update.repliedMs + PROMISED_MS, healedMs));
  const after = (ms: number | undefined, sinceMs: number): number | undefined => ms && ms - sinceMs;
  return {
    how,
    updates: updates.length,
    deaf: verdict(served, deaf, (startedMs) => startedMs < healedMs),
    back: verdict(served, back, () => true),
    unheard: verdict(served, heard, (startedMs) => startedMs < healedMs).old,
    windowAfterMs: after(windowMs, healedMs),
    liveAfterMs: after(liveMs, healedMs),
    lapsedAfterMs: after(lapsedMs, fromMs),
    failed: sum(served.map(({ failed }) => failed)),
    lagMs: Math.max(lagMs, ...served.map((each) => each.lagMs)),
  };
}

function due({ agent, edition }: Update, fromMs: number, untilMs: number): Due {
  return { agent, edition, fromMs, untilMs };
}

/** Configs and prompts alike. */
function verdict(served: readonly Served[], dues: readonly Due[], begunWhen: (startedMs: number) => boolean): Verdict {
  return together(
    served.flatMap(({ configs, prompts }) => [configs, prompts].map((reads) => judge(reads, dues, begunWhen))),
  );
}
