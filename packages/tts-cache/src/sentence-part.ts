import { frameSlices } from './frame-slices.ts';
import type { Part, PartAudio } from './part.ts';
import type { Source } from './phrase-finder.ts';
import { phraseKey } from './phrase-key.ts';
import type { Provider } from './provider.ts';
import { DoubtfulSpeechError } from './record.ts';
import type { Listener, Recording } from './recording.ts';
import type { OpenedSentence, Speaker, Use } from './speaker.ts';
import { openSentence, speakUnstored } from './speaker.ts';
import { replayMs } from './speech.ts';
import type { Speech, TimedText } from './speech.ts';

/** How far a provider got: `silent` leaves room for the next one, `broken` does not, because part of it was heard. */
type Outcome = 'spoken' | 'silent' | 'broken';

/** A source as one of its listeners has it. */
type Joined =
  | Exclude<Source, { readonly kind: 'recording' }>
  | { readonly kind: 'recording'; readonly recording: Recording; readonly listener: Listener };

/** A sentence that is being looked for or spoken, by which provider. */
interface Opened {
  readonly provider: Provider;
  readonly source: Promise<Joined>;
  readonly own: boolean;
}

/** One sentence of a turn: from the tiers, from a recording under way, or spoken now; by the next provider if one fails. */
export class SentencePart implements Part {
  readonly #speaker: Speaker;
  readonly #sentence: string;
  readonly #use: Use;
  #opened: Opened | undefined;
  #listener: Listener | undefined;
  #left = false;
  #heard = false;
  #error: unknown;

  /** @param found given when the sentence has been looked for already. */
  constructor(
    speaker: Speaker,
    sentence: string,
    use: Use,
    found?: { readonly provider: Provider; readonly sentence: OpenedSentence },
  ) {
    this.#speaker = speaker;
    this.#sentence = sentence;
    this.#use = use;
    if (found !== undefined) this.#join(found.provider, found.sentence);
  }

  start(): void {
    const [first] = this.#speaker.providers;
    if (this.#opened === undefined && !this.#left && first !== undefined && !first.down) this.#open(first);
  }

  async *play(): AsyncGenerator<PartAudio, boolean> {
    const { providers } = this.#speaker;
    // A provider that is down may still have spoken this sentence before: its hits cost nothing.
    const passes = providers.every((provider) => provider.down) ? [...providers, ...providers] : providers;
    for (const [turn, provider] of passes.entries()) {
      if (this.#left) return false;
      const lastResort = turn >= providers.length;
      const outcome =
        provider.down && !lastResort ? yield* this.#playStored(provider) : yield* this.#playFrom(provider);
      if (outcome === 'spoken') return true;
      if (outcome === 'broken' || this.#left) return false;
    }
    const { emit } = this.#speaker;
    emit({ type: 'unspoken', reason: 'failed', chars: this.#sentence.length, error: this.#error });
    return false;
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#listener?.leave();
    if (this.#listener !== undefined) this.#reportUnheard();
  }

  #open(provider: Provider): Opened {
    return this.#join(provider, openSentence(this.#speaker, provider, this.#sentence, this.#use));
  }

  #join(provider: Provider, { source, own }: OpenedSentence): Opened {
    this.#opened = { provider, own, source: source.then((found) => this.#listenTo(found)) };
    return this.#opened;
  }

  /** From now on, long before it is heard here: else the recording would end when somebody else stops listening. */
  #listenTo(source: Source): Joined {
    if (source.kind !== 'recording') return source;
    // The last listener left while this one was joining.
    if (source.recording.abandoned) return { kind: 'elsewhere' };
    const listener = source.recording.listen();
    this.#listener = listener;
    // Not at once: others who wait for the same source listen first.
    if (this.#left) {
      queueMicrotask(() => listener.leave());
      this.#reportUnheard();
    }
    return { ...source, listener };
  }

  async *#playStored(provider: Provider): AsyncGenerator<PartAudio, Outcome> {
    const startedMs = this.#speaker.clock.now();
    const speech = await this.#speaker.cache.get(phraseKey(provider.inner, provider.voice, this.#sentence));
    if (speech === undefined) return 'silent';
    return yield* this.#replay(provider, speech, 'process', startedMs);
  }

  async *#playFrom(provider: Provider): AsyncGenerator<PartAudio, Outcome> {
    const startedMs = this.#speaker.clock.now();
    const opened = this.#opened?.provider === provider ? this.#opened : this.#open(provider);
    const source = await opened.source;
    if (this.#left) return 'silent';
    return yield* this.#playSource(provider, source, opened.own, startedMs);
  }

  async *#playSource(
    provider: Provider,
    source: Joined,
    own: boolean,
    startedMs: number,
  ): AsyncGenerator<PartAudio, Outcome> {
    switch (source.kind) {
      case 'stored':
        return yield* this.#replay(provider, source.speech, source.tier, startedMs);
      case 'recording':
        return yield* this.#tail(provider, source, own, startedMs);
      case 'elsewhere': {
        const alone = this.#join(
          provider,
          speakUnstored(this.#speaker, provider, this.#sentence, this.#use, undefined),
        );
        return yield* this.#playSource(provider, await alone.source, true, startedMs);
      }
      case 'failed':
        this.#failed(provider, source.error);
        return 'silent';
    }
  }

  async *#replay(
    provider: Provider,
    speech: Speech,
    tier: string,
    startedMs: number,
  ): AsyncGenerator<PartAudio, Outcome> {
    const waitMs = this.#speaker.clock.now() - startedMs;
    let words: readonly TimedText[] | undefined = this.#wordsOf(speech);
    for (const samples of frameSlices(speech)) {
      if (this.#left) break;
      yield { samples, words };
      words = undefined;
    }
    this.#report(provider, { source: 'stored', tier, billedChars: 0, audioMs: replayMs(speech), waitMs });
    return 'spoken';
  }

  async *#tail(
    provider: Provider,
    { recording, listener }: Extract<Joined, { readonly kind: 'recording' }>,
    own: boolean,
    startedMs: number,
  ): AsyncGenerator<PartAudio, Outcome> {
    const { clock } = this.#speaker;
    const { inner } = provider;
    this.#heard = true;
    let words = inner.capabilities.alignedTranscript === true ? undefined : [{ text: this.#sentence, startMs: 0 }];
    let waitMs: number | undefined;
    let samples = 0;
    for await (const chunk of listener) {
      waitMs ??= clock.now() - startedMs;
      samples += chunk.samples.length;
      yield { samples: chunk.samples.slice(), words: chunk.words ?? words };
      words = undefined;
    }
    const audioMs = (samples / inner.numChannels / inner.sampleRate) * 1000;
    const billedChars = own ? this.#sentence.length : 0;
    const end = this.#left ? undefined : await recording.ended;
    if (samples > 0 || this.#left) {
      const source = own ? 'recorded' : 'shared';
      this.#report(provider, {
        source,
        tier: undefined,
        billedChars,
        audioMs,
        waitMs: waitMs ?? clock.now() - startedMs,
      });
    }
    if (end?.state !== 'failed') return 'spoken';
    this.#failed(provider, end.error);
    if (samples === 0) return 'silent';
    return endedCleanly(end.error) ? 'spoken' : 'broken';
  }

