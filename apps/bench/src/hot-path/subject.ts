import type { Codec } from '@warmline/cache-core';
import { createCache } from '@warmline/cache-core';

/** Where the values come from. */
export type Load<V> = (key: string) => Promise<V>;

/** A cache under measurement, set up for one kind of value. */
export interface Subject<V> {
  /** Finds in memory or loads; what an application awaits. */
  readonly get: (key: string) => Promise<V | undefined>;
  /** Finds in memory without a promise, where the library can. */
  readonly peek: ((key: string) => V | undefined) | undefined;
  readonly close: () => Promise<void>;
}

/** How a library is measured. Names are those of the metrics, in snake_case. */
export interface Contender {
  /** Of {@link Subject.get}. */
  readonly name: string;
  /** Of {@link Subject.peek}. */
  readonly peekName: string | undefined;
  open<V extends object>(load: Load<V>, codec: Codec<V> | undefined): Subject<V>;
}

/** Warmline with its defaults; its statistics cannot be switched off. A loader per call, as everywhere that takes one. */
export const warmline: Contender = {
  name: 'warmline_get_or_load',
  peekName: 'warmline_peek',
  open<V extends object>(load: Load<V>, codec: Codec<V> | undefined): Subject<V> {
    const cache = createCache<V>({ name: 'hot-path', ...(codec === undefined ? {} : { codec }) });
    return {
      get: (key) => cache.getOrLoad(key, () => load(key)),
      peek: (key) => cache.peek(key),
      close: () => cache.close(),
    };
  },
};
