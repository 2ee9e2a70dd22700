import type { Cache, Outcome } from '@warmline/cache-core';
import type { Recording } from './recording.ts';
import type { Speech } from './speech.ts';

/** Where a sentence's audio comes from. */
export type Source =
  | { readonly kind: 'stored'; readonly speech: Speech; readonly tier: string }
  | { readonly kind: 'recording'; readonly recording: Recording }
  /** Being spoken elsewhere as part of a longer stretch: it can be neither joined nor stored by this caller. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** @see findPhrase */
export interface FoundPhrase {
  readonly source: Promise<Source>;
  /** False when another caller of this process is already looking or recording. */
  readonly own: boolean;
  /** True when the shared tiers are being asked: the moment to open the provider's connection side by side. */
  readonly looking: boolean;
}

/** What the callers of one process are finding or recording now, by key; entries live as long as their load. */
const underWay = new WeakMap<Cache<Speech>, Map<string, Promise<Source>>>();

/**
 * Finds a sentence in the tiers, or joins whoever records it, or becomes the one who does.
 *
 * The load is the recording: the engine keeps single-flight, fences and write-back, and callers hear the recording meanwhile
 * instead of waiting for its end. Whether a caller may join is the engine's word (`flight`): after an invalidation it
 * refuses the old load, and a new recording takes its place.
 *
 * @param start begins to speak; called synchronously when there are no shared tiers to ask.
 */
export function findPhrase(
  cache: Cache<Speech>,
  key: string,
  pin: boolean,
  start: () => { source: Source; speech: Promise<Speech> },
): FoundPhrase {
  const running = runningIn(cache);
  const found = Promise.withResolvers<Source>();
  const state: { outcome: Outcome | undefined } = { outcome: undefined };
  const loading = cache.getOrLoad(
    key,
    () => {
      const { source, speech } = start();
      found.resolve(source);
      return speech;
    },
    { pin, onOutcome: (outcome) => (state.outcome = outcome) },
  );
  const joined = state.outcome?.from === 'flight' ? running.get(key) : undefined;
  if (joined === undefined) running.set(key, found.promise);
  const settle = (source: Source): void => {
    found.resolve(source);
    if (running.get(key) === found.promise) running.delete(key);
  };
  loading.then(
    (speech) =>
      settle(
        speech === undefined
          ? failed(new Error('nothing was loaded'))
          : { kind: 'stored', speech, tier: tierOf(state.outcome) },
      ),
    (error: unknown) => settle(failed(error)),
  );
  return { source: joined ?? found.promise, own: joined === undefined, looking: state.outcome === undefined };
}

function runningIn(cache: Cache<Speech>): Map<string, Promise<Source>> {
  let running = underWay.get(cache);
  if (running === undefined) {
    running = new Map();
    underWay.set(cache, running);
  }
  return running;
}

function failed(error: unknown): Source {
  return { kind: 'failed', error };
}

function tierOf(outcome: Outcome | undefined): string {
  return outcome?.from === 'tier' ? outcome.tier : 'process';
}
