import type { Effort } from '../effort.ts';
import type { CutEffort } from './part-cut.ts';
import type { DownCase } from './part-down.ts';
import type { UpdateEffort } from './part-update.ts';
import type { ConfigSabotage } from './sabotage.ts';

export type PartName = 'start' | 'update' | 'hits' | 'cut' | 'down' | 'migration';

/** What shows it. */
export const SHOWN_BY: Readonly<Record<ConfigSabotage, PartName>> = {
  'no-watch': 'update',
  'no-lease': 'start',
  'no-last-good': 'down',
  'no-lapse': 'cut',
  'old-prompt': 'update',
  'no-rebuild': 'migration',
};

/** How much is done in a run. */
export interface ConfigEffort {
  readonly processesEach: number;
  readonly clientsEach: number;
  /** Without Redis, or without and with. */
  readonly sharings: 1 | 2;
  readonly startRounds: number;
  readonly update: UpdateEffort;
  readonly hits: { readonly rounds: number; readonly each: number };
  readonly cut: CutEffort;
  readonly cutRounds: number;
  readonly downCases: readonly DownCase[];
  /** New call processes on each machine, in each case. */
  readonly callsEach: number;
  /** Of 20 agents each, that are migrated. */
  readonly seeds: number;
  readonly wanted: Wanted;
}

/** Least denominators. */
export interface Wanted {
  readonly updates: number;
  readonly compared: number;
  /** While the feed cannot be heard, and after it is again; each. */
  readonly deafCompared: number;
  readonly callsStarted: number;
}

const FULL_STAGE = { processesEach: 4, clientsEach: 13, sharings: 2 } as const;
const ALL_AWAY: readonly DownCase[] = [
  { name: 'answers_503', withRedis: false },
  { name: 'stopped', withRedis: true },
  { name: 'stopped', withRedis: false },
  { name: 'answers_503', withRedis: true },
  { name: 'hung', withRedis: false },
];

export const EFFORT: Readonly<Record<Effort, ConfigEffort>> = {
  quick: {
    ...FULL_STAGE,
    startRounds: 1,
    update: { updates: 30, perSecond: 12 },
    hits: { rounds: 5, each: 400 },
    cut: { updates: 10, cutMs: 6_600, afterwardsMs: 2_600 },
    cutRounds: 1,
    downCases: [{ name: 'stopped', withRedis: false }],
    callsEach: 4,
    seeds: 2,
    wanted: { updates: 60, compared: 1_000, deafCompared: 500, callsStarted: 8 },
  },
  normal: {
    ...FULL_STAGE,
    startRounds: 5,
    update: { updates: 510, perSecond: 16 },
    hits: { rounds: 14, each: 2_000 },
    cut: { updates: 20, cutMs: 9_000, afterwardsMs: 4_000 },
    cutRounds: 2,
    downCases: ALL_AWAY,
    callsEach: 8,
    seeds: 5,
    wanted: { updates: 1_000, compared: 50_000, deafCompared: 5_000, callsStarted: 80 },
  },
  full: {
    ...FULL_STAGE,
    startRounds: 20,
    update: { updates: 3_000, perSecond: 16 },
    hits: { rounds: 50, each: 5_000 },
    cut: { updates: 20, cutMs: 12_000, afterwardsMs: 6_000 },
    cutRounds: 5,
    downCases: ALL_AWAY,
    callsEach: 16,
    seeds: 25,
    wanted: { updates: 6_000, compared: 500_000, deafCompared: 20_000, callsStarted: 160 },
  },
  /** Enough to be noticed. */
  sabotaged: {
    processesEach: 2,
    clientsEach: 5,
    sharings: 1,
    startRounds: 1,
    update: { updates: 30, perSecond: 12 },
    hits: { rounds: 1, each: 100 },
    cut: { updates: 10, cutMs: 6_400, afterwardsMs: 2_000 },
    cutRounds: 1,
    downCases: [{ name: 'answers_503', withRedis: false }],
    callsEach: 1,
    seeds: 1,
    wanted: { updates: 30, compared: 500, deafCompared: 50, callsStarted: 2 },
  },
};
