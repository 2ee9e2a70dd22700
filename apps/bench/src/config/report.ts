import { distribution } from '../distribution.ts';
import type { ScenarioResult } from '../scenario.ts';
import { sum } from '../sum.ts';
import { DISTRIBUTION_HEAD, distributionCells, percent, table } from '../tables.ts';
import { digits, targetSection } from '../targets.ts';
import { ABREAST } from './call-calls.ts';
import type { Verdict } from './judge.ts';
import type { ConfigMeasurement } from './measurement.ts';
import { DELAY_MS } from './measurement.ts';
import type { Sharing } from './part-start.ts';
import { PROMISED_MS, READ_EVERY_MS } from './part-update.ts';
import { hitsSection } from './report-hits.ts';
import { moneySection } from './report-money.ts';
import { timelineSection } from './report-timeline.ts';
import { paragraph } from './paragraph.ts';
import { targetsOf } from './targets.ts';
import { callsAnUpdate, getsPerAgent } from './totals.ts';

type Section = ScenarioResult['sections'][number];

const SHORT: Readonly<Record<Sharing, string>> = { host: 'only Convex', redis: 'a Redis too' };
const NAMES: Readonly<Record<Sharing, string>> = { host: 'nothing but Convex', redis: 'a Redis too' };

/** The measurement for people; parts that were not played have no section. */
export function sectionsOf(m: ConfigMeasurement): Section[] {
  const targets = targetsOf(m);
  return [
    {
      title: 'The setting',
      body: paragraph(
        `Convex is simulated, on loopback: the repository's functions run unchanged behind its real protocols, and everything ` +
          `travels ${DELAY_MS} ms each way, so that a round trip is ${2 * DELAY_MS} ms and what the functions take. Not modelled: TLS, opening a ` +
          `connection, distance between machines, and Convex's own speed. Counts of calls are the simulator's ledger.`,
      ),
    },
    ...(m.starts.length === 0 ? [] : [startSection(m)]),
    ...(m.hits === undefined ? [] : [hitsSection(m.hits)]),
    ...(m.updates.length === 0 ? [] : [updateSection(m)]),
    ...(m.timeline === undefined ? [] : [timelineSection(m.timeline)]),
    ...(m.cuts.length === 0 ? [] : [cutSection(m)]),
    ...(m.downs.length === 0 ? [] : [downSection(m)]),
    ...(m.migration === undefined ? [] : [migrationSection(m.migration)]),
    ...(m.updates.length === 0 ? [] : [moneySection(callsAnUpdate(m.updates))]),
    ...(targets.length === 0 ? [] : [targetSection(targets, 'all samples, of those named .max the worst')]),
  ];
}

function startSection(m: ConfigMeasurement): Section {
  const rows = (['host', 'redis'] as const).flatMap((sharing) => {
    const rounds = m.starts.filter((round) => round.sharing === sharing);
    if (rounds.length === 0) return [];
    const { p50, p95, p99, max, n } = distribution(rounds.flatMap(({ firstConfigMs }) => firstConfigMs));
    return [
      [
        NAMES[sharing],
        rounds.length,
        n,
        rounds.map(({ gets }) => gets).join(' '),
        getsPerAgent(m, sharing).map(digits).join(' '),
        ...[p50, p95, p99, max].map(digits),
        digits(Math.max(...rounds.map(({ lagMs }) => lagMs))),
      ],
    ];
  });
  const { agents = 0, clients = 0 } = m.starts[0] ?? {};
  return {
    title: paragraph(
      `All at once, with cold caches: ${clients} clients in processes of two machines load config and prompt of ${agents} agents, all in the same ` +
        `order, ${ABREAST} at a time. First config: from the barrier, in ms. agents:get each round, and for each agent (and machine, without Redis).`,
    ),
    body: table(
      ['machines share', 'rounds', 'clients', 'agents:get', 'per agent', 'p50 ms', 'p95', 'p99', 'max', 'lag ms'],
      rows,
    ),
  };
}

