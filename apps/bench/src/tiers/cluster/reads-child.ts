import { LoopLag } from '../../hot-path/event-loop.ts';
import { rotated } from '../../hot-path/rotated.ts';
import { serve } from '../../processes/serve.ts';
import type { Distribution } from '../../scenario.ts';
import type { Size } from '../stock.ts';
import { contentOf, keysOf } from '../stock.ts';
import type { ClusterWay, ClusterWayName } from './ways.ts';
import { openWays } from './ways.ts';

/** @see ClusterReadsCalls */
export interface ClusterReadsPlan {
  readonly url: string;
  readonly size: Size;
  readonly rounds: number;
}

/** One way to values of one size. */
export interface ClusterWayResult {
  readonly name: ClusterWayName;
  /** CPU time of this process, user and system, round by round: microseconds a read. */
  readonly cpuUs: readonly number[];
  /** From the call to the value, round by round: microseconds a read. */
  readonly us: readonly number[];
  readonly reads: number;
  readonly lagMs: Distribution;
  readonly compared: number;
  readonly mismatched: number;
}

/** What this process can be asked. */
export interface ClusterReadsCalls {
  read(plan: ClusterReadsPlan): Promise<readonly ClusterWayResult[]>;
}

serve<ClusterReadsCalls>({ read });

/** One read after another, as a call makes them: the connection is idle in between, and waking up is part of the price. */
async function read({ url, size, rounds }: ClusterReadsPlan): Promise<readonly ClusterWayResult[]> {
  const keys = keysOf(size);
  const measured = (await openWays(url)).map((way) => ({
    way,
    cpuUs: [] as number[],
    us: [] as number[],
    lag: new LoopLag(),
    mismatched: 0,
  }));
  for (const { way } of measured) for (const key of keys) await way.put(key, contentOf(key, size.bytes));
  for (const each of measured) each.mismatched = await mismatches(each.way, keys, size);
  // The first round compiles and is not counted, for all alike.
  for (let round = 0; round <= rounds; round++) {
    for (const each of rotated(measured, round)) {
      const sample = async (): Promise<void> => {
        for (let pass = 0; pass < size.passes / PASSES_LESS; pass++) for (const key of keys) await each.way.get(key);
      };
      const reads = Math.ceil(size.passes / PASSES_LESS) * keys.length;
      const [cpu, startedMs] = [process.cpuUsage(), performance.now()];
      await each.lag.during(sample);
      const used = process.cpuUsage(cpu);
      if (round === 0) continue;
      each.cpuUs.push((used.user + used.system) / reads);
      each.us.push(((performance.now() - startedMs) * 1000) / reads);
    }
  }
  for (const { way } of measured) await way.close();
  return measured.map(({ way, cpuUs, us, lag, mismatched }) => ({
    name: way.name,
    cpuUs,
    us,
    reads: rounds * Math.ceil(size.passes / PASSES_LESS) * keys.length,
    lagMs: lag.distribution(),
    compared: keys.length,
    mismatched,
  }));
}

/** A trip over a socket takes as long as many reads of a file. */
const PASSES_LESS = 10;

async function mismatches(way: ClusterWay, keys: readonly string[], { bytes }: Size): Promise<number> {
  let count = 0;
  for (const key of keys) {
    const found = await way.get(key);
    const payload = found !== undefined && way.name === 'tier_read' ? found.subarray(found.length - bytes) : found;
    if (payload === undefined || Buffer.compare(payload, contentOf(key, bytes)) !== 0) count++;
  }
  return count;
}
