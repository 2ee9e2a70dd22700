import { ReadableStream } from 'node:stream/web';
import { AudioFrame } from '@livekit/rtc-node';
import type { Turn } from './turn.ts';

/** The audio of a turn as LiveKit's frames, spoken as fast as it is read. */
export function audioStream(turn: Turn, sampleRate: number, channels: number): ReadableStream<AudioFrame> {
  const audio = turn.play(sampleRate, channels);
  return new ReadableStream({
    pull: async (controller) => {
      const next = await audio.next();
      if (next.done === true) return controller.close();
      const { samples } = next.value;
      controller.enqueue(new AudioFrame(samples, sampleRate, channels, samples.length / channels));
    },
    cancel: () => turn.leave(),
  });
}
