import type { ScenarioResult } from '../scenario.ts';
import { table } from '../tables.ts';
import { digits, spreadCells, targetSection } from '../targets.ts';
import type { HitCase } from './hits.ts';
import { LEAST_SAMPLE_MS } from './hits.ts';
import { hungTierSection } from './hung-tier.ts';
import { isSuspectHit, isSuspectLoads, knownHitNs } from './known-figures.ts';
import type { HotPathMeasurement } from './measurement.ts';
import { mostLoads, nsOf, overLoaderMs } from './measurement.ts';
import { metricsOf } from './metrics.ts';
import { OVERHEAD_ENTRIES } from './overhead.ts';
import { spreadOf } from './statistics.ts';
import { targetsOf } from './targets.ts';
import { buffers, objects } from './values.ts';
import type { WaiterCase } from './waiters.ts';
import { LOADER_MS } from './waiters.ts';

type Section = ScenarioResult['sections'][number];

/** The measurement as metrics for machines and tables for people. */
export function reportHotPath(m: HotPathMeasurement): Pick<ScenarioResult, 'metrics' | 'sections'> {
  const targets = targetsOf(m);
  return {
    metrics: metricsOf(m, targets),
    sections: [
      hitSection(m, objects.name, objects.label),
      hitSection(m, buffers.name, buffers.label),
      waiterSection(m),
      memorySection(m),
      hungTierSection(m.hungTier),
      targetSection(targets, "the rounds' own quotients"),
    ],
  };
}

function hitSection(m: HotPathMeasurement, payload: HitCase['payload'], label: string): Section {
  const cases = m.hits.filter((each) => each.payload === payload);
  const rows = cases
    .map((each) => ({ each, ns: spreadOf(nsOf(each)) }))
    .toSorted((a, b) => a.ns.median - b.ns.median)
    .map(({ each, ns }) => {
      const cpu = each.samples.map(({ cpuMs, ms }) => (100 * cpuMs) / ms);
      const held = spreadOf(each.samples.map(({ ms }) => ms));
      const suspect = isSuspectHit(each.name, payload, ns.median) ? ' suspect' : '';
      const known = knownHitNs(each.name, payload);
      return [
        each.name,
        each.isAwaited ? 'awaited' : 'sync',
        digits(ns.median),
        `${digits(ns.min)}..${digits(ns.max)}`,
        ns.n,
        each.samples.reduce((sum, { hits }) => sum + hits, 0).toLocaleString('en'),
        `${digits(held.median)}..${digits(held.max)}`,
        each.lag.distribution().max.toFixed(0),
        `${spreadOf(cpu).median.toFixed(0)} %`,
        each.fidelity,
        known === undefined ? '–' : `${known}${suspect}`,
      ];
    });
  const { before, after } = m.loadAverage;
  return {
    title:
      `A hit, ${label}: from the call to the value in hand, samples of at least ${LEAST_SAMPLE_MS} ms, interleaved.\n` +
      'A loop of hits never lets the event loop turn, so its lag is the length of the sample; who else used the processor shows in\n' +
      `"CPU" below 100 % and in the load average (${before.toFixed(1)} before, ${after.toFixed(1)} after). Not shown: keys that were just put together, and cold processor caches.\n` +
      'Known: measured independently, on Node 20. Suspect: three times more or less; bentocache 1.6.1 by itself gained that much from Node 20 to 24.',
    body: table(
      ['', '', 'ns a hit', 'min..max', 'rounds', 'hits', 'sample ms', 'lag max ms', 'CPU', 'value', 'known ns'],
      rows,
    ),
  };
}

function waiterSection(m: HotPathMeasurement): Section {
  const row = (each: WaiterCase, kind: 'success' | 'rejection'): (string | number)[] => {
    const crowds = each[kind];
    const wall = spreadOf(crowds.map(({ wallMs }) => wallMs));
    const over = spreadOf(overLoaderMs(each, kind));
    const callers = Math.max(...crowds.map((crowd) => crowd.callers));
    const loads = mostLoads(each, kind);
    const suspect = isSuspectLoads(each.name, kind, loads, callers) ? ' suspect' : '';
    const wrong = crowds.reduce((sum, crowd) => sum + crowd.callers - crowd.right, 0);
    return [
      each.name,
      kind === 'success' ? 'resolves' : 'rejects',
      callers,
      `${loads}${suspect}`,
      digits(wall.median),
      digits(over.median),
      `${digits(over.min)}..${digits(over.max)}`,
      over.n,
      wrong,
      each.lag.distribution().max.toFixed(1),
    ];
  };
  return {
    title:
      `Callers who ask for one cold key at once, loader of ${LOADER_MS} ms: from the first call until the last caller has his answer.\n` +
      "Over loader: without what the loader itself took. Wrong answers: neither the value nor an error that carries the loader's.",
    body: table(
      ['', 'loader', 'callers', 'loads', 'wall ms', 'over loader', 'min..max', 'rounds', 'wrong answers', 'lag max ms'],
      m.waiters.flatMap((each) => [row(each, 'success'), row(each, 'rejection')]),
    ),
  };
}

function memorySection(m: HotPathMeasurement): Section {
  const k = m.millionKeys;
  const weighed = m.overhead.map(({ name, bytes, pid }) => [name, ...spreadCells(spreadOf(bytes)), pid]);
  const kept = table(
    [
      'keys',
      'loaded',
      'rejected',
      'aborted',
      'of these hang',
      'loading',
      'entries',
      'heap MB',
      'growth MB',
      's',
      'pid',
    ],
    [
      [
        k.keys,
        k.loaded,
        k.rejected,
        k.aborted,
        k.neverSettling,
        k.loading,
        k.entries,
        k.heapBeforeMb.toFixed(1),
        k.heapGrowthMb.toFixed(2),
        k.seconds.toFixed(1),
        k.pid,
      ],
    ],
  );
  return {
    title:
      `Memory: bytes an entry over plain arrays of the same keys and values, ${OVERHEAD_ENTRIES} strings of 1 KB, after garbage collection;\n` +
      `then distinct keys, each asked for once, in a cache of ${k.maxBytes} bytes. Base of the growth: the heap after 50000 keys.`,
    body: `${table(['', 'bytes', 'min..max', 'repetitions', 'pid'], weighed)}\n${kept}`,
  };
}
