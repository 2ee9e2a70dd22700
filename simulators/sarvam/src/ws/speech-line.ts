import { epochNow, sleep } from '../clock.ts';
import type { ConnectionRecord } from '../connection-record.ts';
import { truncated } from '../faults/speech-faults.ts';
import type { Simulation } from '../simulation.ts';
import { splitAudio } from '../split-audio.ts';
import type { SpeechSettings } from '../voice/speech-settings.ts';
import { synthesize } from '../voice/synthesize.ts';
import { wavHeader } from '../voice/wav-header.ts';
import { audioFrame } from './frames.ts';
import { sendFinal } from './send-final.ts';
import type { Speech } from './speech.ts';
import { strike } from './strike.ts';
import type { Wire } from './wire.ts';

/** A piece of text to speak, or with no text the flush that ends its utterance. */
interface Job {
  readonly speech: Speech;
  readonly settings: SpeechSettings;
  readonly text: string | undefined;
  readonly queuedAt: number;
}

/** The header leaves at this part of the wait for the first audio, as seen live. */
const HEADER_AT = 0.25;

/**
 * Speaks one socket's pieces, one after the other. Each message has a due time on an absolute schedule: a timer that
 * fires late delays that message alone, so the pace stays true on a loaded machine. What Sarvam does with text that
 * is sent before the last final is not known; here it waits its turn.
 */
export class SpeechLine {
  readonly #simulation: Simulation;
  readonly #connection: ConnectionRecord;
  readonly #wire: Wire;
  readonly #wantsFinal: boolean;
  readonly #jobs: Job[] = [];
  #current: Job | undefined;
  #freeAt = 0;
  #late: string[] = [];

  constructor(simulation: Simulation, connection: ConnectionRecord, wire: Wire, wantsFinal: boolean) {
    this.#simulation = simulation;
    this.#connection = connection;
    this.#wire = wire;
    this.#wantsFinal = wantsFinal;
  }

  get busy(): boolean {
    return this.#current !== undefined;
  }

  push(speech: Speech, settings: SpeechSettings, text?: string): void {
    this.#jobs.push({ speech, settings, text, queuedAt: epochNow() });
    if (!this.busy) void this.#run();
  }

  /** The socket is gone: whatever had begun stays incomplete, whatever had not is not billed. */
  stop(speech: Speech): void {
    this.#jobs.length = 0;
    this.#current?.speech.begun?.record.end(false);
    speech.begun?.record.end(false);
  }

  async #run(): Promise<void> {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      this.#current = job;
      if (!job.speech.failed && this.#wire.open)
        await (job.text === undefined ? this.#finish(job) : this.#speak(job, job.text));
    }
    this.#current = undefined;
  }

  async #speak({ speech, settings, queuedAt }: Job, text: string): Promise<void> {
    const { takes, timing, options } = this.#simulation;
    const { voice, codec } = settings;
    const { record, faults } = speech.begin(this.#simulation, this.#connection, settings);
    const take = takes.next(voice, text);
    record.bill(text, take);
    const pcm = truncated(synthesize(text, voice, take, options), faults);
    const contentType = codec === 'wav' ? 'audio/wav' : 'audio/pcm';
    const send = (audio: Buffer): void => this.#wire.send(audioFrame(record.requestId, contentType, audio));

    const firstWait = timing.firstChunkMs() + (speech.chunks === 0 ? (faults.first_chunk_delay?.ms ?? 0) : 0);
    const msPerByte = (timing.realTimeFactor() * 1000) / (voice.sampleRate * 2);
    const chunks = splitAudio(pcm, faults.odd_chunks !== undefined);
    let due = Math.max(queuedAt + firstWait, this.#freeAt + (chunks[0]?.length ?? 0) * msPerByte);
    if (codec === 'wav' && !speech.headed) {
      speech.headed = true;
      await this.#until(due - firstWait * (1 - HEADER_AT));
      if (faults.wav_header?.mode !== 'absent') send(wavHeader(voice.sampleRate));
    }
    if (faults.wav_header?.mode === 'only') return;
    for (const [at, chunk] of chunks.entries()) {
      if (at > 0) due += chunk.length * msPerByte;
      due += await strike(speech, this.#wire, speech.chunks);
      await this.#until(due);
      if (speech.failed || !this.#wire.open) return;
      for (const frame of this.#late.splice(0)) this.#wire.send(frame);
      send(chunk);
      record.sent(chunk);
      speech.chunks += 1;
      speech.lastChunk = chunk;
      this.#freeAt = due;
    }
  }

  async #finish({ speech }: Job): Promise<void> {
    await strike(speech, this.#wire, Infinity);
    if (speech.failed || !this.#wire.open) return;
    this.#late.push(...sendFinal(speech, this.#wire, this.#wantsFinal));
  }

  #until(due: number): Promise<void> {
    return sleep(due - epochNow(), this.#wire.signal);
  }
}
