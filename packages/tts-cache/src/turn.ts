import type { APIConnectOptions } from '@livekit/agents';
import { createSentenceSplitter, isSpeakable } from '@warmline/sentences';
import type { Part, PartAudio } from './part.ts';
import { normalizeSentence } from './phrase-key.ts';
import { RunIntake } from './run-intake.ts';
import { SentencePart } from './sentence-part.ts';
import type { Speaker, Use } from './speaker.ts';
import type { TimedText } from './speech.ts';

/** @see Turn */
export interface TurnOptions {
  readonly connOptions?: APIConnectOptions | undefined;
  /** False when nobody listens and it only warms. @default true */
  readonly heard?: boolean;
  /** Called once when the turn is over, heard or left. */
  readonly onEnd?: () => void;
}

/**
 * One reply: text goes in as it is written, audio comes out sentence by sentence in order, hits and misses alike.
 *
 * Sentences are started in order, the next one while one is heard: no further, because each occupies a connection of the
 * provider's account. A hit waits only for its predecessors.
 */
export class Turn {
  readonly #speaker: Speaker;
  readonly #use: Use;
  readonly #onEnd: (() => void) | undefined;
  readonly #splitter = createSentenceSplitter();
  readonly #parts: Part[] = [];
  readonly #runs: RunIntake;
  #current = 0;
  #taken = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #left = false;
  #wake = Promise.withResolvers<void>();

  constructor(speaker: Speaker, options: TurnOptions = {}) {
    this.heard = options.heard ?? true;
    this.#speaker = this.heard ? speaker : warming(speaker);
    this.#use = { connOptions: options.connOptions };
    this.#onEnd = options.onEnd;
    this.#runs = new RunIntake(this.#speaker, this.#use, (part) => this.#add(part));
  }

  push(text: string): void {
    for (const sentence of this.#splitter.push(text)) this.#take(sentence);
  }

  /** What has been pushed so far is complete, even without a full stop. */
  flush(): void {
    for (const sentence of this.#splitter.flush()) this.#take(sentence);
  }

  /** No more text will come. */
  end(): void {
    this.flush();
    // Silence must leave a trace.
    if (this.#taken === 0 && !this.#left)
      this.#speaker.emit({ type: 'unspoken', reason: 'nothing-to-speak', chars: 0 });
    const settle = (): void => {
      this.#ended = true;
      this.#notify();
    };
    this.#runs.end().then(settle, (error: unknown) => {
      this.#failure = { error };
      settle();
    });
  }

  /** False when nobody listens and it only warms. */
  readonly heard: boolean;
  /** True when an unrecoverable error of the provider has been reported for it. */
  blamed = false;

  /** The audio, with timings in milliseconds from the start of the turn. Returns false when something could not be spoken. */
  async *play(sampleRate: number, channels: number): AsyncGenerator<PartAudio, boolean> {
    let playedSamples = 0;
    let whole = true;
    const transcript = new Transcript();
    try {
      for (; !this.#left; this.#current++) {
        while (this.#parts[this.#current] === undefined && !this.#ended && !this.#left) await this.#wake.promise;
        const part = this.#parts[this.#current];
        if (part === undefined) break;
        this.#startDue();
        const offsetMs = (playedSamples / channels / sampleRate) * 1000;
        const audio = part.play();
        for (;;) {
          const next = await audio.next();
          if (next.done === true) {
            whole &&= next.value;
            break;
          }
          const { samples, words } = next.value;
          playedSamples += samples.length;
          yield { samples, words: words && transcript.place(words, offsetMs) };
        }
        transcript.endPart();
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      return whole && !this.#left;
    } finally {
      this.leave();
    }
  }

  /** Ends the turn at once; after its end it does nothing. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#runs.leave();
    for (const part of this.#parts) part.leave();
    this.#onEnd?.();
    this.#notify();
  }

  #take(text: string): void {
    if (this.#left) return;
    this.#taken++;
    if (!isSpeakable(text)) {
      this.#speaker.emit({ type: 'unspoken', reason: 'nothing-to-speak', chars: text.length });
      return;
    }
    const sentence = normalizeSentence(text);
    if (this.#runs.wanted) this.#runs.take(sentence);
    else this.#add(new SentencePart(this.#speaker, sentence, this.#use));
  }

  #add(part: Part): void {
    if (this.#left) return part.leave();
    this.#parts.push(part);
    this.#startDue();
    this.#notify();
  }

  #startDue(): void {
    this.#parts[this.#current]?.start();
    this.#parts[this.#current + 1]?.start();
  }

  #notify(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers();
    resolve();
  }
}

/** Warming is billed, but nobody hears it: it is no hit, and saves nothing. */
function warming(speaker: Speaker): Speaker {
  return {
    ...speaker,
    emit: (event) => {
      if (event.type !== 'speech') speaker.emit(event);
      else if (event.source === 'recorded') speaker.emit({ ...event, spokenChars: 0 });
    },
  };
}

/** Joins the timed texts of the parts to one transcript: LiveKit shows their texts one after the other as they are. */
class Transcript {
  #needsSpace = false;
  #first = true;

  place(words: readonly TimedText[], offsetMs: number): TimedText[] {
    return words.map((word) => {
      const lead = this.#first && this.#needsSpace && !/^\s/u.test(word.text) ? ' ' : '';
      this.#first = false;
      this.#needsSpace = !/\s$/u.test(word.text);
      return {
        text: lead + word.text,
        startMs: word.startMs + offsetMs,
        ...(word.endMs === undefined ? {} : { endMs: word.endMs + offsetMs }),
      };
    });
  }

  endPart(): void {
    this.#first = true;
  }
}
