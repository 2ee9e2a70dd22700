/** The processes that read and write, by the machine they are on. */
export const PLACES = { a: ['a1', 'a2'], b: ['b1', 'b2'] } as const;

/** One of the two machines: a directory and a host service of its own. */
export type MachineName = keyof typeof PLACES;
export type Place = (typeof PLACES)[MachineName][number];

export const MACHINES: readonly MachineName[] = ['a', 'b'];
const ALL_PLACES: readonly Place[] = MACHINES.flatMap((machine) => PLACES[machine]);

/** So long an entry would be served if nothing invalidated it: no run is that long. */
export const TTL_MS = 3_600_000;

const KEYS_A_CACHE = 4;
const TAGS_A_CACHE = 2;

/**
 * Every process has a cache that only it invalidates, by `set` too, and all read; and all invalidate the last one. (Two who set
 * the same key at the same time may end with the older value by their own doing, not by the cache's.)
 */
export const CACHES: readonly string[] = [...ALL_PLACES.map((place) => `of-${place}`), 'common'];
export const COMMON: number = CACHES.length - 1;

/** All keys of all caches, by number. */
export const KEYS: readonly number[] = Array.from({ length: CACHES.length * KEYS_A_CACHE }, (_, key) => key);

/** The number of the cache that a key belongs to. */
export function cacheOf(key: number): number {
  return Math.floor(key / KEYS_A_CACHE);
}

/** As the cache knows it. */
export function nameOf(key: number): string {
  return `key ${key}`;
}

/** The tag of a key, by the key's name. */
export function tagOf(name: string): string {
  return `tag ${Number(name.slice('key '.length)) % TAGS_A_CACHE}`;
}

export function keysOf(cache: number): readonly number[] {
  return KEYS.filter((key) => cacheOf(key) === cache);
}
