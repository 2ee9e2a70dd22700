import { atLeast, exactly, none } from '../checks.ts';
import type { Check } from '../scenario.ts';
import { sum } from '../sum.ts';
import type { Crowd } from './crowds.ts';
import { ASKERS } from './crowds.ts';
import type { EmbeddingResult } from './embedding.ts';
import type { HitPartAnswer } from './hit-part.ts';
import { DEFAULT_LEVEL } from './levels.ts';
import type { LevelsResult } from './levels.ts';
import type { RagMeasurement } from './measurement.ts';
import type { UpdateResult } from './update.ts';
import { FRESH_AFTER_MS } from './update.ts';

/** @see checksOf */
export interface Wanted {
  readonly resultsCompared: number;
  readonly questions: number;
}

/** A lease on the network saves searches and promises nothing: so often two machines make no more than one, and never more than two. */
const CLUSTER = { share: 0.9, atMost: 2 } as const;
/** More than those of the exact key, of all questions. */
const MORE_FALSE_HITS = 0.001;
const MIN_MUST_DIFFER = 100;
const MIN_MUST_SHARE = 10;

/** What must hold, whatever the machine's speed. */
export function checksOf(m: RagMeasurement, wanted: Wanted): Check[] {
  return [
    ...(m.host.length === 0 ? [] : hostChecks(m.host)),
    ...(m.cluster.length === 0 ? [] : clusterChecks(m.cluster)),
    ...(m.hits === undefined ? [] : hitChecks(m.hits)),
    ...(m.update === undefined ? [] : updateChecks(m.update, wanted)),
    ...(m.levels === undefined ? [] : levelChecks(m.levels, wanted)),
    ...(m.embedding === undefined ? [] : embeddingChecks(m.embedding)),
  ];
}

/** The most of all crowds. */
export function searchesOf(crowds: readonly Crowd[]): number {
  return Math.max(...crowds.map(({ searches }) => searches));
}

function hostChecks(crowds: readonly Crowd[]): Check[] {
  const searches = crowds.map((crowd) => crowd.searches);
  return [
    ...crowdChecks(crowds, ''),
    {
      name: 'searches',
      holds: searches.every((count) => count === 1),
      detail: `${searches.join(' ')} by the simulator's ledger, exactly 1 each time`,
    },
  ];
}

function clusterChecks(crowds: readonly Crowd[]): Check[] {
  const searches = crowds.map((crowd) => crowd.searches);
  const more = searches.filter((count) => count !== 1).length;
  // Of few crowds one may always be the one in ten.
  const allowed = Math.max(1, Math.floor(crowds.length * (1 - CLUSTER.share)));
  return [
    ...crowdChecks(crowds, '.redis'),
    {
      name: 'searches.redis',
      holds: more <= allowed && searches.every((count) => count >= 1 && count <= CLUSTER.atMost),
      detail: `${searches.join(' ')} by the ledger, 1 but for ${allowed}, never more than ${CLUSTER.atMost}`,
    },
  ];
}

function crowdChecks(crowds: readonly Crowd[], suffix: string): Check[] {
  const compared = sum(crowds.map((crowd) => crowd.compared));
  const foreignCompared = sum(crowds.map((crowd) => crowd.foreignCompared));
  return [
    exactly(`askers${suffix}`, Math.min(...crowds.map(({ askers }) => askers)), ASKERS, 'in every crowd'),
    exactly(`answers_compared${suffix}`, compared, crowds.length * ASKERS),
    none(
      `wrong_answers${suffix}`,
      sum(crowds.map(({ wrong }) => wrong)),
      `of ${compared} not what the action itself gives`,
    ),
    none(
      `foreign_answers${suffix}`,
      sum(crowds.map(({ foreign }) => foreign)),
      `of ${foreignCompared} not the own ones of another organisation that asks the same`,
    ),
    atLeast(`foreign_compared${suffix}`, foreignCompared, crowds.length),
  ];
}

