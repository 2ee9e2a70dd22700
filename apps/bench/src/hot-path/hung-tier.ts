import { setTimeout as sleep } from 'node:timers/promises';
import { createCache, MemorySharedTier } from '@warmline/cache-core';
import type { CacheEvent } from '@warmline/cache-core';
import { ChaosTier } from '@warmline/cache-core/testing';
import { distribution } from '../distribution.ts';
import type { Check, Metrics, ScenarioResult } from '../scenario.ts';
import { table } from '../tables.ts';
import { LoopLag } from './event-loop.ts';

const LOADER_MS = 20;
const BUDGET_MS = 15;
const HOT_READS = 20_000;
/** Callers with a cold key at the same time. */
const ABREAST = 8;
const RECOVERS_WITHIN_MS = 2_000;

/** What a shared tier that hangs costs, and how it is taken back. */
export interface HungTier {
  /** From the call to its value, less the loader's own time, with the tier in order. */
  readonly healthyOverMs: readonly number[];
  /** The same while every call of the tier hangs. */
  readonly hungOverMs: readonly number[];
  readonly hotNs: { readonly healthy: number; readonly hung: number };
  readonly failed: number;
  readonly hungCalls: number;
  /** How often the breaker opened, and how long after the tier was healed it closed; `undefined` if it did not. */
  readonly opened: number;
  readonly closedAfterMs: number | undefined;
  /** Values found in the tier afterwards, and how many were looked for. */
  readonly foundAgain: number;
  readonly lookedFor: number;
  readonly lag: LoopLag;
}

/** A cache over a tier whose reads, begins and writes never answer, in real time; then the tier is healed. */
export async function measureHungTier(coldKeys: number): Promise<HungTier> {
  // No timer of a cache keeps Node alive, and a hung tier in memory has no socket that would.
  const socket = setInterval(() => {}, 1_000);
  try {
    return await measure(coldKeys);
  } finally {
    clearInterval(socket);
  }
}

async function measure(coldKeys: number): Promise<HungTier> {
  const inner = new MemorySharedTier();
  const hang = { hang: 1 };
  const tier = new ChaosTier(inner, { seed: 1, read: hang, begin: hang, write: hang });
  tier.calm();
  const breaker: { state: string; atMs: number }[] = [];
  const onEvent = (event: CacheEvent): void => {
    if (event.type === 'breaker') breaker.push({ state: event.state, atMs: performance.now() });
  };
  const cache = createCache<number>({ name: 'hung', tiers: [tier], tierBudgetMs: BUDGET_MS, onEvent });
  let failed = 0;
  const cold = async (key: string): Promise<number> => {
    let loaderMs = 0;
    const startedMs = performance.now();
    const load = async (): Promise<number> => {
      const loadStartedMs = performance.now();
      await sleep(LOADER_MS);
      loaderMs = performance.now() - loadStartedMs;
      return 1;
    };
    await cache.getOrLoad(key, load).catch(() => failed++);
    return performance.now() - startedMs - loaderMs;
  };
  const coldPass = async (name: string): Promise<number[]> => {
    const overMs: number[] = [];
    for (let done = 0; done < coldKeys; done += ABREAST) {
      const keys = Array.from({ length: Math.min(ABREAST, coldKeys - done) }, (_, index) => `${name} ${done + index}`);
      overMs.push(...(await Promise.all(keys.map(cold))));
    }
    return overMs;
  };
  const hotNs = async (): Promise<number> => {
    await cache.getOrLoad('hot', () => 1);
    const startedMs = performance.now();
    for (let read = 0; read < HOT_READS; read++) await cache.getOrLoad('hot', () => 1);
    return ((performance.now() - startedMs) * 1e6) / HOT_READS;
  };
  const lag = new LoopLag();
  await coldPass('first, not counted');
  await hotNs();
  const healthyOverMs = await coldPass('healthy');
  const healthyNs = await hotNs();
  tier.storm();
  const hungOverMs = await lag.during(() => coldPass('hung'));
  const hungNs = await hotNs();
  const { hanging } = tier;
  tier.heal();
  const healedMs = performance.now();
  const closed = (): number | undefined =>
    breaker.find(({ state, atMs }) => state === 'closed' && atMs > healedMs)?.atMs;
  // Somebody must ask: the probe is one of the application's own reads.
  while (closed() === undefined && performance.now() - healedMs < RECOVERS_WITHIN_MS) {
    await cache.get('healthy 0 again');
    await sleep(20);
  }
  const closedMs = closed();
  const other = createCache<number>({ name: 'hung', tiers: [tier] });
  const wanted = Array.from({ length: coldKeys }, (_, index) => `healthy ${index}`);
  const found = await other.getMany(wanted);
  await Promise.all([cache.close(), other.close()]);
  return {
    healthyOverMs,
    hungOverMs,
    hotNs: { healthy: healthyNs, hung: hungNs },
    failed,
    hungCalls: hanging,
    opened: breaker.filter(({ state }) => state === 'open').length,
    closedAfterMs: closedMs === undefined ? undefined : closedMs - healedMs,
    foundAgain: found.size,
    lookedFor: wanted.length,
    lag,
  };
}

