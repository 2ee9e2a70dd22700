import { exactly, none } from '../checks.ts';
import { distribution } from '../distribution.ts';
import { spreadOf } from '../hot-path/statistics.ts';
import type { Check, Distribution, Metrics, ScenarioResult } from '../scenario.ts';
import { sum } from '../sum.ts';
import { table } from '../tables.ts';
import type { Target } from '../targets.ts';
import { digits, targetMetrics, targetSection } from '../targets.ts';
import type { VariantResult } from './measurement.ts';
import type { Variant } from './variants.ts';
import { ORIGIN_MS } from './variants.ts';

/** How much later than the origin's own latency the callers of a dead loader may be answered. */
const SLACK_MS = 300;
const MAX_COMMANDS = 12;

/** What must hold in every repetition, whatever the machine's speed. */
export function checksOf(results: readonly VariantResult[], repetitions: number): Check[] {
  return results.flatMap(({ variant, crowds }) => {
    const { name, loads } = variant;
    const callers = sum(crowds.map((crowd) => crowd.callers));
    const unanswered = callers - sum(crowds.map(({ right }) => right));
    const counts = crowds.map((crowd) => crowd.loads);
    return [
      exactly(`${name}.repetitions`, crowds.length, repetitions),
      none(`${name}.unanswered`, unanswered, `of ${callers} callers, by the origin's own values`),
      ...(loads === undefined
        ? []
        : [
            {
              name: `${name}.loads`,
              holds: areLoadsRight(counts, loads, variant.mostly),
              detail: `${counts.join(', ')} by the origin's ledger, ${
                variant.mostly === undefined
                  ? `exactly ${loads} each time`
                  : `${loads} in ${100 * variant.mostly.share} % of them, never more than ${variant.mostly.atMost}`
              }`,
            },
          ]),
      ...(variant.killsHolder
        ? [
            exactly(
              `${name}.killed`,
              crowds.filter(({ killed }) => killed !== undefined).length,
              repetitions,
              'in the middle of their loads',
            ),
          ]
        : []),
    ];
  });
}

function areLoadsRight(counts: readonly number[], loads: number, mostly: Variant['mostly']): boolean {
  const right = counts.filter((count) => count === loads).length;
  if (mostly === undefined) return right === counts.length;
  // Of few repetitions one may always be the one in ten.
  const allowed = Math.max(1, Math.floor(counts.length * (1 - mostly.share)));
  return counts.length - right <= allowed && counts.every((count) => count <= mostly.atMost);
}

export function metricsOf(results: readonly VariantResult[]): Metrics {
  const metrics: Record<string, number | Distribution> = { origin_ms: ORIGIN_MS };
  for (const { variant, crowds } of results) {
    const { name } = variant;
    metrics[`${name}.processes`] = variant.processes;
    metrics[`${name}.callers`] = sum(crowds.map(({ callers }) => callers));
    metrics[`${name}.answered`] = sum(crowds.map(({ right }) => right));
    metrics[`${name}.repetitions`] = crowds.length;
    metrics[`${name}.loads`] = Math.max(...crowds.map(({ loads }) => loads));
    metrics[`${name}.loads_min`] = Math.min(...crowds.map(({ loads }) => loads));
    const commands = crowds.flatMap((crowd) => crowd.commands);
    if (commands.length > 0) metrics[`${name}.commands_a_process`] = distribution(commands);
    metrics[`${name}.tier_timeouts`] = sum(crowds.map(({ tierTimeouts }) => tierTimeouts));
    metrics[`${name}.wait_ms`] = distribution(crowds.flatMap(({ waitsMs }) => waitsMs));
    metrics[`event_loop_lag_ms.${name}`] = distribution(crowds.map(({ lagMs }) => lagMs));
  }
  return { ...metrics, ...targetMetrics(targetsOf(results)) };
}

export function sectionsOf(results: readonly VariantResult[]): ScenarioResult['sections'] {
  const rows = results.map(({ variant, crowds }) => {
    const { p50, p99, max, n } = distribution(crowds.flatMap(({ waitsMs }) => waitsMs));
    const loads = spreadOf(crowds.map((crowd) => crowd.loads));
    const lag = spreadOf(crowds.map(({ lagMs }) => lagMs));
    return [
      variant.name,
      variant.what,
      variant.processes,
      variant.processes * variant.callersEach,
      crowds.length,
      loads.min === loads.max ? loads.max : `${loads.min}..${loads.max}`,
      ...[p50, p99, max].map(digits),
      n,
      `${digits(lag.median)} / ${digits(lag.max)}`,
      sum(crowds.map(({ tierTimeouts }) => tierTimeouts)),
    ];
  });
  return [
    {
      title:
        `One cold key, asked for in all processes at once; origin of ${ORIGIN_MS} ms, a process of its own, whose ledger counts the loads.\n` +
        "A caller's time: from his call of getOrLoad to his value. Lag: the worst of all processes in a repetition, median / max.",
      body: table(
        ['', '', 'processes', 'callers', 'times', 'loads', 'p50 ms', 'p99', 'max', 'n', 'lag ms', 'tier timeouts'],
        rows,
      ),
    },
    targetSection(targetsOf(results), 'the repetitions'),
  ];
}

function targetsOf(results: readonly VariantResult[]): Target[] {
  const commands = results.flatMap(({ crowds }) => crowds.map((crowd) => Math.max(0, ...crowd.commands)));
  const what = 'commands sent to Redis by a process for one cold key and 50 callers, the most of all processes';
  const wanted = { atMost: MAX_COMMANDS };
  return [
    ...killTargets(results),
    ...(Math.max(...commands) > 0
      ? [{ name: 'commands_a_process', what, found: spreadOf(commands.filter((most) => most > 0)), wanted }]
      : []),
  ];
}

function killTargets(results: readonly VariantResult[]): Target[] {
  return results.flatMap(({ variant, crowds }) => {
    const afterMs = crowds.flatMap(({ answeredAfterKillMs }) => answeredAfterKillMs ?? []);
    if (!variant.killsHolder || afterMs.length === 0) return [];
    const what = 'kill -9 of the loader until the last caller of the others has his value, ms';
    return [
      { name: 'answered_after_kill_ms', what, found: spreadOf(afterMs), wanted: { atMost: ORIGIN_MS + SLACK_MS } },
    ];
  });
}
