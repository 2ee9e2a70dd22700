import { ReadableStream } from 'node:stream/web';
import { tts } from '@livekit/agents';
import type { APIConnectOptions } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { systemClock } from '@warmline/cache-core';
import type { Clock } from '@warmline/cache-core';
import { splitSentences } from '@warmline/sentences';
import { admitPhrase } from './admission.ts';
import { CachedChunkedStream, CachedSynthesizeStream } from './cached-streams.ts';
import type { PhraseEvent } from './events.ts';
import { createPhraseCache } from './phrase-cache.ts';
import { normalizeSentence } from './phrase-key.ts';
import type { CachedTtsOptions, WarmOptions } from './options.ts';
import { positive, sameFormat } from './options.ts';
import { PhraseStatsRecorder } from './phrase-stats.ts';
import type { PhraseCacheStats } from './phrase-stats.ts';
import { Provider } from './provider.ts';
import type { Speaker } from './speaker.ts';
import { Turn } from './turn.ts';
import type { Voice } from './voice.ts';
import { warm } from './warm.ts';
import type { Warmed } from './warm.ts';

/**
 * Wraps any LiveKit TTS with a phrase cache: what was said before in the same voice is replayed at once, and the rest is
 * spoken by the provider as before and kept.
 *
 * LiveKit reveals neither voice nor settings of a TTS, so `voice` must: name everything that changes the sound.
 * @throws TypeError for a missing or empty voice, for a `FallbackAdapter`, and for providers of different formats.
 */
export function cachedTts(inner: tts.TTS, options: CachedTtsOptions & { readonly voice: Voice }): CachedTts;
/** With several providers: each has its own voice and keys; the next one speaks while one fails, and hits of each are played. */
export function cachedTts(
  inner: readonly tts.TTS[],
  options: CachedTtsOptions & { readonly voice: readonly Voice[] },
): CachedTts;
export function cachedTts(
  inner: tts.TTS | readonly tts.TTS[],
  options: CachedTtsOptions & { readonly voice: Voice | readonly Voice[] },
): CachedTts {
  if (typeof inner !== 'object' || inner === null) {
    throw new TypeError(`cachedTts wraps a TTS or a list of them, got ${String(inner)}`);
  }
  const clock = options?.clock ?? systemClock;
  const inners = 'stream' in inner ? [inner] : [...inner];
  const voices = 'stream' in inner ? [options?.voice as Voice] : (options?.voice as readonly Voice[]);
  if (!Array.isArray(voices) || voices.length !== inners.length) {
    throw new TypeError(
      `voice must list one voice per TTS: ${inners.length} TTS, got ${Array.isArray(voices) ? voices.length : typeof voices}`,
    );
  }
  const providers = inners.map((each, index) => new Provider(index, each, voices[index] as Voice, options.unit, clock));
  return new CachedTts(providers, options, clock);
}

/** A TTS with a phrase cache; made by `cachedTts`. Use it wherever LiveKit takes a TTS. */
export class CachedTts extends tts.TTS {
  override label: string;
  readonly #first: tts.TTS;
  readonly #providers: readonly Provider[];
  readonly #speaker: Speaker;
  readonly #stats: PhraseStatsRecorder;
  readonly #ownsCache: boolean;
  readonly #unforward: (() => void)[];
  readonly #turns = new Set<Turn>();
  #closed = false;

