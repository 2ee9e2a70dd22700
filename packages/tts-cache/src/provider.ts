import { tts } from '@livekit/agents';
import type { Clock } from '@warmline/cache-core';
import { phraseKey } from './phrase-key.ts';
import type { Voice, VoiceSettings } from './voice.ts';
import { readVoice } from './voice.ts';

/** Whether misses are spoken one by one or together with their neighbours. */
export type Unit = 'sentence' | 'run';

/** A voice that changes all the time would else be remembered without end. */
const MAX_VOICES = 100;

/** One inner TTS with its voice, and whether it is believed to work. */
export class Provider {
  readonly index: number;
  readonly inner: tts.TTS;
  readonly #voice: Voice;
  readonly #clock: Clock;
  readonly #unit: Unit | undefined;
  /** By their keys; those used last are last. */
  readonly #voices = new Map<string, VoiceSettings>();
  #downUntilMs = 0;
  #cutsFailed = false;

  /** @throws TypeError for a `FallbackAdapter`, and for a voice without settings. */
  constructor(index: number, inner: tts.TTS, voice: Voice, unit: Unit | undefined, clock: Clock) {
    refuseFallbackAdapter(inner);
    refuseStreamAdapter(inner);
    // A voice that cannot be part of a key is an error now, not in the first sentence.
    phraseKey(inner, readVoice(voice), '');
    this.index = index;
    this.inner = inner;
    this.#voice = voice;
    this.#unit = unit;
    this.#clock = clock;
  }

  /** Read together with the options of the inner TTS, which it copies when a stream is opened: in the same tick. */
  get voice(): VoiceSettings {
    const voice = readVoice(this.#voice);
    if (typeof this.#voice === 'function') this.#remember(voice);
    return voice;
  }

  /** The voice it has now and those it had before, as far as they were used in this process. */
  get voices(): readonly VoiceSettings[] {
    const { voice } = this;
    return typeof this.#voice === 'function' ? [...this.#voices.values()] : [voice];
  }

  /** As asked for; else runs where the provider can tell where each word is, until its timings prove not to. */
  get unit(): Unit {
    const { streaming, alignedTranscript } = this.inner.capabilities;
    if (!streaming) return 'sentence';
    return this.#unit ?? (alignedTranscript === true && !this.#cutsFailed ? 'run' : 'sentence');
  }

  /** Remembers that a run could not be cut by this provider's timings. */
  cutFailed(): void {
    this.#cutsFailed = true;
  }

  get down(): boolean {
    return this.#clock.now() < this.#downUntilMs;
  }

  markDown(forMs: number): void {
    this.#downUntilMs = this.#clock.now() + forMs;
  }

  #remember(voice: VoiceSettings): void {
    const key = phraseKey(this.inner, voice, '');
    this.#voices.delete(key);
    // A copy: settings may be an object that changes.
    this.#voices.set(key, { ...voice });
    const [oldest] = this.#voices.keys();
    if (oldest !== undefined && this.#voices.size > MAX_VOICES) this.#voices.delete(oldest);
  }
}

/**
 * A `FallbackAdapter` looks the same while another provider, with another voice, speaks through it: its audio would be
 * stored under the wrong voice. By label too, for an instance from another copy of the package.
 */
function refuseFallbackAdapter(inner: tts.TTS): void {
  if (inner instanceof tts.FallbackAdapter || inner.label === 'tts.FallbackAdapter') {
    throw new TypeError(
      'cachedTts cannot wrap a FallbackAdapter: it hides which provider speaks, and two voices would share a key. ' +
        'Give the providers to cachedTts instead: cachedTts([a, b], { voice: [voiceA, voiceB] }) falls back below the cache.',
    );
  }
}

/** A `StreamAdapter` says END_OF_STREAM after a failure too: half a sentence would look whole, and be stored. */
function refuseStreamAdapter(inner: tts.TTS): void {
  if (inner instanceof tts.StreamAdapter || inner.label.startsWith('tts.StreamAdapter<')) {
    throw new TypeError('cachedTts cannot wrap a StreamAdapter: give it the TTS inside; it splits sentences itself.');
  }
}
