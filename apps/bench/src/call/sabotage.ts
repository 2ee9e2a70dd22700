import type { Cache, Loader, LoadOptions } from '@warmline/cache-core';
import type { Speech } from '@warmline/tts-cache';

/** Faults that the scenario's checks must notice. */
export const TURN_SABOTAGES = ['flip-byte', 'swap', 'truncate'] as const;

type Damage = (speech: Speech) => Speech;

/** A phrase cache that stores something else than was spoken; as it is when `sabotage` is undefined. */
export function sabotaged(cache: Cache<Speech>, sabotage: string | undefined): Cache<Speech> {
  if (sabotage === undefined) return cache;
  const damage = damageOf(sabotage);
  return {
    get: (key) => cache.get(key),
    getMany: (keys) => cache.getMany(keys),
    getOrLoad: (key: string, load: Loader<Speech>, options?: LoadOptions) =>
      cache.getOrLoad(
        key,
        async (context) => {
          const speech = await load(context);
          return speech === undefined ? undefined : damage(speech);
        },
        options,
      ),
    getOrLoadMany: (keys, loadMany, options) => cache.getOrLoadMany(keys, loadMany, options),
    peek: (key) => cache.peek(key),
    set: (key, value, options) => cache.set(key, value, options),
    delete: (...keys) => cache.delete(...keys),
    invalidateTags: (...tags) => cache.invalidateTags(...tags),
    softInvalidate: (...keys) => cache.softInvalidate(...keys),
    softInvalidateTags: (...tags) => cache.softInvalidateTags(...tags),
    softClear: () => cache.softClear(),
    clear: () => cache.clear(),
    warm: (keys) => cache.warm(keys),
    stats: () => cache.stats(),
    close: () => cache.close(),
  };
}

function damageOf(sabotage: string): Damage {
  let before: Speech | undefined;
  switch (sabotage) {
    case 'flip-byte':
      return (speech) => {
        const samples = speech.samples.slice();
        samples[samples.length >> 1] = (samples[samples.length >> 1] ?? 0) ^ 1;
        return { ...speech, samples };
      };
    case 'truncate':
      return (speech) => ({ ...speech, playTo: speech.playFrom + ((speech.playTo - speech.playFrom) >> 1) });
    case 'swap':
      return (speech) => {
        const other = before ?? speech;
        before = speech;
        return other;
      };
    default:
      throw new Error(`no sabotage named ${sabotage}`);
  }
}
