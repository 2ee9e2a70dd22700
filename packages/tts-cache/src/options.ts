import type { tts } from '@livekit/agents';
import type { Cache, Clock } from '@warmline/cache-core';
import type { Admission } from './admission.ts';
import type { PhraseEvent } from './events.ts';
import type { PhraseInventory } from './inventory.ts';
import type { Price } from './prices.ts';
import type { Unit } from './provider.ts';
import type { Speech } from './speech.ts';

/** Options of `cachedTts` that do not depend on the number of providers. */
export interface CachedTtsOptions {
  /**
   * Where phrases are kept; make one with `createPhraseCache` to share it between several wrapped TTS or to add tiers.
   * A cache given here stays yours: `close()` does not close it. @default one of its own
   */
  readonly cache?: Cache<Speech>;
  /** Which sentences outside the inventory may be stored. @default admitPhrase */
  readonly admit?: Admission;
  /**
   * Where phrases that were made ready are written down, with their text: only what `warmPhrases` and `rerecord` are given,
   * never what is spoken to a caller. @default nowhere
   */
  readonly inventory?: PhraseInventory;
  /**
   * Whether neighbouring misses are spoken one by one or as one stream, which keeps the prosody across sentences and needs
   * word timings to be stored. @default `run` where the inner TTS gives word timings, else `sentence`
   */
  readonly unit?: Unit;
  /** What the provider charges you. @default its list price, where known */
  readonly price?: Price;
  /**
   * Longest silence of a provider within a sentence before it counts as failed, in milliseconds. Longer than the provider's
   * own timeout (LiveKit's default is 10 s) and its retry, which must come first. @default 30_000
   */
  readonly stallMs?: number;
  /** With several providers: how long one that failed is spared, in milliseconds. @default 10_000 */
  readonly recoveryMs?: number;
  /** Told of every sentence; never given text. What it throws becomes a process warning. */
  readonly onEvent?: (event: PhraseEvent) => void;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** @see CachedTts.warmPhrases */
export interface WarmOptions {
  /** Sentences spoken at the same time, each on a connection of the provider. @default 2 */
  readonly concurrency?: number;
  /** How many sentences may be sent to the provider in any minute; what is ready already does not count. @default unlimited */
  readonly perMinute?: number;
}

/** The first of several TTS. @throws TypeError when there is none, or when they have different formats. */
export function sameFormat(inners: readonly tts.TTS[]): tts.TTS {
  const [first, ...others] = inners;
  if (first === undefined) throw new TypeError('cachedTts needs at least one TTS, got an empty list');
  for (const other of others) {
    if (other.sampleRate === first.sampleRate && other.numChannels === first.numChannels) continue;
    throw new TypeError(
      `all TTS must have the same format: ${first.label} has ${first.sampleRate} Hz × ${first.numChannels}, ` +
        `${other.label} has ${other.sampleRate} Hz × ${other.numChannels}`,
    );
  }
  return first;
}

/** @throws TypeError unless the value is a number above 0. */
export function positive(name: string, value: number): number {
  if (typeof value !== 'number' || !(value > 0))
    throw new TypeError(`${name} must be a number above 0, got ${String(value)}`);
  return value;
}

/** @throws TypeError unless the value is a whole number above 0. */
export function wholeAboveZero(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new TypeError(`${name} must be a whole number above 0, got ${String(value)}`);
  }
  return value;
}
