import { distribution } from '../distribution.ts';
import { ratioOf, spreadOf } from '../hot-path/statistics.ts';
import type { Target } from '../targets.ts';
import { clusterTargets } from './cluster/report.ts';
import { ALLOWED_MS } from './judge.ts';
import type { TiersMeasurement } from './measurement.ts';
import { beyondBareMs, wayOf } from './measurement.ts';

export function targetsOf(m: TiersMeasurement): Target[] {
  const [raw, own] = [wayOf(m, '5kb', 'raw_get_binary').us, wayOf(m, '5kb', 'tier_read_decoded').us];
  const [rawLarge, ownLarge] = [wayOf(m, '150kb', 'raw_get_binary').us, wayOf(m, '150kb', 'tier_read_decoded').us];
  const over = ownLarge.map((us, round) => us - (rawLarge[round] ?? Number.NaN));
  const seen = distribution(m.invalidations.verdicts.flatMap(({ seenMs }) => seenMs));
  const seenAt = (what: 'p50' | 'p99' | 'max'): Target => ({
    name: `invalidation_seen_ms.${what}`,
    what: `delete resolved until another process no longer serves it, ms, ${what}`,
    found: { median: seen[what], min: seen.min, max: seen.max, n: seen.n },
    wanted: { atMost: ALLOWED_MS },
  });
  return [
    {
      name: 'host_read_ratio.5kb',
      what: '5 KB, tier.read and frame checksum : getBinary of lmdb',
      found: ratioOf(own, raw),
      wanted: { atMost: 2.5 },
    },
    {
      name: 'host_read_over_raw_us.150kb',
      what: '150 KB, the same, us more than getBinary',
      found: spreadOf(over),
      wanted: { atMost: 40 },
    },
    {
      name: 'open_beyond_bare_ms',
      what: `fresh process: import, open, read, ms beyond bare Node${m.opens.fromSource ? ' (from source: strips types)' : ''}`,
      found: spreadOf(beyondBareMs(m)),
      wanted: { atMost: 40 },
    },
    {
      name: 'write_stall_ms',
      what: 'event loop held at worst while another process is stopped in its write, ms',
      found: spreadOf(m.writes.stops.map(({ stopped }) => stopped.lagMs)),
      wanted: { atMost: 5 },
    },
    ...clusterTargets(m.cluster),
    ...(seen.n === 0 ? [] : (['p50', 'p99', 'max'] as const).map(seenAt)),
  ];
}
