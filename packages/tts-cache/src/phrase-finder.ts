import type { Cache, Clock, Outcome } from '@warmline/cache-core';
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

/** What a caller of this process is finding or recording now. */
interface UnderWay {
  readonly source: Promise<Source>;
  /** Resolves when it is stored, or will not be. */
  readonly ended: Promise<void>;
}

/** By key; entries live as long as their load. */
const underWay = new WeakMap<Cache<Speech>, Map<string, UnderWay>>();

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
      return pin ? speech.then((spoken) => ({ ...spoken, pinned: true as const })) : speech;
    },
    { pin, onOutcome: (outcome) => (state.outcome = outcome) },
  );
  const joined = state.outcome?.from === 'flight' ? running.get(key) : undefined;
  const settle = (source: Source): void => {
    found.resolve(source);
    if (running.get(key) === own) running.delete(key);
  };
  const ended = loading.then(
    (speech) =>
      settle(
        speech === undefined
          ? failed(new Error('nothing was loaded'))
          : { kind: 'stored', speech, tier: tierOf(state.outcome) },
      ),
    (error: unknown) => settle(failed(error)),
  );
  const own: UnderWay = { source: found.promise, ended };
  if (joined === undefined) running.set(key, own);
  return { source: joined?.source ?? found.promise, own: joined === undefined, looking: state.outcome === undefined };
}

/** What the tiers hold, once a recording that is under way in this process has been stored; it is waited for `patienceMs`. */
export async function findStored(
  cache: Cache<Speech>,
  key: string,
  clock: Clock,
  patienceMs: number,
): Promise<Speech | undefined> {
  const running = runningIn(cache).get(key);
  if (running !== undefined) {
    // It may be part of a longer stretch, and that goes on as long as somebody takes to listen to it.
    const late = Promise.withResolvers<void>();
    const cancel = clock.after(patienceMs, late.resolve);
    await Promise.race([running.ended, late.promise]);
    cancel();
  }
  return cache.get(key);
}

function runningIn(cache: Cache<Speech>): Map<string, UnderWay> {
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
