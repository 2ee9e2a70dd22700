import { randomUUID } from 'node:crypto';
import { AudioFrame } from '@livekit/rtc-node';
import type { tts } from '@livekit/agents';

/**
 * Turns PCM16LE bytes into frames as they come, cut anywhere, odd lengths included.
 *
 * LiveKit wants `final` on the last frame of a segment, and nobody knows that a frame is the last when it comes. So the
 * last 10 ms wait here until more audio follows or the segment ends; all else goes out at once. A frame owns its
 * memory: rtc-node plays a frame's whole ArrayBuffer, whatever part of it the samples are.
 */
export class AudioSink {
  readonly #sampleRate: number;
  readonly #put: (audio: tts.SynthesizedAudio) => void;
  #segmentId: string = randomUUID();
  #requestId = '';
  #held: Uint8Array = new Uint8Array();
  #audioOut = false;

  constructor(sampleRate: number, put: (audio: tts.SynthesizedAudio) => void) {
    this.#sampleRate = sampleRate;
    this.#put = put;
  }

  /** Whether a frame of this sentence is out. */
  get audioOut(): boolean {
    return this.#audioOut;
  }

  /** A sentence begins: what waits of the one before was not the last. */
  beginSentence(): void {
    this.#emit(this.#held, false);
    this.beginAttempt();
    this.#audioOut = false;
  }

  /** The sentence is spoken from its start: nothing of an earlier attempt that waits is played. */
  beginAttempt(): void {
    this.#held = new Uint8Array();
  }

  push(bytes: Uint8Array, requestId: string): void {
    this.#requestId = requestId;
    const all = Buffer.concat([this.#held, bytes]);
    const wholeSamples = all.byteLength - (all.byteLength % 2);
    const out = Math.max(0, wholeSamples - this.#bytesOf(10));
    this.#held = all.subarray(out);
    const frameBytes = this.#bytesOf(100);
    for (let at = 0; at < out; at += frameBytes) {
      this.#emit(all.subarray(at, Math.min(at + frameBytes, out)), false);
    }
  }

  /** The segment's last frame goes out. */
  endSegment(): void {
    this.#emit(this.#held, true);
    this.#held = new Uint8Array();
    this.#segmentId = randomUUID();
  }

  #emit(bytes: Uint8Array, final: boolean): void {
    const samples = new Int16Array(Math.floor(bytes.byteLength / 2));
    if (samples.length === 0) return;
    new Uint8Array(samples.buffer).set(bytes.subarray(0, samples.byteLength));
    this.#audioOut = true;
    const frame = new AudioFrame(samples, this.#sampleRate, 1, samples.length);
    this.#put({ requestId: this.#requestId, segmentId: this.#segmentId, frame, final });
  }

  #bytesOf(ms: number): number {
    return 2 * Math.round((this.#sampleRate * ms) / 1000);
  }
}
