/**
 * What is known of how a machine hears of changes at the source: `live`: within moments. `lapsed`: nobody vouches for that now.
 * `none`: nobody ever has, so that the times to live alone count.
 */
export type WatchState = 'live' | 'lapsed' | 'none';
