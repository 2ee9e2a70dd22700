import type { tts } from '@livekit/agents';
import type { Part } from './part.ts';
import { findPhrase } from './phrase-finder.ts';
import { phraseKey } from './phrase-key.ts';
import type { Provider } from './provider.ts';
import { DoubtfulSpeechError } from './record.ts';
import { RunPart } from './run-part.ts';
import { SentencePart } from './sentence-part.ts';
import type { Speaker, Use } from './speaker.ts';
import type { Speech } from './speech.ts';
import { openTextStream } from './synthesis.ts';
import type { TextStream } from './synthesis.ts';
import type { VoiceSettings } from './voice.ts';

/** A run that text can still join, and the voice it is spoken in. */
interface Run {
  readonly part: RunPart;
  readonly voice: string;
}

/** A stream that was opened in case it is needed. */
interface Spare {
  readonly stream: TextStream;
  readonly voice: string;
}

/**
 * Sorts the sentences of a turn, in `run` mode, into hits and runs of misses. A sentence has to be looked for before it is
 * known where it belongs, so that sentences queue here; the provider's connection is opened meanwhile.
 */
export class RunIntake {
  /** Whether the misses of this turn are spoken in runs; decided once, because sentences are sorted later than they are taken. */
  readonly wanted: boolean;
  readonly #speaker: Speaker;
  readonly #use: Use;
  readonly #add: (part: Part) => void;
  readonly #provider: Provider | undefined;
  #queue: Promise<void> = Promise.resolve();
  #run: Run | undefined;
  #spare: Spare | undefined;
  #left = false;

  constructor(speaker: Speaker, use: Use, add: (part: Part) => void) {
    this.#speaker = speaker;
    this.#use = use;
    this.#add = add;
    const [first, ...others] = speaker.providers;
    // With several providers each sentence may have to change the provider: runs are for one voice that works.
    this.#provider = others.length === 0 ? first : undefined;
    this.wanted = this.#provider?.unit === 'run';
  }

  take(sentence: string): void {
    this.#queue = this.#queue.then(() => this.#sort(sentence));
    // `end` rejects with it; until then nobody listens, which would end the process.
    this.#queue.catch(() => undefined);
  }

  /** Resolves when all sentences are sorted and the last run has its end. @throws what kept a sentence from being sorted. */
  async end(): Promise<void> {
    try {
      await this.#queue;
    } finally {
      this.#endRun();
      this.#dropSpare();
    }
  }

  leave(): void {
    this.#left = true;
    // Not ended: that would tell the provider to speak what it has.
    this.#run = undefined;
    this.#dropSpare();
  }

  async #sort(sentence: string): Promise<void> {
    const { cache, admit, declared } = this.#speaker;
    const provider = this.#provider;
    if (provider === undefined || this.#left) return;
    const { inner } = provider;
    const settings = provider.voice;
    // Text of one run is spoken in the voice its stream was opened with.
    const voice = voiceKey(inner, settings);
    if (this.#run?.part.over === true) this.#run = undefined;
    if (this.#run !== undefined && this.#run.voice !== voice) this.#endRun();
    const pin = declared.has(sentence);
    if (!pin && !admit(sentence)) {
      this.#append(provider, voice, sentence, undefined);
      this.#speaker.emit({
        type: 'not-stored',
        reason: 'not-admitted',
        provider: provider.index,
        chars: sentence.length,
      });
      return;
    }
    const cut = Promise.withResolvers<Speech>();
    // Rejected even where no load waits for it.
    cut.promise.catch(() => undefined);
    let missing = false;
    const found = findPhrase(cache, phraseKey(inner, settings, sentence), pin, () => {
      missing = true;
      return { source: { kind: 'elsewhere' }, speech: cut.promise };
    });
    if ((found.looking || missing) && this.#run === undefined) this.#openSpare(provider);
    const source = await found.source;
    if (this.#left) {
      cut.reject(new DoubtfulSpeechError('abandoned'));
    } else if (source.kind === 'elsewhere' || source.kind === 'failed') {
      this.#append(provider, voice, sentence, found.own ? cut : undefined);
    } else {
      this.#endRun();
      this.#add(new SentencePart(this.#speaker, sentence, this.#use, { provider, sentence: found }));
    }
  }

  #append(provider: Provider, voice: string, text: string, cut: PromiseWithResolvers<Speech> | undefined): void {
    const run = this.#run?.part.over === false ? this.#run : this.#openRun(provider, voice);
    if (run.voice === voice || cut === undefined) return run.part.append({ text, cut });
    // The run it was to join has failed meanwhile, and the voice has changed since it was looked for.
    cut.reject(new DoubtfulSpeechError('abandoned'));
    run.part.append({ text, cut: undefined });
    this.#speaker.emit({ type: 'not-stored', reason: 'abandoned', provider: provider.index, chars: text.length });
  }

  #openRun(provider: Provider, voice: string): Run {
    const spare = this.#spare?.voice === voice ? this.#spare : undefined;
    if (spare !== undefined) this.#spare = undefined;
    const { stream, voice: spoken } = spare ?? this.#openStream(provider);
    const run = { part: new RunPart(this.#speaker, provider, stream), voice: spoken };
    this.#run = run;
    this.#add(run.part);
    return run;
  }

  #openSpare(provider: Provider): void {
    this.#dropSpare();
    this.#spare = this.#openStream(provider);
  }

  /** With the voice of this tick, because the inner TTS copies its options when a stream is opened. */
  #openStream(provider: Provider): Spare {
    return {
      voice: voiceKey(provider.inner, provider.voice),
      stream: openTextStream(provider.inner, this.#use.connOptions),
    };
  }

  #endRun(): void {
    this.#run?.part.end();
    this.#run = undefined;
  }

  #dropSpare(): void {
    this.#spare?.stream.cancel();
    this.#spare = undefined;
  }
}

/** What two texts of one run have in common. */
function voiceKey(inner: tts.TTS, voice: VoiceSettings): string {
  return phraseKey(inner, voice, '');
}
