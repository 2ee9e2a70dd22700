import { voice } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';

/** A frame at the audio output: the point where a caller would begin to hear it. */
export interface PlayedFrame {
  readonly atMs: number;
  readonly samples: Int16Array;
}

/** An audio output in memory that plays faster than real time. */
export class MemoryOutput extends voice.AudioOutput {
  readonly #speed: number;
  #frames: PlayedFrame[] = [];
  #queuedMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(sampleRate: number, speed: number) {
    super(sampleRate, undefined, { pause: false });
    this.#speed = speed;
  }

  /** What was played since the last call. */
  takeFrames(): readonly PlayedFrame[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    const atMs = performance.now();
    await super.captureFrame(frame);
    if (this.#queuedMs === 0) this.onPlaybackStarted(Date.now());
    this.#frames.push({ atMs, samples: frame.data });
    this.#queuedMs += (frame.samplesPerChannel / frame.sampleRate) * 1000;
  }

  override flush(): void {
    super.flush();
    const queuedMs = this.#queuedMs;
    if (queuedMs === 0) return;
    this.#timer = setTimeout(() => this.#finish(queuedMs, false), queuedMs / this.#speed);
  }

  override clearBuffer(): void {
    if (this.#queuedMs === 0) return;
    clearTimeout(this.#timer);
    this.#finish(this.#queuedMs, true);
  }

  #finish(playedMs: number, interrupted: boolean): void {
    this.#queuedMs = 0;
    this.onPlaybackFinished({ playbackPosition: playedMs / 1000, interrupted });
  }
}
