import type { WatchState } from './watch-state.ts';

/**
 * How long the source is waited for where there is a value that has outlived its time, in milliseconds. Somebody hears of every
 * change: not at all. Else it is for when the source fails, not for saving time.
 */
export function softTimeoutMs(watch: WatchState): number {
  return watch === 'live' ? 0 : Number.POSITIVE_INFINITY;
}
