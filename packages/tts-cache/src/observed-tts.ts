import { randomUUID } from 'node:crypto';
import type { tts } from '@livekit/agents';
import { systemClock } from '@warmline/cache-core';
import type { Clock } from '@warmline/cache-core';
import { admitPhrase } from './admission.ts';
import type { Admission } from './admission.ts';
import type { Observation } from './observation.ts';
import { ObservedPace } from './observed-pace.ts';
import { ObservedReply } from './observed-reply.ts';
import type { Observer } from './observed-reply.ts';
import { observeChunkedStream, observeStream } from './observed-streams.ts';
import type { Quietly } from './observed-streams.ts';
import { phraseKey } from './phrase-key.ts';
import { readVoice } from './voice.ts';
import type { Voice } from './voice.ts';

/** Options of {@link observedTts}. */
export interface ObservedTtsOptions {
  /** As for `cachedTts`: everything that changes the sound, or a function that is read as each sentence becomes known. */
  readonly voice: Voice;
  /** Told of every sentence when its reply is over. What it throws becomes a process warning, once. */
  readonly onObservation: (observation: Observation) => void;
  /** Run after the TTS was closed: the moment to write down what was told. @default nothing */
  readonly onClose?: () => Promise<void>;
  /** Under which name the sentences are reported. @default none */
  readonly agent?: string;
  /** Which sentences the cache would store. @default admitPhrase */
  readonly admit?: Admission;
  /** @default systemClock */
  readonly clock?: Clock;
}

/**
 * Watches a TTS and tells what `cachedTts` would have met, sentence by sentence. Nothing is cached and nothing changes: what
 * is returned is the given TTS in all but identity. Its class, methods, events, metrics and streams are its own, because the
 * framework looks at them (agents 1.9.0 speaks expressively only where the TTS is an instance of its own class).
 * @throws TypeError for a missing or empty voice.
 */
export function observedTts<T extends tts.TTS>(inner: T, options: ObservedTtsOptions): T {
  const { voice, onObservation, agent, admit = admitPhrase, clock = systemClock } = options;
  // A voice that cannot be part of a key is an error now, not in the first sentence.
  phraseKey(inner, readVoice(voice), '');
  const call = randomUUID();
  const pace = new ObservedPace();
  const observer: Observer = { inner, voice, agent, admit, clock, pace, call, emit: onObservation };
  const quietly = warningOnce();
  let replies = 0;
  const open = (): ObservedReply => new ObservedReply(observer, replies++);
  const doors: Pick<tts.TTS, 'stream' | 'synthesize' | 'close'> = {
    stream: (...args) => observeStream(inner.stream(...args), open, quietly),
    synthesize: (...args) => observeChunkedStream(inner.synthesize(...args), open(), quietly),
    close: async () => {
      await inner.close();
      await options.onClose?.();
    },
  };
  const observed: T = new Proxy(inner, {
    get(target, name) {
      if (name === 'stream' || name === 'synthesize' || name === 'close') return doors[name];
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || name === 'constructor') return value;
      // Methods reach private fields, which a proxy has not.
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        return result === target ? observed : result;
      };
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
  return observed;
}

function warningOnce(): Quietly {
  let warned = false;
  return (observe) => {
    try {
      observe();
    } catch (error) {
      if (!warned) {
        process.emitWarning(error instanceof Error ? error : String(error), { type: 'WarmlineObservationWarning' });
      }
      warned = true;
    }
  };
}
