import { distribution } from '../distribution.ts';
import { spreadOf } from '../hot-path/statistics.ts';
import type { Target } from '../targets.ts';
import type { ConfigMeasurement } from './measurement.ts';
import { PROMISED_MS } from './part-update.ts';
import { cutsOf } from './totals.ts';

/** What is wanted of times: they never fail a run. */
export function targetsOf(m: ConfigMeasurement): Target[] {
  const hit = (name: string, what: string, samples: readonly number[] | undefined, atMost: number): Target[] => {
    if (samples === undefined || samples.length === 0) return [];
    const { p50, min, max, n } = distribution(samples);
    return [{ name: `${name}.p50`, what, found: { median: p50, min, max, n }, wanted: { atMost } }];
  };
  const worst = (name: string, what: string, samples: readonly number[], atMost: number): Target[] => {
    if (samples.length === 0) return [];
    const spread = spreadOf(samples);
    return [{ name: `${name}.max`, what, found: { ...spread, median: spread.max }, wanted: { atMost } }];
  };
  const old = (name: string, what: string, counts: readonly number[]): Target[] => {
    if (counts.length === 0) return [];
    const { min, max, n } = distribution(counts);
    return [
      {
        name,
        what,
        found: { median: counts.reduce((all, each) => all + each, 0), min, max, n },
        wanted: { atMost: 0 },
      },
    ];
  };
  const { ms } = m.hits ?? {};
  return [
    ...hit('hit_ms.config.process', 'config, process tier', ms?.['config.process'], 0.05),
    ...hit('hit_ms.config.host', 'config, host tier, open', ms?.['config.host'], 0.5),
    ...old(
      'old_reads_after_100ms',
      'update: reads begun later, old',
      m.updates.map(({ configs }) => configs.old),
    ),
    ...old(
      'old_prompts_after_100ms',
      'the same, prompts',
      m.updates.map(({ prompts }) => prompts.old),
    ),
    ...worst(
      'fresh_after_ms.worst',
      'update: reply until last old read',
      m.updates.flatMap(({ freshAfterMs }) => freshAfterMs),
      PROMISED_MS,
    ),
    ...worst(
      'live_again_ms',
      'feed let in again until live',
      cutsOf(m, 'refused').flatMap(({ liveAfterMs }) => liveAfterMs ?? []),
      2_000,
    ),
  ];
}
