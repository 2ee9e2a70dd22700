import { readFileSync } from 'node:fs';
import { monotonicMs } from '../processes/monotonic.ts';

const EVERY_MS = 10;
const NS_PER_MS = 1e6;

interface Sample {
  readonly atMs: number;
  /** Since the process has begun. */
  readonly waitedMs: number;
}

/**
 * For how long processes could have run and were not given a processor, by the kernel's own account of their main threads
 * (`/proc/PID/schedstat`); where there is none, nothing. What is promised in milliseconds is promised of a machine that runs.
 */
export class Starvation {
  readonly #samples: ReadonlyMap<number, Sample[]>;
  readonly #timer: NodeJS.Timeout;

  constructor(pids: readonly number[]) {
    this.#samples = new Map(pids.map((pid) => [pid, []]));
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), EVERY_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#sample();
  }

  /** When so long has passed since `fromMs`, what any of these waited meanwhile not counted; `mostMs` after it at the latest. */
  runFor(ms: number, fromMs: number, pids: readonly number[], mostMs: number): number {
    const latestMs = fromMs + mostMs;
    for (let atMs = fromMs + ms; ;) {
      const waitedMs = pids.reduce((all, pid) => all + this.#waitedMs(pid, atMs) - this.#waitedMs(pid, fromMs), 0);
      const nextMs = fromMs + ms + waitedMs;
      if (nextMs >= latestMs) return latestMs;
      if (nextMs <= atMs + 1) return nextMs;
      atMs = nextMs;
    }
  }

  /** The share of its time for which the worst of them waited. */
  get worstShare(): number {
    const shares = [...this.#samples.values()].map((own) => {
      const [first, last] = [own[0], own.at(-1)];
      return first === undefined || last === undefined || last.atMs === first.atMs
        ? 0
        : (last.waitedMs - first.waitedMs) / (last.atMs - first.atMs);
    });
    return Math.max(0, ...shares);
  }

  /** Until then, in a straight line between samples. */
  #waitedMs(pid: number, atMs: number): number {
    const own = this.#samples.get(pid) ?? [];
    const after = firstAfter(own, atMs);
    const [one, other] = [own[Math.max(0, after - 1)], own[after]];
    if (one === undefined) return 0;
    if (other === undefined || other === one) return one.waitedMs;
    return one.waitedMs + ((other.waitedMs - one.waitedMs) * (atMs - one.atMs)) / (other.atMs - one.atMs);
  }

  #sample(): void {
    for (const [pid, own] of this.#samples) own.push({ atMs: monotonicMs(), waitedMs: readWaitedMs(pid) });
  }
}

/** The place of the first sample after a moment; they are in order. */
function firstAfter(samples: readonly Sample[], atMs: number): number {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.atMs ?? 0) > atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

function readWaitedMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / NS_PER_MS;
  } catch {
    // Another system than Linux, or a kernel without it.
    return 0;
  }
}
