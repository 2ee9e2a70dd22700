import type { Counters } from '@warmline/cache-lmdb';
import type { PhraseCacheStats } from '@warmline/tts-cache';

/** What a process that speaks counts for its machine, by name; the numbers of all processes can be added. Times are milliseconds. */
export function countersOf(speech: readonly PhraseCacheStats[]): Counters {
  if (speech.length === 0) return {};
  const counters: Record<string, number> = { processes: 1 };
  const add = (name: string, count: number): void => {
    if (count !== 0) counters[name] = (counters[name] ?? 0) + count;
  };
  for (const stats of speech) {
    for (const [tier, hits] of Object.entries(stats.hitsByTier)) add(`speech.hits.${tier}`, hits);
    add('speech.shared', stats.shared);
    add('speech.misses', stats.misses);
    add('speech.unspoken', stats.unspoken);
    add('speech.spoken_chars', stats.spokenChars);
    add('speech.billed_chars', stats.billedChars);
    add('speech.saved_ms', Math.round(stats.savedMs));
    for (const [reason, count] of Object.entries(stats.notStored)) add(`speech.not_stored.${reason}`, count);
    // Money is counted in thousandths of its unit, so that sums stay whole.
    for (const { amount, currency } of stats.saved) add(`speech.saved_milli.${currency}`, Math.round(amount * 1000));
  }
  return counters;
}
