import { tts } from '@livekit/agents';
import { join } from './join.fixture.ts';

/** What came out of a stream. */
export interface Heard {
  readonly samples: Int16Array;
  readonly frames: number;
  readonly ends: number;
  /** Whether the end marker was the last item. */
  readonly endedLast: boolean;
  readonly transcript: string;
  readonly timings: { readonly text: string; readonly start: number; readonly end: number | undefined }[];
  readonly firstAudioMs: number;
}

/** Listens to a stream to its end. */
export async function listen(stream: tts.SynthesizeStream): Promise<Heard> {
  const startedMs = performance.now();
  const parts: Int16Array[] = [];
  const timings: { text: string; start: number; end: number | undefined }[] = [];
  let ends = 0;
  let endedLast = false;
  let firstAudioMs = -1;
  for await (const item of stream) {
    endedLast = item === tts.SynthesizeStream.END_OF_STREAM;
    if (typeof item === 'symbol') {
      ends++;
      continue;
    }
    if (firstAudioMs < 0) firstAudioMs = performance.now() - startedMs;
    parts.push(item.frame.data);
    for (const { text, startTime, endTime } of item.timedTranscripts ?? []) {
      timings.push({ text, start: startTime ?? -1, end: endTime });
    }
  }
  return {
    samples: join(parts),
    frames: parts.length,
    ends,
    endedLast,
    transcript: timings.map(({ text }) => text).join(''),
    timings,
    firstAudioMs,
  };
}

/** Says a text, token by token, and listens to its end. */
export async function say(wrapped: tts.TTS, ...tokens: string[]): Promise<Heard> {
  const stream = wrapped.stream();
  const heard = listen(stream);
  for (const token of tokens) stream.pushText(token);
  stream.endInput();
  return heard;
}
