import { distribution } from '../distribution.ts';
import { spreadOf } from '../hot-path/statistics.ts';
import type { ScenarioResult } from '../scenario.ts';
import { sum } from '../sum.ts';
import { DISTRIBUTION_HEAD, distributionCells, percent, table } from '../tables.ts';
import { digits, targetSection } from '../targets.ts';
import type { Crowd } from './crowds.ts';
import { ASKERS } from './crowds.ts';
import type { EmbeddingCount, EmbeddingResult } from './embedding.ts';
import type { HitPartAnswer } from './hit-part.ts';
import { worstMs } from './holds.ts';
import { levelSections } from './level-report.ts';
import type { RagMeasurement } from './measurement.ts';
import { DOLLARS_A_MILLION, PROBES } from './money.ts';
import type { Saving } from './money.ts';
import { ONE_WAY_MS, SEARCH_MS } from './stage.ts';
import { targetsOf } from './targets.ts';
import type { UpdateResult } from './update.ts';
import { FRESH_AFTER_MS } from './update.ts';
import { wrapped } from './wrapped.ts';

type Section = ScenarioResult['sections'][number];

export function sectionsOf(m: RagMeasurement): readonly Section[] {
  const targets = targetsOf(m);
  return [
    ...(m.host.length + m.cluster.length === 0 ? [] : [crowdSection(m.host, m.cluster, m.processes)]),
    ...(m.hits === undefined ? [] : [hitSection(m.hits)]),
    ...(m.update === undefined ? [] : [updateSection(m.update, m.processes)]),
    ...(m.levels === undefined ? [] : levelSections(m.levels)),
    ...(m.savings.length === 0 ? [] : [moneySection(m.savings, m.billedCallsASearch)]),
    ...(m.embedding === undefined ? [] : [embeddingSection(m.embedding)]),
    ...(targets.length === 0 ? [] : [targetSection(targets, 'all samples, their 99th percentile where it says p99')]),
  ];
}

function crowdSection(host: readonly Crowd[], cluster: readonly Crowd[], processes: number): Section {
  const row = (what: string, crowds: readonly Crowd[]): (string | number)[][] => {
    if (crowds.length === 0) return [];
    const { p50, p95, p99, max, n } = distribution(crowds.flatMap(({ waitsMs }) => waitsMs));
    const searches = crowds.map((crowd) => crowd.searches).join(' ');
    const lag = spreadOf(crowds.map(({ lagMs }) => lagMs));
    return [[what, crowds.length, ASKERS, searches, ...[p50, p95, p99, max].map(digits), n, digits(lag.max)]];
  };
  return {
    title: wrapped(
      `1. One question that nobody has asked before, by ${ASKERS} askers in ${processes} processes at once. A ` +
        `search takes ${SEARCH_MS} ms, a round trip ${2 * ONE_WAY_MS} ms; searches by the simulator's ledger. An ` +
        "asker's time: from his call to his passages. Lag: the worst of all processes. It does not show a " +
        'network, nor what a real search costs in time.',
    ),
    body: table(
      ['', 'times', 'askers', 'searches', 'p50 ms', 'p95', 'p99', 'max', 'n', 'lag ms'],
      [...row('one machine', host), ...row('two machines and a Redis', cluster)],
    ),
  };
}

function hitSection({ processMs, hostMs, convexMs, lagMs }: HitPartAnswer): Section {
  return {
    title: wrapped(
      '2. One asker after the other, in turn; from the call to the passages. Worst event-loop lag ' +
        `${digits(lagMs)} ms. Without a cache every asker pays the last row: Convex never caches an action.`,
    ),
    body: table(
      ['', ...DISTRIBUTION_HEAD],
      [
        ['hit in the process', ...distributionCells(distribution(processMs))],
        ['hit in the host tier, process tier empty', ...distributionCells(distribution(hostMs))],
        ['no cache: the action over ConvexHttpClient', ...distributionCells(distribution(convexMs))],
      ],
    ),
  };
}