function updateSection({ updates }: ConfigMeasurement): Section {
  return {
    title: paragraph(
      `Updates through agents:update while every process reads config and prompt of every agent each ${READ_EVERY_MS} ms. Compared: reads begun up to ` +
        `3 s after the reply to an update of their agent, when it was due. Old: begun more than ${PROMISED_MS} ms after that reply and served what was ` +
        `before, for which Convex, host or reader waited for a processor not counted; clock: the same, counted. Fresh after, in ms: from the ` +
        `reply until the last old read of all processes began, seen through reads that far apart; the mutation itself is not in it. ` +
        `Gets, pushes: calls an update, of both machines. Lag: event loops of processes with calls, of hosts.`,
    ),
    body: table(
      [
        'machines share',
        'of',
        'updates',
        'compared',
        'old',
        'clock',
        'p50 ms',
        'p95',
        'p99',
        'max',
        'gets',
        'pushes',
        'lag ms',
      ],
      updates.flatMap((result) => {
        const { gets, pushes } = callsAnUpdate([result]);
        const { configs, prompts, byClock, freshAfterMs, promptFreshAfterMs, lagMs } = result;
        const row = (
          of: string,
          { compared, old }: Verdict,
          clock: Verdict,
          fresh: readonly number[],
        ): (string | number)[] => {
          const { p50, p95, p99, max } = distribution(fresh);
          return [of, result.updates.length, compared, old, clock.old, ...[p50, p95, p99, max].map(digits)];
        };
        return [
          [
            SHORT[result.sharing],
            ...row('configs', configs, byClock.configs, freshAfterMs),
            digits(gets),
            digits(pushes),
            digits(lagMs.calls),
          ],
          [
            `waited ${percent(result.starved, 1)}`,
            ...row('prompts', prompts, byClock.prompts, promptFreshAfterMs),
            '',
            '',
            digits(lagMs.hosts),
          ],
        ];
      }),
    ),
  };
}

function cutSection({ cuts }: ConfigMeasurement): Section {
  const cell = (ms: number | undefined): string => (ms === undefined ? 'never' : digits(ms));
  return {
    title: paragraph(
      'Feeds cut while agents are updated; Convex itself answers. Refused: sockets closed, no new one let in. Silent: they stay open and ' +
        'nothing passes. Deaf: reads begun more than 5 s after a reply meanwhile. Back: begun more than 1 s after the first window of the feed. ' +
        'Lapsed: from the cut until the host no longer vouched for hearing. Heard, live: from the end of the cut, in ms.',
    ),
    body: table(
      [
        'feed',
        'updates',
        'deaf, compared',
        'old',
        'back, compared',
        'old',
        'lapsed ms',
        'heard ms',
        'live ms',
        'lag ms',
      ],
      cuts.map(({ how, updates, deaf, back, lapsedAfterMs, windowAfterMs, liveAfterMs, lagMs }) => [
        how,
        updates,
        deaf.compared,
        deaf.old,
        back.compared,
        back.old,
        ...[lapsedAfterMs, windowAfterMs, liveAfterMs, lagMs].map(cell),
      ]),
    ),
  };
}

function downSection({ downs }: ConfigMeasurement): Section {
  return {
    title: paragraph(
      'Convex is away, and new call processes start. The agent was updated when agents:get already failed, so that every machine knows ' +
        'that it has changed and none has what it is now. First config: from the call to the answer, the failing attempt included.',
    ),
    body: table(
      ['Convex', 'calls', 'no config', 'no prompt', 'last good', 'events each', ...DISTRIBUTION_HEAD],
      downs.map(
        ({ downCase: { name, withRedis }, answers, withoutConfig, withoutPrompt, lastGood, lastGoodEventsMin }) => [
          `${name.replaceAll('_', ' ')}${withRedis ? ', with Redis' : ''}`,
          answers.length,
          withoutConfig,
          withoutPrompt,
          lastGood,
          `>= ${lastGoodEventsMin}`,
          ...distributionCells(distribution(answers.map(({ configMs }) => configMs))),
        ],
      ),
    ),
  };
}

function migrationSection(migration: NonNullable<ConfigMeasurement['migration']>): Section {
  const { agents, before, first, second, after } = migration;
  const row = (what: string, asked: number, { ram, db, build }: typeof before.sources): (string | number)[] => [
    what,
    asked,
    ram,
    db,
    build,
  ];
  return {
    title: `Migration of ${agents} agents whose prompts were not stored. Where the prompts that processes ask for came from:`,
    body: `${table(
      ['', 'asked', 'a tier', 'Convex', 'built'],
      [
        row('before, one process', before.asked, before.sources),
        row('after, two fresh processes of a fresh machine', after.asked, after.sources),
      ],
    )}\n${paragraph(
      `first: ${first?.message ?? 'not run'}; second: ${second?.message ?? 'not run'}. ${sum([first?.rebuilt ?? 0, before.sources.build])} of ${agents} had to be built.`,
    )}`,
  };
}
