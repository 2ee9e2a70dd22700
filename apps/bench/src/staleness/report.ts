import { distribution } from '../distribution.ts';
import type { Distribution, Metrics, ScenarioResult } from '../scenario.ts';
import { sum } from '../sum.ts';
import { DISTRIBUTION_HEAD, distributionCells, table } from '../tables.ts';
import { digits, targetMetrics, targetSection } from '../targets.ts';
import type { Relation } from './allowed.ts';
import { LASTING_MS, LIVE_MS, PROMISED_MS, RELATIONS, SAME_MACHINE_MS } from './allowed.ts';
import type { Campaign } from './campaign.ts';
import { comparedOf, olderOf } from './checks.ts';
import { barOf, BUCKETS } from './histogram.ts';
import { cacheOf, CACHES, nameOf } from './stage.ts';
import { targetsOf } from './targets.ts';

type Section = ScenarioResult['sections'][number];

/** The campaign for machines. */
export function metricsOf(c: Campaign): Metrics {
  const { deeds } = c;
  const metrics: Record<string, number | Distribution> = {
    invalidations: c.strikes.length,
    reads: sum(c.phases.map(({ verdict }) => verdict.reads)),
    reads_compared: comparedOf(c),
    older_than_allowed: olderOf(c),
    bus_kills: deeds.busKills,
    blackholes: deeds.blackholes,
    pump_stops: deeds.pumpStops,
    trims: deeds.trims,
    fillings: deeds.fillings,
    callers_killed: deeds.callersKilled,
    restarts: deeds.restarts,
    pending: c.strikes.filter(({ pending }) => pending).length,
    gaps: sum(c.phases.map(({ gaps }) => gaps)),
    bus_errors: sum(c.phases.map(({ busErrors }) => busErrors)),
    failed_reads: c.failedReads,
    failed_invalidations: c.failedStrikes,
    failed_duties: c.failedDuties,
    stale_window_ms: distribution(windowsMs(c, ['same_machine', 'other_machine'])),
    reconnect_ms: distribution(c.phases.flatMap(({ reconnectMs }) => reconnectMs)),
    invalidation_ms: distribution(c.strikes.map(({ calledMs, resolvedMs }) => resolvedMs - calledMs)),
    ...targetMetrics(targetsOf(c)),
  };
  for (const relation of RELATIONS) metrics[`stale_window_ms.${relation}`] = distribution(windowsMs(c, [relation]));
  for (const {
    phase: { name },
    strikes,
    verdict,
    lagMs,
  } of c.phases) {
    metrics[`${name}.invalidations`] = strikes;
    metrics[`${name}.reads_compared`] = sum(RELATIONS.map((relation) => verdict.compared[relation]));
    metrics[`${name}.older_than_allowed`] = verdict.older;
    metrics[`${name}.stale_window_ms`] = distribution(windowsMs(c, ['same_machine', 'other_machine'], name));
    for (const [who, ms] of Object.entries(lagMs)) metrics[`event_loop_lag_ms.${name}.${who}`] = ms;
  }
  return metrics;
}

/** The campaign for people. */
export function sectionsOf(c: Campaign): Section[] {
  return [
    allowedSection(),
    phaseSection(c),
    histogramSection(c),
    phaseHistogramSection(c),
    windowSection(c),
    targetSection(targetsOf(c), 'all invalidations (the p99 stands in the place of the median)'),
    ...(c.findings.length === 0 ? [] : [findingSection(c)]),
  ];
}

function allowedSection(): Section {
  return {
    title:
      'What is allowed: how long after an invalidation has resolved a read may begin that is served what was before.',
    body: table(
      ['reader', 'promised', 'counts as older_than_allowed'],
      [
        ['the process that invalidated', 'at once', 'later than that'],
        ['another process of its machine', `${SAME_MACHINE_MS} ms, pending or not`, `later than ${SAME_MACHINE_MS} ms`],
        ['another machine', `${PROMISED_MS} ms (p99)`, `later than ${LASTING_MS} ms: it stays`],
        [
          '… cut off, or told later (pending)',
          `${PROMISED_MS} ms (p99) from when both are back`,
          `later than ${LASTING_MS} ms from then`,
        ],
        [
          `… cut off for more than ${LIVE_MS} ms`,
          'nothing older from then on',
          `later than ${LIVE_MS + SAME_MACHINE_MS} ms after the cut`,
        ],
      ],
    ),
  };
}

