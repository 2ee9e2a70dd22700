import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { initializeLogger } from '@livekit/agents';
import type { tts } from '@livekit/agents';
import { startSarvamSimulator } from '@warmline/sarvam-simulator';
import type { SarvamSimulator, SarvamSimulatorOptions } from '@warmline/sarvam-simulator';
import type { Clock } from './clock.ts';
import type { SarvamEvent } from './events.ts';
import type { TTSOptions } from './options.ts';
import { TTS } from './tts.ts';

/** Time moved by hand. Timers due at the same time run in the order they were set. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.push(timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** Runs all that is due within `ms`, and lets promises settle. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#now = next.at;
      next.run();
      await settled();
    }
    this.#now = end;
  }

  get pending(): number {
    return this.#timers.length;
  }
}

/** Lets every promise that can settle do so. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What came out of a stream. */
export interface Heard {
  readonly pcm: Buffer;
  readonly audio: tts.SynthesizedAudio[];
  readonly ends: number;
}

/** Everything of a stream until it is over. */
export async function hear(stream: AsyncIterable<tts.SynthesizedAudio | symbol>): Promise<Heard> {
  const audio: tts.SynthesizedAudio[] = [];
  let ends = 0;
  for await (const item of stream) {
    if (typeof item === 'symbol') ends += 1;
    else audio.push(item);
  }
  return { pcm: pcmOf(audio), audio, ends };
}

/** The samples as rtc-node would play them: the whole ArrayBuffer of each frame. */
export function pcmOf(audio: readonly tts.SynthesizedAudio[]): Buffer {
  return Buffer.concat(audio.map(({ frame }) => Buffer.from(frame.data.buffer)));
}

export function sha256(pcm: Uint8Array): string {
  return createHash('sha256').update(pcm).digest('hex');
}

/** A synthesizer on a simulator of its own, thirty times as fast as the real service, with all it reports. */
export class Stage implements AsyncDisposable {
  readonly sim: SarvamSimulator;
  readonly tts: TTS;
  readonly events: SarvamEvent[] = [];
  readonly errors: Error[] = [];

  private constructor(sim: SarvamSimulator, options: TTSOptions) {
    this.sim = sim;
    const onEvent = (event: SarvamEvent): void => void this.events.push(event);
    this.tts = new TTS({ apiKey: 'test-key', baseUrl: sim.url, onEvent, ...options });
    this.tts.on('error', ({ error }) => this.errors.push(error));
  }

  static async open(options: TTSOptions = {}, simulator: SarvamSimulatorOptions = {}): Promise<Stage> {
    initializeLogger({ pretty: false, level: 'silent' });
    return new Stage(await startSarvamSimulator({ speed: 0.03, ...simulator }), options);
  }

  /** Speaks a text as one reply, given in these tokens. */
  async say(...tokens: string[]): Promise<Heard> {
    const stream = this.tts.stream({ connOptions: QUICK });
    for (const token of tokens) stream.pushText(token);
    stream.endInput();
    return hear(stream);
  }

  /** The types of the events so far, without those of the pool. */
  get story(): string[] {
    return this.events.map(({ type }) => type).filter((type) => !type.startsWith('connect'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tts.close();
    await this.sim.close();
  }
}

/** Retries that do not make a test slow. */
export const QUICK = { maxRetry: 2, retryIntervalMs: 20, timeoutMs: 400 };

/** Waits until something is so, for at most 2 s. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !condition(); tries += 1) await wait(5);
  if (!condition()) throw new Error('it never became so');
}
