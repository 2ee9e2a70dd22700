import { atLeast, exactly, none } from '../checks.ts';
import type { Check } from '../scenario.ts';
import { sum } from '../sum.ts';
import type { ConfigEffort } from './efforts.ts';
import { together } from './judge.ts';
import type { ConfigMeasurement } from './measurement.ts';
import type { StartRound } from './part-start.ts';
import { cutsOf, updateTotals } from './totals.ts';

/** Of two machines behind one Redis: a lease on the network saves calls and promises nothing. */
const SHARED_ONCE = 0.9;
const SHARED_AT_MOST = 2;
const MOST_TEXT = 100;

/** What must hold, whatever the machine's speed. Parts that were not played have no checks. */
export function checksOf(m: ConfigMeasurement, effort: ConfigEffort): Check[] {
  return [
    ...(m.starts.length === 0 ? [] : startChecks(m, effort)),
    ...(m.updates.length === 0 ? [] : updateChecks(m, effort)),
    ...(m.hits === undefined
      ? []
      : [
          none('hits.wrong', m.hits.wrong, `of ${m.hits.compared} values`),
          none('hits.loads', m.hits.loads, 'reads of Convex while hits were timed'),
        ]),
    ...(m.cuts.length === 0 ? [] : cutChecks(m, effort)),
    ...(m.downs.length === 0 ? [] : downChecks(m, effort)),
    ...(m.migration === undefined ? [] : migrationChecks(m.migration)),
  ];
}

function startChecks({ starts }: ConfigMeasurement, effort: ConfigEffort): Check[] {
  const host = starts.filter(({ sharing }) => sharing === 'host');
  const redis = starts.filter(({ sharing }) => sharing === 'redis');
  const asked = sum(starts.map(({ right, wrong }) => right + wrong));
  return [
    exactly('start.rounds', starts.length, effort.startRounds * effort.sharings),
    exactly(
      'start.clients',
      Math.min(...starts.map(({ clients }) => clients)),
      effort.processesEach * 2 * effort.clientsEach,
    ),
    none('start.wrong', sum(starts.map(({ wrong }) => wrong)), `of ${asked} configs and prompts of clients`),
    {
      name: 'agents_get_per_agent_per_host',
      holds: host.every((round) => round.gets === round.agents * 2 && round.getsOfAgents.every((gets) => gets === 1)),
      detail: `${getsText(host)}, exactly 1 an agent and host`,
    },
    ...(redis.length === 0
      ? []
      : [
          {
            name: 'agents_get_per_agent.redis',
            holds: redis.every(isMostlyOnce),
            detail: `${getsText(redis)}, 1 for ${100 * SHARED_ONCE} % of them, at most ${SHARED_AT_MOST}`,
          },
        ]),
  ];
}

function getsText(rounds: readonly StartRound[]): string {
  return `${rounds.map(({ gets }) => gets).join(', ')} for ${rounds[0]?.agents ?? 0} agents`;
}

function isMostlyOnce({ gets, agents, getsOfAgents }: StartRound): boolean {
  const once = getsOfAgents.filter((each) => each === 1).length;
  return gets === sum(getsOfAgents) && Math.max(...getsOfAgents) <= SHARED_AT_MOST && once >= SHARED_ONCE * agents;
}

function updateChecks({ updates }: ConfigMeasurement, { wanted }: ConfigEffort): Check[] {
  const { configs, prompts, lasting, lastGoodEvents, failed, failures, updates: count } = updateTotals(updates);
  const least = Math.min(...updates.map((result) => result.configs.compared));
  return [
    atLeast('updates', count, wanted.updates),
    atLeast('reads_compared', configs.compared, wanted.compared),
    atLeast('prompts_compared', prompts.compared, wanted.compared),
    atLeast('reads_compared.least', least, wanted.compared / 4),
    none(
      'old_reads_after_500ms',
      lasting.configs.old,
      `of ${configs.compared} reads; ${configs.old} after 100 ms; ${lastGoodEvents} last good`,
    ),
    none('old_prompts_after_500ms', lasting.prompts.old, `of ${prompts.compared} reads; ${prompts.old} after 100 ms`),
    none(
      'update.failed_reads',
      failed,
      `of ${configs.reads + prompts.reads} ${failures.join('; ').slice(0, MOST_TEXT)}`,
    ),
  ];
}

function cutChecks(m: ConfigMeasurement, { wanted }: ConfigEffort): Check[] {
  return (['refused', 'silent'] as const).flatMap((how) => {
    const cuts = cutsOf(m, how);
    const suffix = how === 'refused' ? '' : '.silent';
    const [deaf, back] = [together(cuts.map((cut) => cut.deaf)), together(cuts.map((cut) => cut.back))];
    return [
      none(`old_reads_after_5s${suffix}`, deaf.old, `of ${deaf.compared} reads begun > 5 s after a reply`),
      atLeast(`deaf_reads_compared${suffix}`, deaf.compared, wanted.deafCompared),
      atLeast(`unheard_reads_seen${suffix}`, Math.min(...cuts.map(({ unheard }) => unheard)), 1),
      none(`old_reads_after_reconnect_1s${suffix}`, back.old, `of ${back.compared} reads begun > 1 s after it`),
      atLeast(`reconnect_reads_compared${suffix}`, back.compared, wanted.deafCompared),
      exactly(
        `lapsed${suffix}`,
        cuts.filter(({ lapsedAfterMs }) => lapsedAfterMs !== undefined).length,
        cuts.length,
        'cuts',
      ),
      none(`cut.failed_reads${suffix}`, sum(cuts.map(({ failed }) => failed)), `of ${deaf.reads + back.reads}`),
    ];
  });
}

function downChecks({ downs }: ConfigMeasurement, { wanted, downCases }: ConfigEffort): Check[] {
  const started = sum(downs.map(({ answers }) => answers.length));
  const again = downs.flatMap((down) => down.again ?? []);
  return [
    exactly('down.cases', downs.length, downCases.length),
    atLeast('calls_started', started, wanted.callsStarted),
    none('calls_without_config', sum(downs.map(({ withoutConfig }) => withoutConfig)), `of ${started}`),
    none('calls_without_prompt', sum(downs.map(({ withoutPrompt }) => withoutPrompt)), `of ${started}`),
    exactly('calls_with_last_good', sum(downs.map(({ lastGood }) => lastGood)), started, 'as it was before the update'),
    atLeast('last_good_events', Math.min(...downs.map(({ lastGoodEventsMin }) => lastGoodEventsMin)), 1),
    ...(again.length === 0
      ? []
      : [
          none(
            'old_after_convex_is_back',
            sum(again.map(({ old }) => old)),
            `of ${sum(again.map(({ processes }) => processes))} processes`,
          ),
        ]),
  ];
}

function migrationChecks({
  agents,
  before,
  first,
  second,
  after,
}: NonNullable<ConfigMeasurement['migration']>): Check[] {
  const { rebuilt = 0, skipped = 0, total = 0 } = first ?? {};
  return [
    exactly('migration.built_before', before.sources.build, before.asked, 'prompts asked for'),
    exactly('migration.rebuilt', rebuilt, agents - before.asked),
    exactly('migration.counted', rebuilt + skipped, total, `of ${agents} agents`),
    exactly('migration.rebuilt_again', second?.rebuilt ?? -1, 0, `of ${agents} agents`),
    none('sources.build', after.sources.build, `of ${after.asked} prompts, fresh processes`),
    atLeast('prompts_asked', after.asked, 2 * agents),
  ];
}
