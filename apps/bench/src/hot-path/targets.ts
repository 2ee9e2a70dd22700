import type { Target } from '../targets.ts';
import { MAX_OVERHEAD_BYTES } from './checks.ts';
import type { HotPathMeasurement } from './measurement.ts';
import { hitNs, overLoaderMs, overheadOf, ratiosOf, waitersOf } from './measurement.ts';
import { spreadOf } from './statistics.ts';

export function targetsOf(m: HotPathMeasurement): Target[] {
  const ratios = ratiosOf(m);
  const own = waitersOf(m, 'warmline_get_or_load');
  return [
    { name: 'peek_ratio', what: 'peek : lru-cache get', found: ratios.peek, wanted: { atMost: 5 } },
    { name: 'peek_ns', what: 'peek, ns', found: spreadOf(hitNs(m, 'warmline_peek')), wanted: { atMost: 200 } },
    { name: 'get_or_load_ratio', what: 'getOrLoad : lru-cache fetch', found: ratios.getOrLoad, wanted: { atMost: 2 } },
    { name: 'bentocache_factor', what: 'bentocache : getOrLoad', found: ratios.bentocache, wanted: { atLeast: 15 } },
    {
      name: 'bentocache_factor.unserialized',
      what: 'the same, serialize: false (shares mutable objects, keeps no copy)',
      found: ratios.bentocacheUnserialized,
      wanted: { atLeast: 15 },
    },
    { name: 'cacheable_factor', what: 'cacheable : getOrLoad', found: ratios.cacheable, wanted: { atLeast: 15 } },
    {
      name: 'buffer_ratio.peek',
      what: 'peek, 150 KB Buffer : 1 KB object',
      found: ratios.bufferPeek,
      wanted: { atMost: 1.2 },
    },
    {
      name: 'buffer_ratio.get_or_load',
      what: 'getOrLoad, 150 KB Buffer : 1 KB object',
      found: ratios.bufferGetOrLoad,
      wanted: { atMost: 1.2 },
    },
    {
      name: 'waiters.wall_over_loader_ms.success',
      what: '1000 waiters, ms over the loader',
      found: spreadOf(overLoaderMs(own, 'success')),
      wanted: { atMost: 5 },
    },
    {
      name: 'waiters.wall_over_loader_ms.rejection',
      what: 'the same, rejecting loader',
      found: spreadOf(overLoaderMs(own, 'rejection')),
      wanted: { atMost: 5 },
    },
    {
      name: 'overhead_bytes',
      what: 'bytes an entry',
      found: overheadOf(m, 'warmline'),
      wanted: { atMost: MAX_OVERHEAD_BYTES },
    },
  ];
}
