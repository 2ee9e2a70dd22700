import { LoopLag } from '../hot-path/event-loop.ts';
import { rotated } from '../hot-path/rotated.ts';
import { openTier } from '../processes/open-tier.ts';
import { openRaw } from '../processes/raw-file.ts';
import { serve } from '../processes/serve.ts';
import type { Distribution } from '../scenario.ts';
import { sum } from '../sum.ts';
import type { Size } from './stock.ts';
import { contentOf, keysOf } from './stock.ts';
import type { Way, WayName } from './ways.ts';
import { waysTo } from './ways.ts';

/** What is to be read, from files that another process has filled. */
export interface ReadsPlan {
  readonly directory: string;
  readonly rawDirectory: string;
  readonly size: Size;
  readonly rounds: number;
  /** Sabotage: one value is asked for under another's key. */
  readonly swap: boolean;
}

/** One way to values of one size. */
export interface WayResult {
  readonly name: WayName;
  /** Round by round, microseconds a read. */
  readonly us: readonly number[];
  readonly reads: number;
  readonly lagMs: Distribution;
  /** Values compared with what was stored, byte by byte, and those that differed. */
  readonly compared: number;
  readonly mismatched: number;
  /** Timed passes whose values were not, together, what was stored. */
  readonly wrongPasses: number;
}

/** What this process can be asked. */
export interface ReadsCalls {
  read(plan: ReadsPlan): Promise<readonly WayResult[]>;
}

serve<ReadsCalls>({ read });

async function read({ directory, rawDirectory, size, rounds, swap }: ReadsPlan): Promise<readonly WayResult[]> {
  const [tier, raw] = [openTier(directory), openRaw(rawDirectory)];
  const keys = keysOf(size);
  const lastBytes = sum(keys.map((key) => contentOf(key, size.bytes).at(-1) ?? 0));
  const measured = waysTo(keys, tier, raw).map((way) => ({
    way,
    us: [] as number[],
    lag: new LoopLag(),
    wrongPasses: 0,
  }));
  const differing = new Map<Way, number>();
  for (const { way } of measured) differing.set(way, await mismatches(way, keys, size, swap));
  // The first round compiles and is not counted, for all alike.
  for (let round = 0; round <= rounds; round++) {
    for (const each of rotated(measured, round)) {
      let [ms, wrongPasses] = [0, 0];
      const sample = async (): Promise<void> => {
        for (let pass = 0; pass < size.passes; pass++) {
          await each.way.prepare();
          const startedMs = performance.now();
          const found = await each.way.pass();
          ms += performance.now() - startedMs;
          if (found !== lastBytes) wrongPasses++;
        }
      };
      if (round === 0) await sample();
      else {
        await each.lag.during(sample);
        each.us.push((ms * 1000) / (size.passes * size.keys));
      }
      each.wrongPasses += wrongPasses;
    }
  }
  await Promise.all([tier.close(), raw.close()]);
  return measured.map(({ way, us, lag, wrongPasses }) => ({
    name: way.name,
    us,
    reads: rounds * size.passes * size.keys,
    lagMs: lag.distribution(),
    compared: keys.length,
    mismatched: differing.get(way) ?? 0,
    wrongPasses,
  }));
}

async function mismatches(way: Way, keys: readonly string[], { bytes }: Size, swap: boolean): Promise<number> {
  await way.prepare();
  let count = 0;
  for (const [index, key] of keys.entries()) {
    const asked = swap && index === 0 ? (keys[1] ?? key) : key;
    const found = await way.one(asked);
    if (found === undefined || Buffer.compare(found, contentOf(key, bytes)) !== 0) count++;
  }
  return count;
}