  /** @internal */
  constructor(providers: readonly Provider[], options: CachedTtsOptions, clock: Clock) {
    const first = sameFormat(providers.map(({ inner }) => inner));
    super(first.sampleRate, first.numChannels, { streaming: true, alignedTranscript: true });
    this.#first = first;
    this.#providers = providers;
    this.label = `warmline.CachedTts<${first.label}>`;
    const cache = options.cache ?? createPhraseCache({ clock });
    this.#ownsCache = options.cache === undefined;
    this.#stats = new PhraseStatsRecorder(cache, providers, options.price);
    this.#speaker = {
      cache,
      providers,
      admit: options.admit ?? admitPhrase,
      inventory: new Set(),
      clock,
      stallMs: positive('stallMs', options.stallMs ?? 30_000),
      recoveryMs: positive('recoveryMs', options.recoveryMs ?? 10_000),
      emit: (event) => {
        this.#stats.record(event);
        notify(options.onEvent, event);
      },
    };
    this.#unforward = providers.map((provider, index) => this.#forward(provider.inner, index === providers.length - 1));
  }

  override get model(): string {
    return this.#first.model;
  }

  override get provider(): string {
    return this.#first.provider;
  }

  override stream(options?: { connOptions?: APIConnectOptions }): tts.SynthesizeStream {
    return new CachedSynthesizeStream(this, this.#turn(options?.connOptions), options?.connOptions);
  }

  override synthesize(text: string, connOptions?: APIConnectOptions, abortSignal?: AbortSignal): tts.ChunkedStream {
    return new CachedChunkedStream(this, this.#turn(connOptions), text, connOptions, abortSignal);
  }

  /**
   * Makes phrases ready before they are needed and pins them. A text of several sentences is kept sentence by sentence, as it
   * will be spoken. Phrases that are warm already cost nothing. Does not reject when a provider fails: see the result.
   * @throws TypeError when `concurrency` is not a whole number above 0.
   */
  async warmPhrases(phrases: Iterable<string>, options: WarmOptions = {}): Promise<Warmed> {
    const { concurrency = 2 } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new TypeError(`concurrency must be a whole number above 0, got ${concurrency}`);
    }
    const sentences = new Set([...phrases].flatMap((phrase) => splitSentences(phrase)).map(normalizeSentence));
    for (const sentence of sentences) this.#speaker.inventory.add(sentence);
    return warm([...sentences], concurrency, () => this.#turn(undefined, false), this);
  }

  /** The audio of a text for `session.say(text, { audio: tts.phraseAudio(text) })`: from the cache, else spoken now. For one use. */
  phraseAudio(text: string): ReadableStream<AudioFrame> {
    const turn = this.#turn(undefined);
    turn.push(text);
    turn.end();
    const audio = turn.play(this.sampleRate, this.numChannels);
    return new ReadableStream({
      pull: async (controller) => {
        const next = await audio.next();
        if (next.done === true) return controller.close();
        const { samples } = next.value;
        controller.enqueue(
          new AudioFrame(samples, this.sampleRate, this.numChannels, samples.length / this.numChannels),
        );
      },
      cancel: () => turn.leave(),
    });
  }

  getPhraseCacheStats(): PhraseCacheStats {
    return this.#stats.snapshot();
  }

  /** Opens connections ahead of use, where the inner TTS can. LiveKit calls it when an agent's TTS is set. */
  prewarm(): void {
    for (const { inner } of this.#providers) {
      const prewarm: unknown = Reflect.get(inner, 'prewarm');
      if (typeof prewarm !== 'function') continue;
      // A connection that cannot be opened ahead is opened when it is needed, and told then.
      const open = async (): Promise<void> => Reflect.apply(prewarm, inner, []);
      open().catch(() => undefined);
    }
  }

  /** Ends all speech, closes the inner TTS, and its own cache. */
  override async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const turn of this.#turns) turn.leave();
    const closed = await Promise.allSettled(this.#providers.map(async ({ inner }) => inner.close()));
    if (this.#ownsCache) await this.#speaker.cache.close();
    for (const unforward of this.#unforward) unforward();
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  override _setExpressive(enabled: boolean): void {
    super._setExpressive(enabled);
    for (const { inner } of this.#providers) inner._setExpressive(enabled);
  }

  protected override markupProviderKey(): string {
    return this.#first.markup.providerKey;
  }

  #turn(connOptions: APIConnectOptions | undefined, heard = true): Turn {
    if (this.#closed) throw new Error(`${this.label} is closed`);
    const turn: Turn = new Turn(this.#speaker, { connOptions, heard, onEnd: () => this.#turns.delete(turn) });
    this.#turns.add(turn);
    return turn;
  }

  /**
   * Metrics are the inner's own: characters are counted once, by who was billed. A failure with a provider left to try,
   * or while only warming, ends nobody's speech: it must not count towards the session's limit of unrecoverable errors.
   */
  #forward(inner: tts.TTS, last: boolean): () => void {
    const onMetrics: tts.TTSCallbacks['metrics_collected'] = (metrics) => this.emit('metrics_collected', metrics);
    const onError: tts.TTSCallbacks['error'] = (error) => {
      if (this.listenerCount('error') === 0) return;
      // Once a reply: LiveKit counts, and three in a row close the session, however many sentences they were.
      const turn = [...this.#turns].find(({ heard, blamed }) => heard && !blamed);
      const final = last && turn !== undefined;
      if (final && !error.recoverable) turn.blamed = true;
      this.emit('error', final ? error : { ...error, recoverable: true });
    };
    inner.on('metrics_collected', onMetrics);
    inner.on('error', onError);
    return () => {
      inner.off('metrics_collected', onMetrics);
      inner.off('error', onError);
    };
  }
}

function notify(listener: ((event: PhraseEvent) => void) | undefined, event: PhraseEvent): void {
  try {
    listener?.(event);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error), { type: 'WarmlineListenerWarning' });
  }
}
