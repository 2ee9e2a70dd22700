/** One timed loop. */
export interface Sample {
  readonly hits: number;
  readonly ms: number;
  /** Processor time of all threads of this process. Much less than `ms`: others had the core meanwhile. */
  readonly cpuMs: number;
  /** Of what `read` returned, over all hits. */
  readonly sum: number;
}

/** @see timeSync */
export interface Loop<V, Found> {
  readonly keys: readonly string[];
  readonly hit: (key: string) => Found;
  readonly read: (value: V) => number;
  /** The loop runs over all keys again until this has passed; the clock is read once per pass. */
  readonly leastMs: number;
}

/** A loop of synchronous hits. */
export function timeSync<V>({ keys, hit, read, leastMs }: Loop<V, V | undefined>): Sample {
  let [hits, sum, ms] = [0, 0, 0];
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  do {
    for (const key of keys) {
      const value = hit(key);
      sum += value === undefined ? Number.NaN : read(value);
    }
    hits += keys.length;
    ms = performance.now() - startedMs;
  } while (ms < leastMs);
  return { hits, ms, cpuMs: cpuMsSince(cpu), sum };
}

/** A loop of hits, each awaited before the next. */
export async function timeAwaited<V>({ keys, hit, read, leastMs }: Loop<V, Promise<V | undefined>>): Promise<Sample> {
  let [hits, sum, ms] = [0, 0, 0];
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  do {
    for (const key of keys) {
      const value = await hit(key);
      sum += value === undefined ? Number.NaN : read(value);
    }
    hits += keys.length;
    ms = performance.now() - startedMs;
  } while (ms < leastMs);
  return { hits, ms, cpuMs: cpuMsSince(cpu), sum };
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