  #failed(provider: Provider, error: unknown): void {
    this.#error = error;
    const { providers, recoveryMs, emit } = this.#speaker;
    if (providers.length === 1 || endedCleanly(error)) return;
    provider.markDown(recoveryMs);
    emit({ type: 'provider-down', provider: provider.index, forMs: recoveryMs });
  }

  #wordsOf(speech: Speech): readonly TimedText[] {
    if (speech.words === undefined) return [{ text: this.#sentence, startMs: 0, endMs: replayMs(speech) }];
    const skippedMs = (speech.playFrom / speech.sampleRate) * 1000;
    return speech.words.map(({ text, startMs, endMs }) => ({
      text,
      startMs: Math.max(0, startMs - skippedMs),
      ...(endMs === undefined ? {} : { endMs: Math.max(0, endMs - skippedMs) }),
    }));
  }

  /** It was spoken ahead and is billed, although the caller interrupted before its turn came. */
  #reportUnheard(): void {
    if (this.#heard || this.#opened?.own !== true) return;
    this.#heard = true;
    const { emit } = this.#speaker;
    const { provider } = this.#opened;
    const chars = { spokenChars: 0, billedChars: this.#sentence.length };
    const audio = { audioMs: 0, waitMs: 0, interrupted: true };
    emit({ type: 'speech', source: 'recorded', tier: undefined, provider: provider.index, ...chars, ...audio });
  }

  #report(
    provider: Provider,
    spoken: {
      source: 'stored' | 'shared' | 'recorded';
      tier: string | undefined;
      billedChars: number;
      audioMs: number;
      waitMs: number;
    },
  ): void {
    this.#speaker.emit({
      type: 'speech',
      provider: provider.index,
      spokenChars: this.#sentence.length,
      interrupted: this.#left,
      ...spoken,
    });
  }
}

/** The provider did finish: its audio was heard, it is only not believed to be the whole sentence. */
function endedCleanly(error: unknown): boolean {
  return error instanceof DoubtfulSpeechError && ['silent', 'too-short', 'too-long'].includes(error.doubt);
}
