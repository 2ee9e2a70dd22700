/**
 * What is known of how a machine hears of changes at the source: `live`: within moments. `lapsed`: nobody vouches for that now.
 * `none`: nobody ever has, so that the times to live alone count.
 */
export type WatchState = 'live' | 'lapsed' | 'none';

/** One that throws says nothing, and so vouches for nothing. */
export function guardedWatch(watch: () => WatchState = () => 'none'): () => WatchState {
  return () => {
    try {
      return watch();
    } catch {
      return 'lapsed';
    }
  };
}
