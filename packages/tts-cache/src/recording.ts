import type { Speech, TimedText } from './speech.ts';

/** A stretch of audio as it came from the provider. */
export interface AudioChunk {
  /** PCM16, channels interleaved; owned by the recording, never changed. */
  readonly samples: Int16Array;
  /** Provider timings that came with it, relative to the start of the sentence. */
  readonly words: readonly TimedText[] | undefined;
}

/** How a recording ended. */
export type RecordingEnd =
  | { readonly state: 'complete'; readonly speech: Speech }
  | { readonly state: 'failed'; readonly error: unknown };

/** One listener's way through a recording. */
export interface Listener extends AsyncIterable<AudioChunk> {
  /** Ends the iteration at once. When the last listener leaves an unfinished recording, it is abandoned. */
  leave(): void;
}

/**
 * A sentence while it is being spoken by the provider: whoever listens hears it from its first sample, at whatever moment
 * they join, and never waits for its end.
 */
export class Recording {
  readonly #chunks: AudioChunk[] = [];
  readonly #onAbandon: () => void;
  readonly #ended = Promise.withResolvers<RecordingEnd>();
  #end: RecordingEnd | undefined;
  #listeners = 0;
  #abandoned = false;
  #wake = Promise.withResolvers<void>();

  /** @param onAbandon called once if everybody has left before the end; it should stop the provider. */
  constructor(onAbandon: () => void) {
    this.#onAbandon = onAbandon;
  }

  /** Resolves when the provider has finished, one way or the other; never rejects. */
  get ended(): Promise<RecordingEnd> {
    return this.#ended.promise;
  }

  get chunks(): readonly AudioChunk[] {
    return this.#chunks;
  }

  /** True when everybody has left before the end: it will never be whole, so that joining it is too late. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  append(chunk: AudioChunk): void {
    if (this.#end !== undefined) return;
    this.#chunks.push(chunk);
    this.#notify();
  }

  /** The first end counts. */
  finish(end: RecordingEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#ended.resolve(end);
    this.#notify();
  }

  listen(): Listener {
    this.#listeners++;
    let left = false;
    const iterate = async function* (this: Recording): AsyncGenerator<AudioChunk> {
      for (let next = 0; !left;) {
        const chunk = this.#chunks[next];
        if (chunk !== undefined) {
          next++;
          yield chunk;
        } else if (this.#end !== undefined) {
          return;
        } else {
          await this.#wake.promise;
        }
      }
    }.bind(this);
    return {
      [Symbol.asyncIterator]: iterate,
      leave: () => {
        if (left) return;
        left = true;
        this.#listeners--;
        if (this.#listeners === 0 && this.#end === undefined && !this.#abandoned) {
          this.#abandoned = true;
          this.#onAbandon();
        }
        this.#notify();
      },
    };
  }

  #notify(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers();
    resolve();
  }
}
