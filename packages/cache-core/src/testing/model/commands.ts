import type { Random } from '../seeded-random.ts';
import { pickInteger } from '../seeded-random.ts';

/** What can happen in a model run, and how often it is drawn. */
export const COMMANDS = {
  getOrLoad: 14,
  'getOrLoad, held': 8,
  'getOrLoad, failing': 4,
  'getOrLoad, held and failing': 3,
  'getOrLoad, none': 4,
  getOrLoadMany: 4,
  'getOrLoadMany, failing': 1,
  release: 8,
  abort: 2,
  get: 5,
  getMany: 2,
  peek: 4,
  warm: 1,
  set: 4,
  delete: 5,
  invalidateTags: 2,
  clear: 1,
  softInvalidate: 4,
  softInvalidateTags: 1,
  softClear: 1,
  advance: 12,
  'advance far': 1,
  'value ages': 4,
  'value ages, then held': 4,
  'value ages, then failing': 3,
  'tier fails': 4,
  'tier hangs': 2,
  'tier is slow': 2,
  'tier heals': 2,
  'invalidation fails': 1,
  'write fails': 1,
  'write hangs': 2,
  'write is lost': 1,
  'write comes twice': 2,
  'value is evicted': 1,
  'stamp is evicted': 1,
  'answer is late': 2,
  'get, answered late': 4,
  'answer is damaged': 1,
  'frame is damaged': 2,
  'bus refuses': 1,
  'bus is slow': 1,
  'bus loses': 1,
  'bus delays': 1,
  'bus repeats': 1,
  'bus is cut': 1,
  'bus is silent': 2,
  'bus is mended': 1,
  restart: 1,
} as const;

export type CommandName = keyof typeof COMMANDS;

/** One command: every command reads the same four things. */
export interface Step {
  readonly do: CommandName;
  /** Which cache, 0 to 4. */
  readonly at: number;
  /** Which key, 0 to 15. */
  readonly key: number;
  /** Which variant, 0 to 15: of the time, the tier, the options of the call. */
  readonly pick: number;
  /** Whether the next command comes at once, before anything that waits for promises has run. */
  readonly rush: boolean;
}

/** The caches and keys to draw from: some more often, because what meets in one place is interesting. */
export const CACHES: readonly number[] = [0, 0, 0, 1, 1, 2, 2, 3, 4];
export const KEYS: readonly number[] = [
  ...[0, 1, 2].flatMap((key) => Array.from({ length: 11 }, () => key)),
  ...Array.from({ length: 16 }, (_, key) => key),
];
export const KEY_COUNT = 16;
export const PICKS = 16;

/** What the caches of one run are like. Durations are milliseconds. */
export interface ModelPolicy {
  /** Nothing fails in half of the runs: then what was stored must be found. */
  readonly calm: boolean;
  readonly grace: number;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  readonly negativeTtl: number;
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
  readonly earlyRefresh: number;
  readonly jitter: number;
  readonly settleMs: number;
  readonly versioned: boolean;
  readonly processTtl: number;
  readonly maxBytes: number;
}

/** What each of them is drawn from. */
export const POLICIES: { readonly [Name in keyof ModelPolicy]: readonly ModelPolicy[Name][] } = {
  calm: [true, false],
  grace: [0, 100, 100],
  softTimeoutMs: [0, 20, Number.POSITIVE_INFINITY],
  hardTimeoutMs: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 40],
  negativeTtl: [0, 40],
  leaseMs: [0, 50],
  leaseWaitMs: [50, 20],
  earlyRefresh: [0, 1],
  jitter: [0, 0.2],
  settleMs: [0, 0, 30],
  versioned: [false, true],
  processTtl: [100, 30],
  maxBytes: [1_000_000, 700],
};

/** Time to live of everything in a model run, in milliseconds. */
export const TTL_MS = 100;

/** Longer than any timeout, retry or proof of life. */
export const LONG_MS = 6_000;
/** The variant of a call that does not wait long. */
export const DEADLINE = 13;
const ADVANCES_MS = [1, 1, 3, 3, 5, 5, 10, 20, 20, 50, 51, 99, 100, 200, 250, 600] as const;

export function advanceOf({ pick }: Step): number {
  return ADVANCES_MS[pick % ADVANCES_MS.length] ?? 1;
}

/** A time between `ttl` and `ttl + grace` of what has just been loaded. */
export function agedOf({ pick }: Step): number {
  return TTL_MS + 5 * pick;
}

/** Whether a command breaks something. */
export function isFault(command: CommandName): boolean {
  return /answered late|^(?:tier|write|invalidation|value is|stamp|answer|frame|bus) /.test(command);
}

/** A command as a line of a story. */
export function describe(step: Step, process: string): string {
  switch (step.do) {
    case 'advance':
      return `${advanceOf(step)} ms pass`;
    case 'advance far':
      return `${LONG_MS} ms pass`;
    case 'release':
      return 'the load that was held first goes on';
    case 'abort':
      return 'the first caller who can leaves';
    case 'value ages':
    case 'value ages, then held':
    case 'value ages, then failing':
      return `${process}: getOrLoad, key ${step.key}; ${agedOf(step)} ms pass${step.do.slice('value ages'.length)}, variant ${step.pick}`;
    default:
      return `${process}: ${step.do}, key ${step.key}, variant ${step.pick}`;
  }
}

export function drawPolicy(random: Random): ModelPolicy {
  const draw = (choices: readonly unknown[]): unknown => choices[pickInteger(random, 0, choices.length - 1)];
  return Object.fromEntries(
    Object.entries(POLICIES).map(([name, choices]) => [name, draw(choices)]),
  ) as unknown as ModelPolicy;
}

export function drawSteps(random: Random, count: number): Step[] {
  const names = Object.entries(COMMANDS).flatMap(([name, weight]) =>
    Array.from({ length: weight }, () => name as CommandName),
  );
  const draw = <T>(items: readonly T[]): T | undefined => items[pickInteger(random, 0, items.length - 1)];
  return Array.from({ length: count }, () => ({
    do: draw(names) ?? 'getOrLoad',
    at: draw(CACHES) ?? 0,
    key: draw(KEYS) ?? 0,
    pick: pickInteger(random, 0, PICKS - 1),
    rush: random() < 0.1,
  }));
}
