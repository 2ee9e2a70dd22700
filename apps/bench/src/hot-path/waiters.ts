import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../progress.ts';
import { LoopLag } from './event-loop.ts';
import { rotated } from './rotated.ts';
import type { Contender, Subject } from './subject.ts';

export const CALLERS = 1000;
export const LOADER_MS = 10;

/** One crowd of callers who ask for the same cold key at once. */
export interface Crowd {
  readonly callers: number;
  /** Calls of the loader, by its own count. */
  readonly loads: number;
  /** From the first caller's call until the last one has his answer. */
  readonly wallMs: number;
  /** What the first call of the loader took; a timer of 10 ms is late under load. */
  readonly loaderMs: number;
  /** Callers who got the loader's value, or its very error. */
  readonly right: number;
}

/** What became of a contender's crowds. */
export interface WaiterCase {
  readonly name: string;
  readonly success: Crowd[];
  readonly rejection: Crowd[];
  readonly lag: LoopLag;
}

/** @see measureWaiters */
export interface WaiterPlan {
  readonly rounds: number;
  /** For those who run a failing loader once for each caller, one after another: 10 s a round for 1000. */
  readonly serial: { readonly rounds: number; readonly callers: number; readonly isSerial: (name: string) => boolean };
  readonly progress: Progress;
}

/** All contenders in turn, round by round, each time with a key that has never been asked for. */
export async function measureWaiters(contenders: readonly Contender[], plan: WaiterPlan): Promise<WaiterCase[]> {
  const pairs = contenders.map((contender) => {
    const result: WaiterCase = { name: contender.name, success: [], rejection: [], lag: new LoopLag() };
    return { contender, result };
  });
  // The first one of each is not counted, for all alike: nothing has been compiled then.
  for (const { contender } of pairs) await gather(contender, CALLERS, undefined);
  for (let round = 0; round < plan.rounds; round++) {
    plan.progress.update(`hot-path · waiters · round ${round + 1} of ${plan.rounds}`);
    for (const { contender, result } of rotated(pairs, round)) {
      result.success.push(await result.lag.during(() => gather(contender, CALLERS, undefined)));
      const serial = plan.serial.isSerial(contender.name) ? plan.serial : undefined;
      if (serial !== undefined && round >= serial.rounds) continue;
      const failure = new Error('the source is down');
      const callers = serial?.callers ?? CALLERS;
      result.rejection.push(await result.lag.during(() => gather(contender, callers, failure)));
    }
  }
  return pairs.map(({ result }) => result);
}

async function gather(contender: Contender, callers: number, failure: Error | undefined): Promise<Crowd> {
  const value = { answer: 42 };
  let [loads, loaderMs] = [0, 0];
  const subject: Subject<typeof value> = contender.open(async () => {
    loads++;
    const startedMs = performance.now();
    await sleep(LOADER_MS);
    if (loaderMs === 0) loaderMs = performance.now() - startedMs;
    if (failure !== undefined) throw failure;
    return value;
  }, undefined);
  const startedMs = performance.now();
  const outcomes = await Promise.allSettled(Array.from({ length: callers }, () => subject.get('cold')));
  const wallMs = performance.now() - startedMs;
  const isRight = (outcome: PromiseSettledResult<typeof value | undefined>): boolean =>
    outcome.status === 'fulfilled'
      ? failure === undefined && outcome.value?.answer === value.answer
      : failure !== undefined && (outcome.reason === failure || causeOf(outcome.reason) === failure);
  await subject.close();
  return { callers, loads, wallMs, loaderMs, right: outcomes.filter(isRight).length };
}

/** Some wrap the loader's error; the callers still learn of it. */
function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
