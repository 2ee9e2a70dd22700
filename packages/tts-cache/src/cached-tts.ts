import type { ReadableStream } from 'node:stream/web';
import { tts } from '@livekit/agents';
import type { APIConnectOptions } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { systemClock } from '@warmline/cache-core';
import type { Clock, Invalidated } from '@warmline/cache-core';
import { admitPhrase } from './admission.ts';
import { CachedChunkedStream, CachedSynthesizeStream } from './cached-streams.ts';
import type { PhraseEvent } from './events.ts';
import { forget } from './forget.ts';
import { forgivingInventory } from './forgiving-inventory.ts';
import { createPhraseCache } from './phrase-cache.ts';
import { sentencesOf } from './phrase-key.ts';
import type { CachedTtsOptions, WarmOptions } from './options.ts';
import { positive, sameFormat, wholeAboveZero } from './options.ts';
import { PhraseStatsRecorder } from './phrase-stats.ts';
import type { PhraseCacheStats } from './phrase-stats.ts';
import { Provider } from './provider.ts';
import { rerecord } from './rerecord.ts';
import type { Rerecorded, RerecordOptions } from './rerecord.ts';
import type { Speaker } from './speaker.ts';
import { audioStream } from './turn-audio.ts';
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
  readonly #closing = new AbortController();

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
      declared: new Set(),
      inventory: forgivingInventory(options.inventory),
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
   * Makes phrases ready before they are needed, pins them and puts them into the inventory. A text of several sentences is
   * kept sentence by sentence, as it will be spoken. Phrases that are ready already are not spoken again. Does not reject
   * when a provider or the inventory fails: see the result.
   * @throws TypeError when `concurrency` or `perMinute` is not a whole number above 0.
   */
  async warmPhrases(phrases: Iterable<string>, options: WarmOptions = {}): Promise<Warmed> {
    const concurrency = wholeAboveZero('concurrency', options.concurrency ?? 2);
    const perMinute =
      options.perMinute === undefined ? Number.POSITIVE_INFINITY : wholeAboveZero('perMinute', options.perMinute);
    const speak = (sentence: string): Promise<void> => this.#speakUnheard(sentence);
    const { signal } = this.#closing;
    return warm(this.#speaker, this.#declare(phrases), { concurrency, perMinute, speak, signal });
  }

  /**
   * Speaks each sentence of a text `takes` times afresh, in the agent's own voice (that of the first provider), and keeps the
   * take of median length, pinned and in the inventory. Takes that are not complete do not count; when none is, the recording
   * from before stays, and the result says so. Rejects when closed meanwhile.
   * @throws TypeError when `takes` is not a whole number above 0.
   */
  async rerecord(text: string, options: RerecordOptions = {}): Promise<Rerecorded> {
    const takes = wholeAboveZero('takes', options.takes ?? 3);
    return rerecord(this.#speaker, this.#declare([text]), takes, this.#closing.signal);
  }

  /**
   * Takes the sentences of a text out of all tiers and out of the inventory, in every voice in which this TTS speaks or, in
   * this process, has spoken; what is being recorded is not stored. They are spoken anew the next time.
   */
  async forget(text: string): Promise<Invalidated> {
    return forget(this.#speaker, sentencesOf([text]));
  }

  /** The audio of a text for `session.say(text, { audio: tts.phraseAudio(text) })`: from the cache, else spoken now. For one use. */
  phraseAudio(text: string): ReadableStream<AudioFrame> {
    const turn = this.#turn(undefined);
    turn.push(text);
    turn.end();
    return audioStream(turn, this.sampleRate, this.numChannels);
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
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new Error(`${this.label} is closed`));
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

  #declare(texts: Iterable<string>): readonly string[] {
    const sentences = sentencesOf(texts);
    for (const sentence of sentences) this.#speaker.declared.add(sentence);
    return sentences;
  }

  async #speakUnheard(sentence: string): Promise<void> {
    const turn = this.#turn(undefined, false);
    turn.push(sentence);
    turn.end();
    const audio = turn.play(this.sampleRate, this.numChannels);
    while ((await audio.next()).done !== true);
  }

  #turn(connOptions: APIConnectOptions | undefined, heard = true): Turn {
    this.#closing.signal.throwIfAborted();
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
