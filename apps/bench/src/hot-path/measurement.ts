import type { HitCase } from './hits.ts';
import type { HungTier } from './hung-tier.ts';
import type { MillionKeys } from './million-keys.ts';
import type { Overhead } from './overhead.ts';
import type { Spread } from './statistics.ts';
import { ratioOf, spreadOf } from './statistics.ts';
import type { WaiterCase } from './waiters.ts';

/** Everything that was measured. */
export interface HotPathMeasurement {
  readonly hits: readonly HitCase[];
  readonly waiters: readonly WaiterCase[];
  readonly overhead: readonly Overhead[];
  readonly millionKeys: MillionKeys;
  readonly hungTier: HungTier;
  readonly loadAverage: { readonly before: number; readonly after: number };
}

/** How the contenders compare, each from the rounds' own quotients. */
export interface Ratios {
  readonly peek: Spread;
  readonly getOrLoad: Spread;
  /** Against the setup of its quick start, which keeps JSON. */
  readonly bentocache: Spread;
  readonly bentocacheUnserialized: Spread;
  readonly cacheable: Spread;
  readonly bufferPeek: Spread;
  readonly bufferGetOrLoad: Spread;
}

/** Nanoseconds a hit, round by round. @throws Error when there is no such case. */
export function hitNs(m: HotPathMeasurement, name: string, payload: HitCase['payload'] = 'object'): number[] {
  const found = m.hits.find((each) => each.name === name && each.payload === payload);
  if (found === undefined) throw new Error(`not measured: ${name}, ${payload}`);
  return nsOf(found);
}

/** Nanoseconds a hit, round by round. */
export function nsOf({ samples }: HitCase): number[] {
  return samples.map(({ ms, hits }) => (ms * 1e6) / hits);
}

export function ratiosOf(m: HotPathMeasurement): Ratios {
  const peek = hitNs(m, 'warmline_peek');
  const getOrLoad = hitNs(m, 'warmline_get_or_load');
  return {
    peek: ratioOf(peek, hitNs(m, 'lru_cache_get')),
    getOrLoad: ratioOf(getOrLoad, hitNs(m, 'lru_cache_fetch')),
    bentocache: ratioOf(hitNs(m, 'bentocache'), getOrLoad),
    bentocacheUnserialized: ratioOf(hitNs(m, 'bentocache_unserialized'), getOrLoad),
    cacheable: ratioOf(hitNs(m, 'cacheable'), getOrLoad),
    bufferPeek: ratioOf(hitNs(m, 'warmline_peek', 'buffer'), peek),
    bufferGetOrLoad: ratioOf(hitNs(m, 'warmline_get_or_load', 'buffer'), getOrLoad),
  };
}

/** The crowds of one contender. @throws Error when there is no such contender. */
export function waitersOf(m: HotPathMeasurement, name: string): WaiterCase {
  const found = m.waiters.find((each) => each.name === name);
  if (found === undefined) throw new Error(`not measured: ${name}`);
  return found;
}

/** Most calls of the loader that a crowd of one contender caused. */
export function mostLoads(waiters: WaiterCase, kind: 'success' | 'rejection'): number {
  return Math.max(...waiters[kind].map(({ loads }) => loads));
}

/** How long the last caller waited after the loader was done, crowd by crowd. */
export function overLoaderMs(waiters: WaiterCase, kind: 'success' | 'rejection'): number[] {
  return waiters[kind].map(({ wallMs, loaderMs }) => wallMs - loaderMs);
}

/** Bytes an entry over its key and value. @throws Error when it was not weighed. */
export function overheadOf(m: HotPathMeasurement, name: Overhead['name']): Spread {
  const found = m.overhead.find((each) => each.name === name);
  if (found === undefined) throw new Error(`not weighed: ${name}`);
  return spreadOf(found.bytes);
}

/** Warmline's hits that were looked at: one by one, and by the sums of the timed loops. */
export function warmlineHits(m: HotPathMeasurement): {
  compared: number;
  mismatched: number;
  summed: number;
  wrongSums: number;
  unequal: number;
} {
  const own = m.hits.filter(({ name }) => name.startsWith('warmline'));
  const sum = (field: 'compared' | 'mismatched' | 'summed' | 'wrongSums'): number =>
    own.reduce((total, each) => total + each[field], 0);
  return {
    compared: sum('compared'),
    mismatched: sum('mismatched'),
    summed: sum('summed'),
    wrongSums: sum('wrongSums'),
    unequal: own.filter(({ fidelity }) => fidelity === 'broken' || fidelity === 'other type').length,
  };
}
