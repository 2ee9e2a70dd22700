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

/**
 * Sorts the sentences of a turn, in `run` mode, into hits and runs of misses. A sentence has to be looked for before it is
 * known where it belongs, so that sentences queue here; the provider's connection is opened meanwhile.
 */
export class RunIntake {
  readonly #speaker: Speaker;
  readonly #use: Use;
  readonly #add: (part: Part) => void;
  readonly #provider: Provider | undefined;
  #queue: Promise<void> = Promise.resolve();
  #run: { readonly part: RunPart; readonly voice: string } | undefined;
  #spare: { readonly stream: TextStream; readonly voice: string } | undefined;
  #left = false;

  constructor(speaker: Speaker, use: Use, add: (part: Part) => void) {
    this.#speaker = speaker;
    this.#use = use;
    this.#add = add;
    const [first, ...others] = speaker.providers;
    // With several providers each sentence may have to change the provider: runs are for one voice that works.
    this.#provider = others.length === 0 ? first : undefined;
  }

  /** Whether misses are to be spoken in runs. */
  get wanted(): boolean {
    return this.#provider?.unit === 'run';
  }

  take(sentence: string): void {
    this.#queue = this.#queue.then(() => this.#sort(sentence));
  }

  /** Resolves when all sentences are sorted and the last run has its end. */
  async end(): Promise<void> {
    await this.#queue;
    this.#endRun();
    this.#dropSpare();
  }

  leave(): void {
    this.#left = true;
    this.#endRun();
    this.#dropSpare();
  }

  async #sort(sentence: string): Promise<void> {
    const { cache, admit, inventory } = this.#speaker;
    const provider = this.#provider;
    if (provider === undefined || this.#left) return;
    const { inner } = provider;
    const settings = provider.voice;
    // Text of one run is spoken in the voice its stream was opened with.
    const voice = phraseKey(inner, settings, '');
    if (this.#run !== undefined && this.#run.voice !== voice) this.#endRun();
    const pin = inventory.has(sentence);
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
    // In the tick in which the voice was read, because the inner TTS copies its options when a stream is opened.
    if ((found.looking || missing) && this.#run === undefined) this.#openSpare(provider, voice);
    const source = await found.source;
    if (this.#left) {
      cut.reject(new DoubtfulSpeechError('abandoned'));
    } else if (source.kind === 'elsewhere' || source.kind === 'failed') {
      this.#append(provider, voice, sentence, found.own ? cut : undefined);
    } else {
      this.#endRun();
      this.#add(new SentencePart(this.#speaker, sentence, this.#use));
    }
  }

  #append(provider: Provider, voice: string, text: string, cut: PromiseWithResolvers<Speech> | undefined): void {
    if (this.#run === undefined) {
      const spare = this.#spare?.voice === voice ? this.#spare.stream : undefined;
      if (spare !== undefined) this.#spare = undefined;
      const stream = spare ?? openTextStream(provider.inner, this.#use.connOptions);
      this.#run = { part: new RunPart(this.#speaker, provider, stream), voice };
      this.#run.part.append({ text, cut });
      this.#add(this.#run.part);
    } else {
      this.#run.part.append({ text, cut });
    }
  }

  #openSpare(provider: Provider, voice: string): void {
    this.#dropSpare();
    this.#spare = { stream: openTextStream(provider.inner, this.#use.connOptions), voice };
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
