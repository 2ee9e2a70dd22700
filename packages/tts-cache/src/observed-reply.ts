import type { tts } from '@livekit/agents';
import type { Clock } from '@warmline/cache-core';
import { createSentenceSplitter, isSpeakable } from '@warmline/sentences';
import type { Admission } from './admission.ts';
import type { Interruption, Observation } from './observation.ts';
import type { ObservedPace } from './observed-pace.ts';
import { normalizeSentence, phraseKey } from './phrase-key.ts';
import type { Unit } from './provider.ts';
import { readVoice } from './voice.ts';
import type { Voice } from './voice.ts';

/** What the replies of one observed TTS share. */
export interface Observer {
  readonly inner: tts.TTS;
  readonly voice: Voice;
  readonly agent: string | undefined;
  readonly admit: Admission;
  readonly clock: Clock;
  readonly pace: ObservedPace;
  readonly call: string;
  readonly emit: (observation: Observation) => void;
}

/** `whole`: the provider said so · `interrupted`: the caller closed it · `failed`: it broke off by itself. */
export type ReplyEnd = 'whole' | 'interrupted' | 'failed';

/** What is known of a sentence before it is spoken. */
type Sentence = Pick<Observation, 'key' | 'text' | 'language' | 'admitted' | 'speakable'> & {
  readonly knownAtMs: number;
};

/** Audio of the reply that has arrived by a moment of the clock, in milliseconds from its start. */
interface Heard {
  readonly atMs: number;
  readonly audioMs: number;
}

/** `cachedTts` has the sentence that is heard and the next one under way. */
const UNDER_WAY = 2;

/**
 * One reply as `cachedTts` would have met it, told when it is over.
 *
 * The inner TTS speaks all of it as one stream, and does not say where a sentence ends: audio is shared out by length of text.
 * A sentence would have been stored when the last of its audio was there. Where `cachedTts` would speak runs (word timings), a
 * run is stored at its end or not at all.
 *
 * Of an interrupted reply the text that was not reached is told too, with how far the provider had come: with a cache it need
 * not speak the hits, and would have come further.
 */
export class ObservedReply {
  readonly #observer: Observer;
  readonly #number: number;
  readonly #splitter = createSentenceSplitter();
  readonly #sentences: Sentence[] = [];
  readonly #heard: Heard[] = [];

  /** @param number counts the replies of a call. */
  constructor(observer: Observer, number: number) {
    this.#observer = observer;
    this.#number = number;
  }

  push(text: string): void {
    for (const sentence of this.#splitter.push(text)) this.#take(sentence);
  }

  flush(): void {
    for (const sentence of this.#splitter.flush()) this.#take(sentence);
  }

  hear({ frame }: tts.SynthesizedAudio): void {
    if (frame.samplesPerChannel === 0) return;
    const audioMs = this.#audioMs + (frame.samplesPerChannel / frame.sampleRate) * 1000;
    this.#heard.push({ atMs: this.#observer.clock.now(), audioMs });
  }

  settle(end: ReplyEnd): void {
    if (end === 'whole') this.flush();
    const { inner, agent, pace, call, emit } = this.#observer;
    const msPerChar = this.#msPerChar(end);
    const same = {
      agent,
      provider: inner.provider,
      model: inner.model,
      unit: this.#unit,
      interruption: end === 'interrupted' ? this.#interruption(msPerChar) : undefined,
      call,
      reply: this.#number,
    };
    const wholeAtMs: (number | undefined)[] = [];
    let fromMs = 0;
    let lookedForAtMs = 0;
    for (const { knownAtMs, ...sentence } of this.#sentences) {
      if (!this.#tells(end, fromMs)) return;
      const position = wholeAtMs.length;
      lookedForAtMs = Math.max(lookedForAtMs, knownAtMs, wholeAtMs[position - UNDER_WAY] ?? 0);
      let storedAtMs: number | undefined;
      if (sentence.speakable) {
        fromMs += sentence.text.length * msPerChar;
        wholeAtMs.push(this.#arrivedAtMs(fromMs));
        if (sentence.admitted) storedAtMs = same.unit === 'run' ? this.#endedAtMs(end) : wholeAtMs[position];
      }
      emit({
        ...same,
        ...sentence,
        chars: sentence.text.length,
        startedAtMs: wallMs(lookedForAtMs),
        wouldBeStoredAtMs: storedAtMs === undefined ? undefined : wallMs(storedAtMs),
        firstAudioMs: sentence.speakable && position === 0 ? this.#waitedMs(knownAtMs) : undefined,
      });
    }
    if (end === 'whole') pace.learn(this.#chars, this.#audioMs);
  }

  #take(text: string): void {
    const { inner, voice, admit, clock } = this.#observer;
    const settings = readVoice(voice);
    const sentence = normalizeSentence(text);
    this.#sentences.push({
      key: phraseKey(inner, settings, sentence),
      text: sentence,
      language: typeof settings['language'] === 'string' ? settings['language'] : undefined,
      admitted: admit(sentence),
      speakable: isSpeakable(text),
      knownAtMs: clock.now(),
    });
  }

  get #audioMs(): number {
    return this.#heard.at(-1)?.audioMs ?? 0;
  }

  get #chars(): number {
    return this.#sentences.reduce((sum, { speakable, text }) => sum + (speakable ? text.length : 0), 0);
  }

  /** As `Provider.unit` decides when it is not told. */
  get #unit(): Unit {
    const { streaming, alignedTranscript } = this.#observer.inner.capabilities;
    return streaming && alignedTranscript === true ? 'run' : 'sentence';
  }

  #msPerChar(end: ReplyEnd): number {
    return end === 'whole' && this.#chars > 0 ? this.#audioMs / this.#chars : this.#observer.pace.msPerChar;
  }

  /** What was not reached before a failure is left out: whether it would have been without it nobody knows. */
  #tells(end: ReplyEnd, fromMs: number): boolean {
    if (end === 'whole') return this.#audioMs > 0;
    return end === 'interrupted' || fromMs < this.#audioMs;
  }

  #interruption(msPerChar: number): Interruption {
    return { atMs: wallMs(this.#observer.clock.now()), spokenChars: Math.floor(this.#audioMs / msPerChar) };
  }

  /** When that much audio had arrived, give or take a rounding error. */
  #arrivedAtMs(audioMs: number): number | undefined {
    return this.#heard.find((heard) => heard.audioMs > audioMs - 1)?.atMs;
  }

  #endedAtMs(end: ReplyEnd): number | undefined {
    return end === 'whole' ? this.#heard.at(-1)?.atMs : undefined;
  }

  /** Some providers begin before the sentence is complete. */
  #waitedMs(knownAtMs: number): number | undefined {
    const [first] = this.#heard;
    return first && Math.max(0, first.atMs - knownAtMs);
  }
}

function wallMs(clockMs: number): number {
  return performance.timeOrigin + clockMs;
}
