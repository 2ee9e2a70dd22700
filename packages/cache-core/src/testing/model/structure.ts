import type { CacheStats } from '../../contracts/stats.ts';

/** What an entry costs at least. */
const LEAST_ENTRY_BYTES = 100;

/** What is wrong with the inside of a cache, as far as its numbers tell. `least` and `most` are of the loads that run. */
export function structureFaults(
  { entries, bytes, loading }: CacheStats,
  { maxBytes, least, most }: { maxBytes: number; least: number; most: number },
): string[] {
  const faults: string[] = [];
  if (bytes > maxBytes) faults.push(`${bytes} bytes, more than ${maxBytes}`);
  if (entries < 0 || bytes < entries * LEAST_ENTRY_BYTES) faults.push(`${entries} entries in ${bytes} bytes`);
  if (entries === 0 && bytes !== 0) faults.push(`${bytes} bytes without an entry`);
  if (loading < least || loading > most) faults.push(`${loading} loads, where ${least} to ${most} run`);
  return faults;
}
