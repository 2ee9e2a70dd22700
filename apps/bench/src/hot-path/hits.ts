import type { Progress } from '../progress.ts';
import { LoopLag } from './event-loop.ts';
import type { Sample } from './loops.ts';
import { ownLoops } from './own-loops.ts';
import { rotated } from './rotated.ts';
import type { Contender } from './subject.ts';
import type { Fidelity, Payload } from './values.ts';
import { fidelityOf } from './values.ts';

/** Every sample is at least this long: a thousand times what the clock can tell apart. */
export const LEAST_SAMPLE_MS = 20;

/** One way of finding one kind of value. */
export interface HitCase {
  readonly name: string;
  readonly payload: Payload<object>['name'];
  readonly isAwaited: boolean;
  /** One per round, in the order of the rounds; none is dropped. */
  readonly samples: Sample[];
  readonly lag: LoopLag;
  /** Of the first hit of each key: the worst. */
  readonly fidelity: Fidelity;
  /** Hits outside the timed loops that were looked at one by one, and those that were not the value first found. */
  readonly compared: number;
  readonly mismatched: number;
  /** Timed loops, warm-up included, and those whose sum was not the sum of the stored values. */
  readonly summed: number;
  readonly wrongSums: number;
  /** Calls of the loader after the cache had been filled: what was then timed was no hit. */
  readonly reloads: number;
}

/** @see measureHits */
export interface HitPlan {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly progress: Progress;
}

interface RunningCase {
  readonly result: HitCase;
  sample(): Promise<void>;
  warmUp(ms: number): Promise<void>;
  /** Says how often the loader was called since the cache had been filled. */
  readonly reloads: () => number;
  readonly close: () => Promise<void>;
}

/**
 * Times hits of all contenders, interleaved: one sample of each per round, the next round begins with the next one, so that
 * the machine's moods and a neighbour's garbage meet all alike.
 */
export async function measureHits<V extends object, W extends object>(
  contenders: readonly Contender[],
  payloads: readonly [Payload<V>, Payload<W>],
  { rounds, warmUpMs, progress }: HitPlan,
): Promise<HitCase[]> {
  const cases: RunningCase[] = [];
  for (const contender of contenders) {
    cases.push(...(await prepare(contender, payloads[0])), ...(await prepare(contender, payloads[1])));
  }
  for (const each of cases) {
    progress.update(`hot-path · warming up ${each.result.name}`);
    await each.warmUp(warmUpMs);
  }
  for (let round = 0; round < rounds; round++) {
    progress.update(`hot-path · hits · round ${round + 1} of ${rounds}`);
    for (const each of rotated(cases, round)) await each.sample();
  }
  for (const each of cases) await each.close();
  return cases.map(({ result, reloads }) => ({ ...result, reloads: reloads() }));
}

/** Fills a contender with one kind of value. @returns its awaited way of finding it, and the synchronous one if there is. */
async function prepare<V extends object>(contender: Contender, payload: Payload<V>): Promise<RunningCase[]> {
  const { keys, values } = payload;
  const source = new Map(keys.map((key, index) => [key, values[index]]));
  let loads = 0;
  const subject = contender.open(async (key: string) => {
    loads++;
    const value = source.get(key);
    if (value === undefined) throw new Error(`no value for ${key}`);
    return value;
  }, payload.codec);
  for (const key of keys) await subject.get(key);
  const loops = await ownLoops(`${contender.name}-${payload.name}`);
  const { read } = payload;
  const { get, peek, close } = subject;
  const reloads = (): number => loads - keys.length;
  const loop = { keys, read, leastMs: LEAST_SAMPLE_MS };
  const awaited = await runningCase(payload, {
    name: contender.name,
    isAwaited: true,
    find: get,
    time: () => loops.timeAwaited({ ...loop, hit: get }),
    reloads,
    close,
  });
  if (peek === undefined || contender.peekName === undefined) return [awaited];
  const sync = await runningCase(payload, {
    name: contender.peekName,
    isAwaited: false,
    find: peek,
    time: () => loops.timeSync({ ...loop, hit: peek }),
    reloads,
    close: async () => {},
  });
  return [sync, awaited];
}

/** One way of finding values in a subject. */
interface Way<V> {
  readonly name: string;
  readonly isAwaited: boolean;
  readonly find: (key: string) => V | undefined | Promise<V | undefined>;
  readonly time: () => Sample | Promise<Sample>;
  readonly reloads: () => number;
  readonly close: () => Promise<void>;
}

async function runningCase<V extends object>(
  { name: payload, keys, values, read }: Payload<V>,
  { name, isAwaited, find, time, reloads, close }: Way<V>,
): Promise<RunningCase> {
  const lag = new LoopLag();
  const found: (V | undefined)[] = [];
  for (const key of keys) found.push(await find(key));
  const fidelity = worst(found.map((value, index) => fidelityOf(value, values[index] ?? {})));
  const result = {
    name,
    payload,
    isAwaited,
    samples: [] as Sample[],
    lag,
    fidelity,
    compared: 0,
    mismatched: 0,
    summed: 0,
    wrongSums: 0,
    reloads: 0,
  };
  const sumOfPass = values.reduce((sum, value) => sum + read(value), 0);
  const timed = async (): Promise<Sample> => {
    const sample = await time();
    result.summed++;
    if (sample.sum !== (sumOfPass * sample.hits) / keys.length) result.wrongSums++;
    return sample;
  };
  return {
    result,
    reloads,
    close,
    async warmUp(ms) {
      for (let spentMs = 0; spentMs < ms;) spentMs += (await timed()).ms;
    },
    async sample() {
      result.samples.push(await lag.during(timed));
      for (const [index, key] of keys.entries()) {
        result.compared++;
        if ((await find(key)) !== found[index]) result.mismatched++;
      }
    },
  };
}

const FROM_WORST: readonly Fidelity[] = ['broken', 'other type', 'equal', 'same'];

function worst(found: readonly Fidelity[]): Fidelity {
  return FROM_WORST.find((each) => found.includes(each)) ?? 'same';
}
