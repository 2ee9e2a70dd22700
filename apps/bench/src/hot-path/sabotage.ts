import type { Codec } from '@warmline/cache-core';
import type { Contender, Load, Subject } from './subject.ts';

/** Faults that the scenario's checks must notice. */
export const HOT_PATH_SABOTAGES = ['double-load', 'wrong-value'] as const;

/** Late enough that the cache is full, early enough for the shortest run. */
const WRONG_HIT = 5000;

/** A cache in which every caller loads for himself. */
export function doubleLoading(contender: Contender): Contender {
  return opening(contender, (subject, load) => ({ ...subject, get: async (key) => load(key) }));
}

/** A cache that answers one single hit with the value of the key before. */
export function wrongOnce(contender: Contender): Contender {
  return opening(contender, (subject) => {
    let [calls, keyBefore] = [0, ''];
    const get = (key: string) => {
      calls++;
      const asked = calls === WRONG_HIT ? keyBefore : key;
      keyBefore = key;
      return subject.get(asked);
    };
    return { ...subject, get };
  });
}

function opening(contender: Contender, change: <V>(subject: Subject<V>, load: Load<V>) => Subject<V>): Contender {
  return {
    ...contender,
    open<V extends object>(load: Load<V>, codec: Codec<V> | undefined): Subject<V> {
      return change(contender.open(load, codec), load);
    },
  };
}