function hitChecks({ wrong, compared }: HitPartAnswer): Check[] {
  return [
    none('hits.wrong', wrong, `of ${compared} hits not what the action gave in the same round`),
    atLeast('hits.compared', compared, 1),
  ];
}

function updateChecks(u: UpdateResult, wanted: Wanted): Check[] {
  const lapses = sum(u.services.map((service) => service.lapses));
  return [
    none(
      `old_results_after_${FRESH_AFTER_MS}ms`,
      u.old,
      `of ${u.compared} just after one of ${u.changes} changes; ${u.heldReads} more while a machine was held`,
    ),
    atLeast('results_compared', u.compared, wanted.resultsCompared),
    {
      name: 'other_org_searches',
      // While nobody can prove that changes are heard of, what is older than 5 s is searched for again: as promised.
      holds: u.otherOrgSearches === 0 || lapses > 0,
      detail: `${u.otherOrgSearches} for ${u.neighbourReads} reads of one that had not changed; the feed lapsed ${lapses} times`,
    },
    atLeast('other_org_reads', u.neighbourReads, wanted.resultsCompared),
    none('other_org_foreign', u.foreign, `of ${u.neighbourReads} results not its own`),
    exactly('searches_counted', u.searches.own, u.searches.ledger, "as by the simulator's ledger"),
    none('failed_reads', u.failed, `of ${u.reads + u.neighbourReads}`),
  ];
}

function levelChecks({ pooled, mustDiffer, mustShare, context }: LevelsResult, wanted: Wanted): Check[] {
  const { exact, [DEFAULT_LEVEL]: byDefault } = pooled;
  const allowed = exact.falseHits + MORE_FALSE_HITS * exact.asked;
  return [
    {
      name: `false_hits.${DEFAULT_LEVEL}`,
      holds: byDefault.falseHits <= allowed,
      detail: `${byDefault.falseHits} of ${byDefault.asked}, at most ${allowed.toFixed(1)}: the exact key's ${exact.falseHits} + 0.1 %`,
    },
    atLeast('questions', byDefault.asked, wanted.questions),
    none(
      'must_differ_shared',
      mustDiffer.shared.length,
      `of ${mustDiffer.tried}: pairs at every level${some(mustDiffer.shared)}`,
    ),
    atLeast('must_differ_pairs', mustDiffer.tried, MIN_MUST_DIFFER),
    none(
      'must_share_missed',
      mustShare.missed.length,
      `of ${mustShare.tried} pairs at the default level${some(mustShare.missed)}`,
    ),
    atLeast('must_share_pairs', mustShare.tried, MIN_MUST_SHARE),
    none(
      'contextualised_false',
      context.contextualised.falseHits,
      `of ${context.contextualised.asked} follow-ups; said without their context ${context.said.falseHits}`,
    ),
  ];
}

function some(pairs: readonly string[]): string {
  return pairs
    .slice(0, 2)
    .map((pair) => `\n${pair}`)
    .join('');
}

function embeddingChecks({ processes, inTurn, together }: EmbeddingResult): Check[] {
  const asked = inTurn.asked + together.asked;
  return [
    {
      name: 'embedded',
      // A machine that is too busy for its own tier asks the provider: that is a matter of time.
      holds: inTurn.late === 0 ? inTurn.embedded === inTurn.distinct : inTurn.embedded <= processes * inTurn.distinct,
      detail: `${inTurn.embedded} by the provider's ledger for ${inTurn.asked}, exactly ${inTurn.distinct}; the tier was late ${inTurn.late} times`,
    },
    {
      name: 'embedded.together',
      // A batch does not wait for another process: one slow text must not hold up the others.
      holds: together.embedded >= together.distinct && together.embedded <= processes * together.distinct,
      detail: `${together.embedded} for ${together.asked}; ${together.distinct} texts, once by each of ${processes} processes at most`,
    },
    none('wrong_vectors', inTurn.wrong + together.wrong, `of ${asked} not bit by bit the provider's`),
    atLeast('vectors_compared', asked, 2 * (inTurn.distinct + together.distinct)),
  ];
}
