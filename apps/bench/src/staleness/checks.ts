import { atLeast, exactly, none } from '../checks.ts';
import type { Check } from '../scenario.ts';
import { sum } from '../sum.ts';
import { RELATIONS } from './allowed.ts';
import type { Campaign } from './campaign.ts';
import { KINDS } from './strike.ts';

/** @see checksOf */
export interface Wanted {
  readonly invalidations: number;
  readonly readsCompared: number;
  /** `undefined`: that phase is not played. */
  readonly busKills: number | undefined;
}

/** In each phase, of each relation. */
const MIN_COMPARED = 100;
const MIN_OF_A_KIND = 5;
/** Phases in which somebody cannot hear, so that something old must have been seen there, as is allowed. */
const DEAF = ['stopped', 'trimmed', 'full', 'outage', 'snapshot'];
/** So long somebody must have served something old: else nobody was deaf. */
const SEEN_MS = 50;

/** What must hold, whatever the machine's speed. */
export function checksOf(c: Campaign, wanted: Wanted): Check[] {
  const played = c.phases.map(({ phase }) => phase.name);
  const compared = comparedOf(c);
  const reads = sum(c.phases.map(({ verdict }) => verdict.reads));
  return [
    none('older_than_allowed', olderOf(c), `of ${reads} reads, ${compared} of them of just-invalidated keys`),
    atLeast('reads_compared', compared, wanted.readsCompared),
    atLeast('invalidations', c.strikes.length, wanted.invalidations),
    ...KINDS.map((kind) =>
      atLeast(`invalidations.${kind}`, c.strikes.filter((strike) => strike.kind === kind).length, MIN_OF_A_KIND),
    ),
    ...c.phases.flatMap(({ phase: { name }, verdict }) =>
      RELATIONS.map((relation) =>
        atLeast(`${name}.reads_compared.${relation}`, verdict.compared[relation], MIN_COMPARED),
      ),
    ),
    ...played
      .filter((name) => DEAF.includes(name))
      .map((name) => atLeast(`${name}.old_reads_seen`, seenOld(c, name), 1)),
    ...(wanted.busKills === undefined ? [] : [atLeast('bus_kills', c.deeds.busKills, wanted.busKills)]),
    ...(played.includes('stopped') ? [atLeast('pump_stops', c.deeds.pumpStops, 1)] : []),
    ...(played.includes('trimmed') ? [atLeast('trims', c.deeds.trims, 1)] : []),
    ...(played.includes('full') ? [atLeast('full.pending', pendingIn(c, 'full'), 1)] : []),
    ...(played.includes('outage') ? lastWillChecks(c) : []),
    none('failed_reads', c.failedReads, `of ${reads}`),
    none('failed_invalidations', c.failedStrikes, `of ${c.strikes.length}`),
    none('processes_lost', c.lost, 'that nobody had killed'),
    none(
      'unconnected',
      c.unconnected,
      `of ${sum(c.phases.map(({ reconnectMs }) => reconnectMs.length))} connections that were cut`,
    ),
  ];
}

/** Reads of just-invalidated keys. */
export function comparedOf({ phases }: Campaign): number {
  return sum(phases.flatMap(({ verdict }) => RELATIONS.map((relation) => verdict.compared[relation])));
}

export function olderOf({ phases }: Campaign): number {
  return sum(phases.map(({ verdict }) => verdict.older));
}

function lastWillChecks({ lastWills, deeds }: Campaign): Check[] {
  const pending = lastWills.filter((strike) => strike.pending).length;
  return [
    atLeast('callers_killed', deeds.callersKilled, 1),
    exactly('outage.pending', pending, lastWills.length, 'of callers that were killed afterwards'),
  ];
}

function seenOld({ windows }: Campaign, phase: string): number {
  return windows.filter((window) => window.phase === phase && window.windowMs > SEEN_MS).length;
}

function pendingIn({ phases }: Campaign, name: string): number {
  return sum(phases.map(({ phase, pending }) => (phase.name === name ? pending : 0)));
}