function phaseSection({ phases }: Campaign): Section {
  return {
    title: 'What was done, invalidated and read; lag of event loops at worst (a process that was stopped included).',
    body: table(
      [
        'phase',
        's',
        'invalidations',
        'pending',
        'reads',
        'compared',
        'older than allowed',
        'gaps',
        'bus errors',
        'lag ms members',
        'services',
        'bench',
      ],
      phases.map(({ phase, tookMs, strikes, pending, verdict, gaps, busErrors, lagMs }) => [
        `${phase.name}: ${phase.what}`,
        digits(tookMs / 1_000),
        strikes,
        pending,
        verdict.reads,
        sum(RELATIONS.map((relation) => verdict.compared[relation])),
        verdict.older,
        gaps,
        busErrors,
        digits(lagMs.members),
        digits(lagMs.services),
        digits(lagMs.bench),
      ]),
    ),
  };
}

function histogramSection(c: Campaign): Section {
  const columns = RELATIONS.map((relation) => windowsMs(c, [relation]));
  const most = Math.max(...BUCKETS.flatMap((bucket) => columns.map((ms) => bucket.count(ms))));
  return {
    title:
      'The staleness histogram: from the resolved invalidation to the begin of the last read that was served what was before, for\n' +
      'each invalidation and each process that read one of its keys before and after. Bars are logarithmic.',
    body: table(
      ['ms', 'same process', '', 'same machine', '', 'other machine', ''],
      BUCKETS.map((bucket) => [
        bucket.name,
        ...columns.flatMap((ms) => [bucket.count(ms), barOf(bucket.count(ms), most)]),
      ]),
    ),
  };
}

function phaseHistogramSection(c: Campaign): Section {
  const names = c.phases.map(({ phase: { name } }) => name);
  const columns = names.map((name) => windowsMs(c, ['other_machine'], name));
  return {
    title: 'The same by phase, on the other machine. While that is cut off it serves what it has, for 5 s at most.',
    body: table(
      ['ms', ...names],
      BUCKETS.map((bucket) => [bucket.name, ...columns.map((ms) => bucket.count(ms))]),
    ),
  };
}

function windowSection(c: Campaign): Section {
  const rows = RELATIONS.map((relation) => ({
    name: `stale window, ${relation.replace('_', ' ')}`,
    ms: windowsMs(c, [relation]),
  }));
  return {
    title:
      'How long invalidations took to hold, and to return; and how long a process was without Redis after a fault had ended.',
    body: table(
      ['', ...DISTRIBUTION_HEAD],
      [
        ...rows,
        {
          name: 'invalidation, called until resolved',
          ms: c.strikes.map(({ calledMs, resolvedMs }) => resolvedMs - calledMs),
        },
        ...c.phases
          .filter(({ reconnectMs }) => reconnectMs.length > 0)
          .map(({ phase, reconnectMs }) => ({ name: `reconnection, ${phase.name}`, ms: reconnectMs })),
      ].map(({ name, ms }) => [name, ...distributionCells(distribution(ms))]),
    ),
  };
}

function findingSection({ findings }: Campaign): Section {
  return {
    title: 'The first reads that were older than is allowed',
    body: table(
      [
        'phase',
        'invalidated',
        'by',
        'pending',
        'key',
        'read by',
        'version',
        'instead of',
        'ms after',
        'allowed ms',
        'reads',
        'last ms',
      ],
      findings.map(
        ({
          phase,
          relation,
          charge: { strike, by, phase: struckIn },
          reader,
          key,
          version,
          afterMs,
          allowedMs,
          reads,
          lastMs,
        }) => [
          phase,
          `${strike.kind} (${struckIn})`,
          `${by.pid}, machine ${by.machine}${by.isDead ? ', killed' : ''}`,
          strike.pending ? 'yes' : 'no',
          `${nameOf(key)} of ${CACHES[cacheOf(key)]}`,
          `${reader.pid}, ${relation.replace('_', ' ')}`,
          version,
          strike.version,
          digits(afterMs),
          digits(allowedMs),
          reads,
          digits(lastMs),
        ],
      ),
    ),
  };
}

function windowsMs({ windows }: Campaign, relations: readonly Relation[], phase?: string): number[] {
  return windows
    .filter((window) => relations.includes(window.relation) && (phase === undefined || window.phase === phase))
    .map(({ windowMs }) => windowMs);
}
