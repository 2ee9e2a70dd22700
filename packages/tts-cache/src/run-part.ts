import type { tts } from '@livekit/agents';
import { doubtSpeech } from './completeness.ts';
import { cutRun } from './cut-run.ts';
import type { NotStored } from './events.ts';
import type { Part, PartAudio } from './part.ts';
import type { Provider } from './provider.ts';
import type { AudioChunk } from './recording.ts';
import { DoubtfulSpeechError, toChunk, toSpeech } from './record.ts';
import { reasonOf } from './speaker.ts';
import type { Speaker } from './speaker.ts';
import type { Speech } from './speech.ts';
import type { TextStream } from './synthesis.ts';

/** A sentence of a run, and where its audio goes when the run has been cut; `undefined` when it is not to be stored. */
export interface RunSentence {
  readonly text: string;
  readonly cut: PromiseWithResolvers<Speech> | undefined;
}

/** Several missing sentences spoken by the provider as one stream, so that its prosody carries across them. */
export class RunPart implements Part {
  readonly #speaker: Speaker;
  readonly #provider: Provider;
  readonly #stream: TextStream;
  readonly #sentences: RunSentence[] = [];
  /** Those with a load that waits for their audio. */
  readonly #awaited = new Set<RunSentence>();
  #left = false;
  #over = false;

  constructor(speaker: Speaker, provider: Provider, stream: TextStream) {
    this.#speaker = speaker;
    this.#provider = provider;
    this.#stream = stream;
  }

  /** True when the provider has ended it: what is appended now would never be spoken. */
  get over(): boolean {
    return this.#over;
  }

  append(sentence: RunSentence): void {
    this.#stream.push(this.#sentences.length === 0 ? sentence.text : ` ${sentence.text}`);
    this.#sentences.push(sentence);
    if (sentence.cut !== undefined) this.#awaited.add(sentence);
  }

  /** No sentence will follow in this run. */
  end(): void {
    this.#stream.end();
  }

  start(): void {
    // The provider has been speaking since the first sentence was appended.
  }

  async *play(): AsyncGenerator<PartAudio, boolean> {
    const { clock, emit } = this.#speaker;
    const { inner } = this.#provider;
    const startedMs = clock.now();
    const chunks: AudioChunk[] = [];
    let waitMs = 0;
    try {
      for await (const audio of this.#audio()) {
        if (this.#left) break;
        if (audio.frame.sampleRate !== inner.sampleRate || audio.frame.channels !== inner.numChannels) {
          throw new DoubtfulSpeechError('format-changed');
        }
        const chunk = toChunk(audio);
        if (chunk === undefined) continue;
        if (chunks.length === 0) waitMs = clock.now() - startedMs;
        chunks.push(chunk);
        yield { samples: chunk.samples.slice(), words: chunk.words };
      }
    } catch (error) {
      this.#stream.cancel();
      this.#abandon(error);
      this.#report(chunks, waitMs, []);
      if (!this.#left && chunks.length === 0) {
        for (const { text } of this.#sentences) emit({ type: 'unspoken', reason: 'failed', chars: text.length, error });
      }
      return false;
    } finally {
      this.#over = true;
    }
    this.#report(chunks, waitMs, this.#left ? [] : this.#store(chunks));
    return !this.#left;
  }

  leave(): void {
    if (this.#left || this.#over) return;
    this.#left = true;
    this.#stream.cancel();
    this.#abandon(new DoubtfulSpeechError('abandoned'));
  }

  /** What the provider sends. Its silence is limited; the time that the listener takes between two packets is not. */
  async *#audio(): AsyncGenerator<tts.SynthesizedAudio> {
    const packets = this.#stream.audio[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#watch(packets.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  async #watch<T>(packet: Promise<T>): Promise<T> {
    const { clock, stallMs } = this.#speaker;
    const stalled = Promise.withResolvers<never>();
    const cancelWatch = clock.after(stallMs, () => stalled.reject(new DoubtfulSpeechError('stalled')));
    try {
      return await Promise.race([packet, stalled.promise]);
    } finally {
      cancelWatch();
    }
  }

  /** Cuts the run and hands each sentence to the load that waits for it. */
  #store(chunks: readonly AudioChunk[]): readonly Speech[] {
    const { inner } = this.#provider;
    const whole = toSpeech(chunks, inner.sampleRate, inner.numChannels);
    const texts = this.#sentences.map(({ text }) => text);
    const pieces = texts.length === 1 ? [whole] : cutRun(whole, whole.words ?? [], texts);
    if (pieces === undefined) {
      this.#provider.cutFailed();
      for (const sentence of this.#awaited) {
        this.#refuse(sentence, 'not-cut', new Error('the timings of the provider do not tell the sentences apart'));
      }
      return [];
    }
    for (const [index, sentence] of this.#sentences.entries()) {
      const piece = pieces[index];
      if (piece === undefined || sentence.cut === undefined) continue;
      const doubt = doubtSpeech(sentence.text, piece.samples, piece.sampleRate, piece.channels);
      if (doubt === undefined) sentence.cut.resolve(piece);
      else this.#refuse(sentence, doubt, new DoubtfulSpeechError(doubt));
    }
    return pieces;
  }

  #abandon(error: unknown): void {
    for (const sentence of this.#awaited) this.#refuse(sentence, reasonOf(error), error);
  }

  #refuse(sentence: RunSentence, reason: NotStored, error: unknown): void {
    this.#awaited.delete(sentence);
    sentence.cut?.reject(error);
    this.#speaker.emit({ type: 'not-stored', reason, provider: this.#provider.index, chars: sentence.text.length });
  }

  /** One event a sentence; without cuts the audio is shared out by length of text. */
  #report(chunks: readonly AudioChunk[], waitMs: number, pieces: readonly Speech[]): void {
    const { inner } = this.#provider;
    const samples = chunks.reduce((sum, chunk) => sum + chunk.samples.length, 0);
    if (samples === 0 && !this.#left) return;
    const chars = this.#sentences.reduce((sum, { text }) => sum + text.length, 0);
    for (const [index, { text }] of this.#sentences.entries()) {
      const own = pieces[index]?.samples.length ?? (samples * text.length) / chars;
      this.#speaker.emit({
        type: 'speech',
        source: 'recorded',
        tier: undefined,
        provider: this.#provider.index,
        spokenChars: text.length,
        billedChars: text.length,
        audioMs: (own / inner.numChannels / inner.sampleRate) * 1000,
        waitMs: index === 0 ? waitMs : 0,
        interrupted: this.#left,
      });
    }
  }
}
