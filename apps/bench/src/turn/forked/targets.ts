import { distribution } from '../../distribution.ts';
import type { Spread } from '../../hot-path/statistics.ts';
import type { Distribution } from '../../scenario.ts';
import type { Target } from '../../targets.ts';
import { firstAudioMs } from './figures.ts';
import type { ForkedMeasurement } from './measurement.ts';

/** What is wanted of a process per call. */
export function forkedTargetsOf({ fresh, warm }: ForkedMeasurement): Target[] {
  const calls = [...fresh.calls, ...warm.calls];
  const [hit, miss] = [distribution(firstAudioMs(calls, 'host')), distribution(firstAudioMs(calls, 'provider'))];
  const ratio = (missMs: number): number => (hit.p50 === 0 ? 0 : missMs / hit.p50);
  return [
    {
      name: 'first_audio_ms.host_hit',
      what: 'first audio of a sentence that an earlier process had spoken, ms',
      found: spreadOfAll(hit),
      wanted: { atMost: 5 },
    },
    {
      name: 'host_hit_over_miss',
      what: 'first audio, miss : host hit; min and max: of the misses',
      found: { median: ratio(miss.p50), min: ratio(miss.min), max: ratio(miss.max), n: Math.min(hit.n, miss.n) },
      wanted: { atLeast: 20 },
    },
  ];
}

function spreadOfAll({ p50, min, max, n }: Distribution): Spread {
  return { median: p50, min, max, n };
}
