import { sum } from '../sum.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultProxy } from '@warmline/cache-redis/testing';
import type { Child } from '../processes/child.ts';
import { monotonicMs } from '../processes/monotonic.ts';
import type { LoadBegun, OriginCalls } from './origin-child.ts';
import type { CrowdPartAnswer, WorkerCalls } from './worker-child.ts';

/** All workers are told to begin at the same time, so long after they were told. */
const NOTICE_MS = 60;
/** How far into its load a holder is killed. */
const KILL_AFTER_MS = 100;

/** The process that values come from. */
export interface Origin {
  readonly child: Child<OriginCalls>;
  /** Hears of every load that begins. */
  onLoad: (load: LoadBegun) => void;
}

/** @see gather */
export interface CrowdPlan {
  readonly key: string;
  readonly callersEach: number;
  readonly leaseMs: number;
  /** The process that loads is killed while it does. */
  readonly killsHolder: boolean;
  readonly wrongValue: boolean;
}

/** One cold key, asked for in many processes at once. */
export interface Crowd {
  readonly processes: number;
  /** Of processes that have lived. */
  readonly callers: number;
  /** Callers who were given a value that the origin has produced for this key. */
  readonly right: number;
  readonly rejected: number;
  /** By the origin's ledger. */
  readonly loads: number;
  readonly waitsMs: readonly number[];
  readonly lagMs: number;
  readonly tierTimeouts: number;
  /** Sent to Redis by each process meanwhile, by the count of a proxy in front of it; empty without Redis. */
  readonly commands: readonly number[];
  /** From the kill until the last caller had his answer; `undefined` when nobody was killed. */
  readonly answeredAfterKillMs: number | undefined;
  readonly killed: number | undefined;
}

/** A process with callers, and the way on which it reaches Redis. */
export interface Worker {
  readonly child: Child<WorkerCalls>;
  readonly proxy: FaultProxy | undefined;
}

export async function gather(
  crew: readonly Worker[],
  origin: Origin,
  { key, callersEach, leaseMs, killsHolder, wrongValue }: CrowdPlan,
): Promise<Crowd> {
  const workers = crew.map(({ child }) => child);
  const proxies = crew.flatMap(({ proxy }) => proxy ?? []);
  for (const { commands } of proxies) commands.reset();
  let killing: Promise<{ readonly pid: number; readonly atMs: number }> | undefined;
  origin.onLoad = (load) => {
    if (killsHolder && load.key === key) killing ??= kill(workers, load.pid);
  };
  const startAtMs = monotonicMs() + NOTICE_MS;
  const parts = await Promise.all(
    workers.map((worker, index) => {
      const part = { key, callers: callersEach, startAtMs, leaseMs, wrongValue: wrongValue && index === 0 };
      return worker.ask('crowd', part).catch((error: unknown) => {
        if (worker.wasKilled) return undefined;
        throw error;
      });
    }),
  );
  const killed = await killing;
  const answers = parts.filter((part) => part !== undefined);
  const ledger = await origin.child.ask('ledger', { key });
  const lastAnswerMs = Math.max(...answers.map((answer) => answer.lastAnswerMs));
  return {
    processes: workers.length,
    callers: answers.length * callersEach,
    right: sum(answers.map((answer) => rightOf(answer, new Set(ledger.map(({ serial }) => serial))))),
    rejected: sum(answers.map(({ rejected }) => rejected)),
    loads: ledger.length,
    waitsMs: answers.flatMap(({ waitsMs }) => waitsMs),
    lagMs: Math.max(...answers.map(({ lagMs }) => lagMs)),
    tierTimeouts: sum(answers.map(({ tierTimeouts }) => tierTimeouts)),
    commands: proxies.map(({ commands }) => commands.total),
    answeredAfterKillMs: killed && lastAnswerMs - killed.atMs,
    killed: killed?.pid,
  };
}

async function kill(workers: readonly Child<WorkerCalls>[], pid: number): Promise<{ pid: number; atMs: number }> {
  await sleep(KILL_AFTER_MS);
  const holder = workers.find((worker) => worker.pid === pid);
  const atMs = monotonicMs();
  holder?.kill('SIGKILL');
  return { pid, atMs };
}

function rightOf({ serials }: CrowdPartAnswer, loaded: ReadonlySet<string>): number {
  return sum([...serials].map(([serial, callers]) => (loaded.has(serial) ? callers : 0)));
}