/** Times are told and never checked; what must hold is that nothing failed and that the tier came back. */
export function hungTierChecks(h: HungTier): Check[] {
  const { failed, hungCalls, opened, closedAfterMs, foundAgain, lookedFor } = h;
  return [
    { name: 'hung_tier.failed', holds: failed === 0, detail: `${failed} of ${3 * lookedFor} loads` },
    { name: 'hung_tier.hung_calls', holds: hungCalls > 0 && opened > 0, detail: `${hungCalls} calls hung, breaker opened ${opened} times` },
    {
      name: 'hung_tier.closed_again',
      holds: closedAfterMs !== undefined && foundAgain === lookedFor,
      detail: `${closedAfterMs === undefined ? 'never' : `after ${closedAfterMs.toFixed(0)} ms`}; ${foundAgain} of ${lookedFor} values found in the tier`,
    },
  ]; // prettier-ignore
}

export function hungTierMetrics(h: HungTier): Metrics {
  return {
    'hung_tier.healthy_over_loader_ms': distribution(h.healthyOverMs),
    'hung_tier.cold_over_loader_ms': distribution(h.hungOverMs),
    'hung_tier.budget_ms': BUDGET_MS,
    'hung_tier.hot_ns.healthy': h.hotNs.healthy,
    'hung_tier.hot_ns.hung': h.hotNs.hung,
    'hung_tier.breaker_closed_after_ms': h.closedAfterMs ?? -1,
    'event_loop_lag_ms.hung_tier': h.lag.distribution(),
  };
}

export function hungTierSection(h: HungTier): ScenarioResult['sections'][number] {
  const row = (name: string, overMs: readonly number[], hotNs: number): (string | number)[] => {
    const { p50, p95, p99, max, n } = distribution(overMs);
    return [name, ...[p50, p95, p99, max].map((ms) => ms.toFixed(1)), n, hotNs.toFixed(0)];
  };
  const limitMs = BUDGET_MS + 5;
  const p95 = distribution(h.hungOverMs).p95;
  return {
    title:
      `A shared tier that hangs: a cold key, from the call to its value, less the loader's own time (${LOADER_MS} ms); ${ABREAST} keys at once.\n` +
      `Budget ${BUDGET_MS} ms. Wanted: p95 <= ${limitMs} ms + event-loop lag (${h.lag.distribution().max.toFixed(1)} ms at worst): ${p95 <= limitMs + h.lag.distribution().max ? 'met' : 'not met'}.`,
    body: table(
      ['tier', 'p50', 'p95', 'p99', 'max ms', 'n', 'hot ns'],
      [row('healthy', h.healthyOverMs, h.hotNs.healthy), row('hangs', h.hungOverMs, h.hotNs.hung)],
    ),
  };
}