function updateSection(u: UpdateResult, processes: number): Section {
  const lapses = sum(u.services.map((service) => service.lapses));
  const gaps = sum(u.services.map((service) => service.gaps));
  const heldMs = Math.max(...u.services.map(({ holds }) => worstMs(holds)));
  return {
    title: wrapped(
      `3. ${u.changes} changes of a knowledge base (a document added, the one before removed) while ` +
        `${processes} processes on two machines ask. A result is old if its read began more than ` +
        `${FRESH_AFTER_MS} ms after a mutation's reply and it does not show that mutation; time for which a ` +
        `process of its machine did not get the processor is not counted (${u.heldReads} reads; services held ` +
        `${digits(heldMs)} ms at worst, readers ${digits(Math.max(...u.heldMs))} ms). The feed lapsed ${lapses} ` +
        `times and had ${gaps} gaps. Each change cost ${digits(u.searchesAChange)} searches a question; one is ` +
        'enough for a machine, and each machine hears of the change by itself.',
    ),
    body: [
      table(
        ['', 'reads', 'compared', 'old or not its own', 'searches'],
        [
          ['the organisation that changes', u.reads, u.compared, u.old, u.searches.ledger - u.otherOrgSearches],
          ['another, with the same questions', u.neighbourReads, u.neighbourReads, u.foreign, u.otherOrgSearches],
        ],
      ),
      table(
        ['', ...DISTRIBUTION_HEAD],
        [
          ['reply until the last old read began', ...distributionCells(distribution(u.freshAfterMs))],
          ['wait of a read, searches included', ...distributionCells(distribution(u.waitsMs))],
        ],
      ),
      ...u.findings.map(
        ({ pid, machine, due, state, afterMs, waitMs }) =>
          `old: process ${pid} on machine ${machine} read state ${state} instead of ${due}, ${digits(afterMs)} ms after the reply; it waited ${digits(waitMs)} ms`,
      ),
    ].join('\n'),
  };
}

function moneySection(savings: readonly Saving[], billedCalls: number): Section {
  const { least, most } = DOLLARS_A_MILLION;
  return {
    title: wrapped(
      `5. What a million questions save. By the ledger a search is ${digits(billedCalls)} billed calls (the ` +
        'action and the query it runs); with vector search, compute and the embedding a million of them cost ' +
        `$${least}–${most} by published prices; Convex never caches an action. The rows of a list are computed, ` +
        'not measured: 200 questions, the popular ones asked most (Zipf 1.2), 5 questions a call, entries that ' +
        `live long enough. Against it stands the feed's probe: ${PROBES.aMonth / 1e6}M calls a machine and month, ` +
        `about $${(PROBES.dollarsAMillion * PROBES.aMonth) / 1e6}.`,
    ),
    body: table(
      ['', 'hits', 'searches saved', 'calls saved', 'dollars saved'],
      savings.map(({ what, hitRate, calls, dollars }) => [
        what,
        percent(hitRate, 1),
        Math.round(1e6 * hitRate),
        Math.round(calls),
        `${dollars.least.toFixed(2)}–${dollars.most.toFixed(2)}`,
      ]),
    ),
  };
}

function embeddingSection({ processes, inTurn, together }: EmbeddingResult): Section {
  const row = (what: string, { asked, distinct, embedded, calls, wrong, late, waitsMs }: EmbeddingCount) => {
    const { p50, p99 } = distribution(waitsMs);
    return [what, asked, distinct, embedded, calls, late, wrong, digits(p50), digits(p99)];
  };
  return {
    title: wrapped(
      `6. Texts embedded for ${processes} processes of a machine, by the provider's own ledger; vectors ` +
        'compared bit by bit. Batches do not wait for each other across processes: what several want at the same ' +
        'moment is embedded by each.',
    ),
    body: table(
      ['', 'asked for', 'distinct', 'embedded', 'calls', 'tier late', 'wrong', 'p50 ms', 'p99'],
      [row('one process after the other', inTurn), row('all at once', together)],
    ),
  };
}
